/** Asking, moving and deleting branches beside a person's git, and what a killed git left of a lock. */
import { rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { SentraError } from '#src/errors.ts';
import { execGit, type GitResult } from '#src/git/exec-git.ts';
import { despiteRaces, isLocked, isRace } from '#src/git/races.ts';
import { type Repository, resolveCommit } from '#src/git/repository.ts';
import { withRepositoryLock } from '#src/git/repository-lock.ts';

/** Git holds the lock of a branch for a few milliseconds. */
const staleMs = 5_000;

/** Compare-and-swap, with a line for the log; `from` of zeros makes it. The answer says no when the branch is elsewhere. */
export function moveBranch(
  gitDir: string,
  { name, from, to, line }: { name: string; from: string; to: string; line: string },
): Promise<GitResult> {
  return despiteRaces(async () => {
    const args = ['update-ref', '--create-reflog', '-m', line, `refs/heads/${name}`, to, from];
    const moved = await execGit(args, { gitDir, okExitCodes: [0, 128] });
    if (moved.exitCode !== 0 && isLocked(moved.stderr))
      throw new SentraError(
        'git_failed',
        `Branch ${name} cannot be moved to ${to.slice(0, 10)}: ${moved.stderr.trim()}`,
      );
    return moved;
  });
}

/** The first line in a branch's log says whose it is: one without it is a person's. */
export const markOf = (taskId: string): string => `sentra: ${taskId}`;

/** Makes a task's branch again that only its remote has, as where the repository was cloned anew. Answers whether it did. */
export function returnBranch(
  repo: Repository,
  { name, taskId, base, remote }: { name: string; taskId: string; base: string; remote: string },
): Promise<boolean> {
  return withRepositoryLock(repo.gitDir, async () => {
    const to = await resolveCommit(repo, `refs/remotes/${remote}/${name}`);
    if (!to || (await resolveCommit(repo, `refs/heads/${name}`)) || !(await resolveCommit(repo, base))) return false;
    if (!(await isContained(repo, to, base))) return false;
    const made = await moveBranch(repo.gitDir, { name, from: '0'.repeat(to.length), to, line: markOf(taskId) });
    return made.exitCode === 0;
  });
}

/** False when it is not there, or a person has checked it out: then it is theirs now and stays. With the repository's lock. */
export function deleteBranch(gitDir: string, name: string): Promise<boolean> {
  return despiteRaces(async () => {
    await removeStaleBranchLock(gitDir, name);
    const { exitCode, stderr } = await execGit(['branch', '-q', '-D', '--', name], { gitDir, okExitCodes: [0, 1] });
    if (exitCode !== 0 && isRace(stderr))
      throw new SentraError('git_failed', `Branch ${name} cannot be deleted: ${stderr.trim()}`);
    return exitCode === 0;
  });
}

/** For a branch that only Sentra writes to: one that was killed, or a machine that went down, left the lock behind. */
export async function removeStaleBranchLock(gitDir: string, name: string): Promise<void> {
  const lock = join(gitDir, 'refs', 'heads', `${name}.lock`);
  const found = await stat(lock).catch(() => null);
  if (found?.isFile() && Date.now() - found.mtimeMs > staleMs) await rm(lock, { force: true });
}

/** True when `tip` has `commit` in its history. */
export async function isContained({ gitDir }: Repository, tip: string, commit: string): Promise<boolean> {
  const asked = await execGit(['merge-base', '--is-ancestor', commit, tip], { gitDir, okExitCodes: [0, 1] });
  return asked.exitCode === 0;
}
