/**
 * 200 worktrees at once, each on a branch of its own, against plain git that makes 200 one after the other: the serial floor
 * of the disk. `npm run bench -- worktree-200 7000` for another number of files than 400. Afterwards 200 more while a
 * person works in the main checkout, of which none may fail.
 */
import { execFile } from 'node:child_process';
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { setGitUserEnvironment } from '#src/git/exec-git.ts';
import { type Repository, resolveCommit } from '#src/git/repository.ts';
import { createWorktree } from '#src/git/worktree.ts';
import { startPerson } from '../test/helpers/person.ts';
import { type Benchmark, interleave, type Result } from './benchmark.ts';
import { makeRepositoryOf } from './repository-of.ts';

const run = promisify(execFile);
const count = 200;

export const worktree200: Benchmark = {
  name: 'worktree-200',
  title: '200 worktrees at once, against plain git making them one after the other',
  async measure(say, option): Promise<Result> {
    const files = Number(option ?? 400);
    setGitUserEnvironment({ PATH: process.env.PATH });
    const generated = await makeRepositoryOf(files);
    const repo = { path: generated.path, gitDir: path.join(generated.path, '.git') };
    try {
      const result = await interleave(
        'worktree-200',
        { value: () => timed(repo, () => allAtOnce(repo)), floor: () => timed(repo, () => oneByOne(repo)) },
        { warmUps: 0, runs: 3, say },
      );
      await besideAPerson(repo, say);
      return { ...result, files };
    } finally {
      await generated.remove();
    }
  },
};

let batch = 0;
const folderOf = (repo: Repository) => path.join(repo.path, '.sentra', 'worktrees');

/** What came out is removed untimed. */
async function timed(repo: Repository, act: () => Promise<unknown>): Promise<number> {
  batch++;
  const startedAt = performance.now();
  await act();
  const ms = performance.now() - startedAt;
  await rm(folderOf(repo), { recursive: true });
  await rm(path.join(repo.gitDir, 'worktrees'), { recursive: true });
  return ms;
}

/** From the base as it is at that moment. */
async function allAtOnce(repo: Repository): Promise<PromiseSettledResult<unknown>[]> {
  const one = async (_: unknown, number: number) =>
    createWorktree(repo, {
      path: path.join(folderOf(repo), `task-${number}`),
      branchName: `feature/${batch}-${number}`,
      base: (await resolveCommit(repo, 'refs/heads/main')) ?? '',
    });
  const settled = await Promise.allSettled(Array.from({ length: count }, one));
  const [failed] = settled.filter((one) => one.status === 'rejected');
  if (failed) throw failed.reason;
  return settled;
}

async function oneByOne(repo: Repository): Promise<void> {
  for (let number = 0; number < count; number++) {
    const place = path.join(folderOf(repo), `task-${number}`);
    const args = ['worktree', 'add', '--quiet', '--no-track', '-b', `plain/${batch}-${number}`, place, 'main'];
    await run('git', args, { cwd: repo.path });
  }
}

async function besideAPerson(repo: Repository, say: (line: string) => void): Promise<void> {
  const remote = path.join(path.dirname(repo.path), 'remote.git');
  await run('git', ['clone', '-q', '--bare', repo.path, remote]);
  await run('git', ['remote', 'add', 'origin', remote], { cwd: repo.path });
  const person = startPerson(repo.path, remote);
  batch++;
  await allAtOnce(repo);
  const { commits, failures } = await person.stop();
  say(`a person beside them: ${commits.length} commits, ${failures.length} failures of theirs`);
  for (const failure of failures) say(failure);
  const { stdout } = await run('git', ['fsck', '--no-dangling', '--no-progress'], { cwd: repo.path });
  say(`200 beside a person: 0 failures; git fsck: ${stdout.trim() || 'clean'}`);
}
