import { rename } from 'node:fs/promises';
import { join } from 'node:path';
import { SentraError } from '#src/errors.ts';
import { removeStaleLocks } from '#src/git/admin-dir.ts';
import { moveBranch, removeStaleBranchLock } from '#src/git/branch.ts';
import { gitLine } from '#src/git/exec-git.ts';
import { type Filtered, findUnfiltered } from '#src/git/filtered.ts';
import { despiteRaces, isRace } from '#src/git/races.ts';
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
  /** A second parent: the commit is a merge, and is made even where it changes no file. */
  mergedIn?: string;
  /** Git globs of further files that are never committed. */
  exclude?: readonly string[];
  /** Files that are committed even where the project ignores them; each must exist. */
  include?: readonly string[];
  signal?: AbortSignal;
};

/** `leftOut`: repositories inside the worktree that came from elsewhere. */
export type CommitOutcome =
  | { outcome: 'committed'; commit: string; files: string[]; leftOut: string[] }
  | { outcome: 'unchanged'; leftOut: string[] };

/**
 * Commits all that changed in a worktree in which nothing runs any more. Made of plumbing, so that doing it again (after
 * a crash) gives the same commit once. Throws `base_moved` when the branch is elsewhere than on `parent`, `not_allowed` when a file
 * may only be committed through a filter.
 */
export const commitWorktree = (repo: Repository, request: CommitRequest): Promise<CommitOutcome> =>
  despiteRaces(() => commitOnce(repo, request), request.signal);

async function commitOnce(repo: Repository, request: CommitRequest): Promise<CommitOutcome> {
  const { adminDir, worktreePath, parent, branchName } = request;
  await removeStaleLocks(adminDir);
  await removeStaleBranchLock(repo.gitDir, branchName);
  const taken = await snapshot(adminDir, worktreePath, request);
  const { mergedIn } = request;
  if (taken.files.length === 0 && !mergedIn) return { outcome: 'unchanged', leftOut: taken.leftOut };
  const unfiltered = await findUnfiltered({ adminDir, worktreePath, parent, indexFile: taken.indexFile }, taken.files);
  if (unfiltered.length > 0) throw needFilters(unfiltered);
  const commit = await commitTree(adminDir, {
    ...request,
    tree: taken.tree,
    parents: mergedIn ? [parent, mergedIn] : [parent],
  });
  const move = { name: branchName, from: parent, to: commit, line: 'sentra: commit' };
  const moved = await moveBranch(adminDir, move);
  if (isRace(moved.stderr)) throw new SentraError('git_failed', moved.stderr);
  if (moved.exitCode !== 0 && (await resolveCommit(repo, `refs/heads/${branchName}`)) !== commit)
    throw new SentraError(
      'base_moved',
      `Branch ${branchName} is not on ${parent.slice(0, 10)} any more: someone committed to it. Look at it in ${worktreePath}, then retry the task.`,
    );
  await replaceIndex(taken, adminDir);
  return { outcome: 'committed', commit, files: taken.files, leftOut: taken.leftOut };
}

function needFilters(files: readonly Filtered[]): SentraError {
  const named = files.slice(0, 10).map(({ path, filter }) => `${path} (${filter})`);
  const more = files.length > 10 ? ` and ${files.length - 10} more` : '';
  return new SentraError(
    'not_allowed',
    `Nothing was committed: the project's attributes send ${named.join(', ')}${more} through a filter, and Sentra runs none, so the content would be stored as it is. Let the task leave them alone, or commit them from a checkout of your own.`,
    { details: { paths: files.map(({ path }) => path) } },
  );
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
