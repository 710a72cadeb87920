/**
 * Fifty branches, a third of which change the same files: the whole matrix as after a restart, and one branch that moved. The
 * floor asks git about the same pairs from a shell, as many at once as there are processors.
 */
import { execFile } from 'node:child_process';
import { rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';
import type { Branch, WatchedBranch } from '#src/domain/collisions.ts';
import { pairsToCheck } from '#src/domain/collisions.ts';
import { scanBranches } from '#src/git/collisions.ts';
import { setGitUserEnvironment } from '#src/git/exec-git.ts';
import { type Benchmark, interleave } from './benchmark.ts';
import { makeRepositoryOf } from './repository-of.ts';

const run = promisify(execFile);
const files = 28_000;
const branches = 50;
const changed = 12;

export const conflictRadar: Benchmark = {
  name: 'conflict-radar',
  title: `which of ${branches} branches conflict, in a repository of ${files} files, against the bare git commands`,
  async measure(say) {
    setGitUserEnvironment(process.env);
    const made = await makeRepositoryOf(files);
    const repo = { path: made.path, gitDir: path.join(made.path, '.git') };
    try {
      const watched = await makeBranches(repo.path);
      const { changed: seen, collisions, asked } = await scanBranches(repo, watched);
      say(`${asked} of ${(branches * (branches - 1)) / 2} pairs share a path, ${collisions.length} conflict`);
      const pairs = pairsToCheck(seen, new Set(seen.map(({ taskId }) => taskId)));
      const whole = await interleave(
        'conflict-radar',
        { value: () => timed(() => scanBranches(repo, watched)), floor: () => timed(() => bare(repo.path, pairs)) },
        { warmUps: 1, runs: 5, say },
      );
      const known = new Map(seen.map((branch) => [branch.taskId, branch]));
      const others = watched.map((one) => ({ ...one, known: known.get(one.taskId) ?? null }));
      const [first, ...rest] = others;
      if (!first) throw new Error('there are fifty');
      const moved = [{ ...first, known: null }, ...rest];
      const one = await interleave(
        'conflict-radar one branch',
        {
          value: () => timed(() => scanBranches(repo, moved)),
          floor: () => timed(() => bare(repo.path, pairsToCheck(seen, new Set([first.taskId])))),
        },
        { warmUps: 1, runs: 9, say },
      );
      return [whole, one];
    } finally {
      await made.remove();
    }
  },
};

async function makeBranches(folder: string): Promise<WatchedBranch[]> {
  const indexFile = path.join(folder, '.git', 'index.branches');
  const git = async (input: string | null, ...args: string[]) => {
    const running = run('git', args, {
      cwd: folder,
      env: { ...process.env, GIT_INDEX_FILE: indexFile },
      maxBuffer: 2 ** 28,
    });
    if (input !== null) running.child.stdin?.end(input);
    return (await running).stdout.trim();
  };
  const base = await git(null, 'rev-parse', 'main');
  const names = (await git(null, 'ls-tree', '-r', '--name-only', 'main')).split('\n');
  const watched: WatchedBranch[] = [];
  for (let at = 0; at < branches; at++) {
    const shared = at % 3 === 0 ? names.slice(0, 2) : [];
    const own = Array.from({ length: changed }, (_, i) => names[(at * 500 + i * 37 + 10) % names.length] ?? '');
    await git(null, 'read-tree', 'main');
    const blob = await git(`changed by ${at}\n`, 'hash-object', '-w', '--stdin');
    const lines = [...shared, ...own].map((name) => `100644 ${blob}\t${name}\n`);
    await git(lines.join(''), 'update-index', '--index-info');
    const tree = await git(null, 'write-tree');
    const commit = await git(null, 'commit-tree', tree, '-p', base, '-m', `branch ${at}`);
    await git(null, 'update-ref', `refs/heads/feature/${at}`, commit);
    watched.push({ taskId: `task-${at}`, branchName: `feature/${at}`, base, known: null });
  }
  await rm(indexFile);
  return watched;
}

/** Only what cannot be left out: one merge on paper for each pair. */
async function bare(folder: string, pairs: readonly (readonly [Branch, Branch])[]): Promise<void> {
  const list = path.join(folder, '.git', 'pairs');
  await writeFile(list, pairs.map(([a, b]) => `${a.head} ${b.head}\n`).join(''));
  const script = `xargs -P ${availableParallelism()} -L 1 git merge-tree --write-tree --name-only < ${list} > /dev/null || true`;
  await run('sh', ['-c', script], { cwd: folder, maxBuffer: 2 ** 28 });
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await act();
  return performance.now() - startedAt;
}
