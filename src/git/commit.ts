import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { SentraError } from '#src/errors.ts';
import { removeStaleLocks } from '#src/git/admin-dir.ts';
import { execGit, gitLine } from '#src/git/exec-git.ts';
import { type Repository, resolveCommit } from '#src/git/repository.ts';
import { type Snapshot, snapshot } from '#src/git/snapshot.ts';

export type Identity = { name: string; email: string };

export type CommitRequest = {
  worktreePath: string;
  adminDir: string;
  branchName: string;
  /** The commit that the branch is on. */
  parent: string;
  message: string;
  identity: Identity;
  /** ISO 8601, from the database: the same request always gives the same hash. */
  date: string;
  /** Git globs of further files that are never committed. */
  exclude?: readonly string[];
  /** Files that are committed even where the project ignores them; each must exist. */
  include?: readonly string[];
  signal?: AbortSignal;
};

export type CommitOutcome = { outcome: 'committed'; commit: string; files: string[] } | { outcome: 'unchanged' };

/**
 * Commits all that changed in a worktree in which nothing runs any more. Made of plumbing, so that doing it again (after
 * a crash) gives the same commit once. Throws `base_moved` when the branch is elsewhere than on `parent`.
 */
export async function commitWorktree(repo: Repository, request: CommitRequest): Promise<CommitOutcome> {
  const { adminDir, worktreePath, parent, branchName } = request;
  await removeStaleLocks(adminDir);
  const taken = await snapshot(adminDir, worktreePath, request);
  if (taken.files.length === 0) return { outcome: 'unchanged' };
  const commit = await commitTree(adminDir, { ...request, tree: taken.tree, parents: [parent] });
  const moved = await execGit(['update-ref', '-m', 'sentra: commit', `refs/heads/${branchName}`, commit, parent], {
    gitDir: adminDir,
    okExitCodes: [0, 128],
  });
  if (moved.exitCode !== 0 && (await resolveCommit(repo, `refs/heads/${branchName}`)) !== commit)
    throw new SentraError(
      'base_moved',
      `Branch ${branchName} is not on ${parent.slice(0, 10)} any more: someone committed to it. Look at it in ${worktreePath}, then retry the task.`,
    );
  await replaceIndex(taken, adminDir);
  return { outcome: 'committed', commit, files: taken.files };
}

/** A commit object with given parents; the same arguments give the same hash. */
export function commitTree(
  gitDir: string,
  {
    tree,
    parents,
    message,
    identity,
    date,
  }: { tree: string; parents: string[]; message: string; identity: Identity; date: string },
): Promise<string> {
  const when = `@${Math.floor(Date.parse(date) / 1000)} +0000`;
  return gitLine(['commit-tree', tree, ...parents.flatMap((parent) => ['-p', parent]), '-F', '-'], {
    gitDir,
    input: message,
    env: {
      GIT_AUTHOR_NAME: identity.name,
      GIT_AUTHOR_EMAIL: identity.email,
      GIT_AUTHOR_DATE: when,
      GIT_COMMITTER_NAME: identity.name,
      GIT_COMMITTER_EMAIL: identity.email,
      GIT_COMMITTER_DATE: when,
    },
  });
}

/** HEAD moved, so the worktree's own index is old: ours is what it must be, with fresh time stamps of the files. */
const replaceIndex = ({ indexFile }: Snapshot, adminDir: string) => rename(indexFile, join(adminDir, 'index'));
