/**
 * How long a worktree that goes holds anybody up: out of the way, its administration and its branch gone. The files are deleted
 * afterwards, at the lowest priority. `npm run bench -- cleanup 28000` for one number of files instead of three.
 */
import { execFile } from 'node:child_process';
import { mkdir, rename } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { setGitUserEnvironment } from '#src/git/exec-git.ts';
import { type Repository, resolveCommit } from '#src/git/repository.ts';
import { createWorktree, removeWorktree } from '#src/git/worktree.ts';
import { type Benchmark, interleave, type Result } from './benchmark.ts';
import { makeRepositoryOf } from './repository-of.ts';

const run = promisify(execFile);
const branchName = 'feature/x';

export const cleanup: Benchmark = {
  name: 'cleanup',
  title: 'a worktree and its branch out of the way, against a bare rename, prune and branch -D',
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
  const deletes: number[] = [];
  try {
    const base = (await resolveCommit(repo, 'main')) ?? '';
    const folder = path.join(made.path, '.sentra', 'worktrees', 'task-1');
    const value = async () => {
      await createWorktree(repo, { path: folder, branchName, base });
      const [ms, empty] = await timed(() => removeWorktree(repo, { path: folder, branchName, deleteBranch: true }));
      deletes.push((await timed(empty))[0]);
      return ms;
    };
    const floor = async () => {
      await createWorktree(repo, { path: folder, branchName, base });
      await run('git', ['worktree', 'unlock', folder], { cwd: repo.path });
      return (await timed(() => removeBare(repo, folder)))[0];
    };
    const runs = files > 10_000 ? 3 : 7; // most of the time goes into making what is removed
    const result = await interleave('cleanup', { value, floor }, { warmUps: 1, runs, say });
    say(`deleting the files afterwards: ${Math.round(deletes.sort((a, b) => a - b)[deletes.length >> 1] ?? 0)} ms`);
    return result;
  } finally {
    await made.remove();
  }
}

async function removeBare(repo: Repository, folder: string): Promise<void> {
  const trash = path.join(path.dirname(folder), '.bare-trash', crypto.randomUUID());
  await mkdir(path.dirname(trash), { recursive: true });
  await rename(folder, trash);
  await run('git', ['worktree', 'prune'], { cwd: repo.path });
  await run('git', ['branch', '-q', '-D', branchName], { cwd: repo.path });
}

async function timed<T>(act: () => Promise<T>): Promise<[number, T]> {
  const startedAt = performance.now();
  const answer = await act();
  return [performance.now() - startedAt, answer];
}
