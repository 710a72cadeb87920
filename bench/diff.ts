/**
 * What an agent has changed so far, new files among it, file by file with its patches: what review, checkpoints and saved work begin
 * with. `npm run bench -- diff 28000` for one number of files instead of three.
 */
import { execFile } from 'node:child_process';
import { copyFile, mkdir, readFile, rm, unlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { diffFiles } from '#src/git/diff.ts';
import { setGitUserEnvironment } from '#src/git/exec-git.ts';
import { type Repository, resolveCommit } from '#src/git/repository.ts';
import { snapshot } from '#src/git/snapshot.ts';
import { createWorktree } from '#src/git/worktree.ts';
import { type Benchmark, interleave, type Result } from './benchmark.ts';
import { makeRepositoryOf } from './repository-of.ts';

const run = promisify(execFile);
const changed = 39;

export const diff: Benchmark = {
  name: 'diff',
  title: `what changed in a worktree, ${changed} files and some of them new, against the bare git commands`,
  async measure(say, option) {
    setGitUserEnvironment(process.env);
    let result: Result | undefined;
    for (const files of option ? [Number(option)] : [400, 7_000, 28_000]) {
      say(`${files} files`);
      result = { ...(await measureOne(files, say)), files };
    }
    if (!result) throw new Error('nothing was measured');
    return result;
  },
};

async function measureOne(files: number, say: (line: string) => void): Promise<Result> {
  const made = await makeRepositoryOf(files);
  const repo = { path: made.path, gitDir: path.join(made.path, '.git') };
  try {
    const base = (await resolveCommit(repo, 'main')) ?? '';
    const folder = path.join(made.path, '.sentra', 'worktrees', 'task-1');
    const { adminDir } = await createWorktree(repo, { path: folder, branchName: 'feature/x', base });
    await settle(folder);
    await change(folder);
    const work = { repo, base, folder, adminDir };
    const seen = [await ours(work), await bare(work)];
    if (seen.some((count) => count !== changed)) throw new Error(`${seen.join(' and ')} files, not ${changed}`);
    const time = (act: typeof ours) => () => timed(() => act(work));
    return await interleave('diff', { value: time(ours), floor: time(bare) }, { warmUps: 2, runs: 11, say });
  } finally {
    await made.remove();
  }
}

type Work = { repo: Repository; base: string; folder: string; adminDir: string };

async function ours({ repo, base, folder, adminDir }: Work): Promise<number> {
  const { tree } = await snapshot(adminDir, folder, { parent: base });
  return (await diffFiles(repo, base, tree)).length;
}

/** The same answer from a shell: an index beside the agent's, everything added, the tree compared. */
async function bare({ base, folder, adminDir }: Work): Promise<number> {
  const indexFile = path.join(adminDir, 'index.bare');
  await copyFile(path.join(adminDir, 'index'), indexFile);
  const env = { ...process.env, GIT_INDEX_FILE: indexFile };
  const git = async (...args: string[]) => (await run('git', args, { cwd: folder, env, maxBuffer: 2 ** 28 })).stdout;
  await git('add', '-A');
  const patch = await git('diff', '--cached', '-M', '-p', '--raw', '--numstat', base);
  await rm(indexFile);
  return patch.match(/^diff --git /gm)?.length ?? 0;
}

/** As the pool leaves a worktree: no file as young as the index, which git would read again every time. */
async function settle(folder: string): Promise<void> {
  const { stdout } = await run('git', ['ls-files', '-z'], { cwd: folder, maxBuffer: 2 ** 28 });
  const past = new Date(Date.now() - 10_000);
  for (const file of stdout.split('\0').filter(Boolean)) await utimes(path.join(folder, file), past, past);
  await run('git', ['update-index', '-q', '--refresh', '--force-write-index'], { cwd: folder });
}

/** 20 changed, 4 deleted, 15 new; beside them an ignored folder, as a build leaves it. */
async function change(folder: string): Promise<void> {
  const { stdout } = await run('git', ['ls-files', '-z'], { cwd: folder, maxBuffer: 2 ** 28 });
  const files = stdout.split('\0').filter(Boolean);
  const some = Array.from({ length: 24 }, (_, i) => path.join(folder, files[i * Math.floor(files.length / 24)] ?? ''));
  for (const file of some.slice(0, 20))
    await writeFile(file, `${await readFile(file, 'utf8')}export const more = 1;\n`);
  for (const file of some.slice(20)) await unlink(file);
  for (let i = 0; i < 15; i++) {
    const file = path.join(folder, i % 3 === 0 ? 'new-folder' : path.dirname(files[i] ?? ''), `new-${i}.ts`);
    await mkdir(path.dirname(file), { recursive: true });
    await writeFile(file, `export const number = ${i};\n`.repeat(100 + i));
  }
}

async function timed(act: () => Promise<unknown>): Promise<number> {
  const startedAt = performance.now();
  await act();
  return performance.now() - startedAt;
}
