import { existsSync } from 'node:fs';
import { lstat, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { availableParallelism } from 'node:os';
import { basename, join } from 'node:path';
import { createTurns } from '#src/domain/turns.ts';
import { SentraError } from '#src/errors.ts';
import {
  branchOf,
  findAdminDir,
  forgetAdminDir,
  isOwnAdminDir,
  isReady,
  markReady,
  readText,
  removeStaleLocks,
} from '#src/git/admin-dir.ts';
import { deleteBranch, isContained, markOf, moveBranch, removeStaleBranchLock } from '#src/git/branch.ts';
import { findCheckouts } from '#src/git/checkout.ts';
import { execGit, gitLine } from '#src/git/exec-git.ts';
import { makeAdminDir } from '#src/git/new-admin-dir.ts';
import { despiteRaces } from '#src/git/races.ts';
import { type Repository, resolveCommit } from '#src/git/repository.ts';
import { withRepositoryLock } from '#src/git/repository-lock.ts';
import { environmentFiles, withoutFiles } from '#src/git/snapshot.ts';
import { deleteTree, moveToTrash } from '#src/git/trash.ts';

export type Worktree = { adminDir: string; head: string };
export type WorktreeRequest = { path: string; branchName: string /** A commit. */; base: string; signal?: AbortSignal };

/**
 * Makes a worktree on a new branch at `base`. Doing it again returns the one that is there; one whose maker was killed is cleared
 * and made again; one whose folder vanished is made again on its branch as it is, and so is one of which only the branch is left.
 */
export async function createWorktree(repo: Repository, request: WorktreeRequest): Promise<Worktree> {
  const claim = () => withRepositoryLock(repo.gitDir, () => claimAdminDir(repo, request));
  const { adminDir, head, trash } = await despiteRaces(claim, request.signal);
  if (head) {
    await checkOut(adminDir, { ...request, commit: head });
    await markReady(adminDir);
  }
  if (trash) await deleteTree(trash);
  return { adminDir, head: head ?? (await gitLine(['rev-parse', 'HEAD'], { gitDir: adminDir })) };
}

/** `head`: the commit whose files are still to come, null where they are there. */
type Claim = { adminDir: string; head: string | null; trash: string | null };

async function claimAdminDir(repo: Repository, request: WorktreeRequest): Promise<Claim> {
  const { path, branchName } = request;
  const found = await findAdminDir(repo.gitDir, path);
  if (!found) return { ...(await addWorktree(repo, request, null)), trash: null };
  if (!(await isOwnAdminDir(found))) throw foreign(path);
  const made = await isReady(found);
  const branch = await branchOf(found);
  if (made && existsSync(path)) {
    if (branch === branchName) return { adminDir: found, head: null, trash: null };
    throw new SentraError(
      'worktree_failed',
      `The worktree ${path} is on ${branch ?? 'no branch'}, not on ${branchName}. Run "git switch ${branchName}" there, then retry the task.`,
    );
  }
  const isOurs = made ? branch === branchName : await hasMark(repo, request);
  const left = isOurs ? await resolveCommit(repo, `refs/heads/${branchName}`) : null;
  const trash = await moveToTrash(path);
  await forgetAdminDir(found);
  return { ...(await addWorktree(repo, request, left)), trash };
}

/** Only the administration; the files come after the lock is free. `left`: the tip of our branch, kept from an earlier try. */
async function addWorktree(repo: Repository, request: WorktreeRequest, left: string | null) {
  const { path, branchName, base } = request;
  if (await isOccupied(path)) throw occupied(path);
  const adminDir = await makeAdminDir(repo, { path, commit: left ?? base, branchName });
  if (left) return { adminDir, head: left };
  const { gitDir } = repo;
  await removeStaleBranchLock(gitDir, branchName);
  const from = '0'.repeat(base.length);
  const made = await moveBranch(gitDir, { name: branchName, from, to: base, line: markFor(request) });
  const tip = made.exitCode === 0 ? base : await takeBack(repo, request, adminDir);
  if (tip) return { adminDir, head: tip };
  await rm(path, { recursive: true, force: true });
  await forgetAdminDir(adminDir);
  const said = made.stderr.trim();
  throw branchExists(repo, branchName, /already exists/.test(said) ? 'already exists' : `cannot be made (${said})`);
}

const markFor = ({ path }: Pick<WorktreeRequest, 'path'>) => markOf(basename(path));

async function hasMark({ gitDir }: Repository, request: WorktreeRequest): Promise<boolean> {
  const args = ['reflog', 'show', '--format=%gs', `refs/heads/${request.branchName}`, '--'];
  const { stdout } = await execGit(args, { gitDir, okExitCodes: [0, 128] });
  return stdout.trim().split('\n').at(-1) === markFor(request);
}

/**
 * The tip of a branch with our mark that stands in no other worktree, null for any other: a git that outlived a killed Sentra made
 * it at this moment, or the kill came when its administration was forgotten and not made again. What it has of work stays.
 */
async function takeBack(repo: Repository, request: WorktreeRequest, adminDir: string): Promise<string | null> {
  const { branchName, base } = request;
  const checkouts = await findCheckouts(repo, branchName);
  if (checkouts.some(({ gitDir }) => gitDir !== adminDir) || !(await hasMark(repo, request))) return null;
  const tip = await resolveCommit(repo, `refs/heads/${branchName}`);
  if (!tip || (await isContained(repo, tip, base))) return tip;
  if (!(await isContained(repo, base, tip))) return null;
  const moved = await moveBranch(repo.gitDir, { name: branchName, from: tip, to: base, line: 'sentra: newest base' });
  return moved.exitCode === 0 ? base : null;
}

/** Writing files is the disk's work: more at once than processors only get into each other's way. */
const inTurns = createTurns(availableParallelism());

/**
 * A git that outlived a killed Sentra may still be filling the half-made worktree, now in the trash, and delete the lock of
 * the index as its own: so the files are written through an index of another name.
 */
export async function checkOut(
  adminDir: string,
  { path, signal, commit = 'HEAD', gentle = false }: CheckOut,
): Promise<void> {
  const indexFile = join(adminDir, `index.${crypto.randomUUID()}`);
  const write = () =>
    execGit(['read-tree', '--reset', '-u', commit], {
      gitDir: adminDir,
      workTree: path,
      indexFile,
      timeoutMs: 600_000,
      gentle,
      ...(signal ? { signal } : {}),
    });
  await (gentle ? write() : inTurns(write));
  await rename(indexFile, join(adminDir, 'index'));
}

type CheckOut = Pick<WorktreeRequest, 'path' | 'signal'> & { commit?: string; gentle?: boolean };

/** An empty worktree that stands at a commit, marked as being made. To be called with the repository's lock. */
export async function addDetached(repo: Repository, path: string, commit: string): Promise<string> {
  if (await isOccupied(path)) throw occupied(path);
  return makeAdminDir(repo, { path, commit, branchName: null });
}

const branchExists = (repo: Repository, branchName: string, what: string) =>
  new SentraError(
    'branch_exists',
    `Branch ${branchName} ${what} in ${repo.path}, and it is not this task's. Rename or delete it there ("git branch -m" or "git branch -D"), then retry the task.`,
  );

export const isOccupied = async (path: string) =>
  (await readdir(path).catch(() => (existsSync(path) ? [path] : []))).length > 0;

const occupied = (path: string) =>
  new SentraError(
    'worktree_failed',
    `There is something at ${path} already that is no worktree of this task. Move or delete it, then retry the task.`,
  );

const foreign = (path: string) =>
  new SentraError(
    'worktree_failed',
    `${path} is a worktree that Sentra did not make. Move it ("git worktree move"), then retry the task.`,
  );

/**
 * Takes a worktree out of the way in milliseconds, and its branch with it if asked; what is missing is fine. The files wait in
 * `.trash` beside it: call the function that comes back to delete them.
 */
export function removeWorktree(
  repo: Repository,
  options: { path: string; branchName?: string; deleteBranch: boolean },
): Promise<() => Promise<void>> {
  const { path, branchName } = options;
  return withRepositoryLock(repo.gitDir, async () => {
    const adminDir = await findAdminDir(repo.gitDir, path);
    if (adminDir && !(await isOwnAdminDir(adminDir))) throw foreign(path);
    const trash = await moveToTrash(path);
    if (adminDir) await forgetAdminDir(adminDir);
    if (options.deleteBranch && branchName) await deleteBranch(repo.gitDir, branchName);
    return async () => {
      if (trash) await deleteTree(trash);
    };
  });
}

/** Puts a worktree's files back to a commit of its branch; ignored files and environment files stay. */
export async function restoreWorktree({
  path,
  adminDir,
  commit,
}: {
  path: string;
  adminDir: string;
  commit: string;
}): Promise<void> {
  await removeStaleLocks(adminDir);
  await restoreLink(path, adminDir);
  const git = { gitDir: adminDir, workTree: path };
  await execGit(['reset', '--hard', '-q', commit], git);
  const kept = environmentFiles.flatMap((glob) => ['-e', glob]);
  await execGit(['clean', '-ffdq', ...kept], git);
}

/** Shows the files of another commit in a worktree, whose branch stays where it is; `restoreWorktree` brings its own back. */
export async function showCommit(request: { path: string; adminDir: string; commit: string }): Promise<void> {
  const { path, adminDir, commit } = request;
  await restoreWorktree({ path, adminDir, commit: 'HEAD' });
  await execGit(['read-tree', '--reset', '-u', commit], { gitDir: adminDir, workTree: path, timeoutMs: 600_000 });
}

/** The `.git` file of a worktree is writable for what runs in it where nothing confines it. */
async function restoreLink(path: string, adminDir: string): Promise<void> {
  const file = join(path, '.git');
  const link = `gitdir: ${adminDir}\n`;
  const found = await lstat(file).catch(() => null);
  if (found?.isFile() && (await readFile(file, 'utf8')) === link) return;
  await rm(file, { recursive: true, force: true });
  await writeFile(file, link);
}

export type WorktreeState = {
  /** Changes that are not committed, new files among them; environment files do not count. */
  dirty: boolean;
  /** Commits of the branch that `base` does not contain. */
  unmerged: number;
};

export async function worktreeState(
  repo: Repository,
  { path, adminDir, base, branchName }: { path: string; adminDir: string; base: string; branchName: string },
): Promise<WorktreeState> {
  const [status, unmerged] = await Promise.all([
    existsSync(path) && (await readText(join(adminDir, 'HEAD')))
      ? execGit(['status', '--porcelain', '-z', '--ignore-submodules=all', '--', '.', ...withoutFiles([])], {
          gitDir: adminDir,
          workTree: path,
        })
      : null,
    execGit(['rev-list', '--count', '--end-of-options', `${base}..refs/heads/${branchName}`], {
      gitDir: repo.gitDir,
      okExitCodes: [0, 128],
    }),
  ]);
  return { dirty: Boolean(status?.stdout), unmerged: Number(unmerged.stdout.trim() || 0) };
}
