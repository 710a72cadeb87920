/**
 * Each worktree has an administration folder under `<git directory>/worktrees`. Its file `locked` protects it from `git worktree prune`
 * and is Sentra's mark: `sentra: making` from the first moment, `sentra` when all files are there. So a worktree whose
 * maker was killed is known for what it is.
 */
import { readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export const makingMark = 'sentra: making';
export const readyMark = 'sentra';

/** The administration folder of the worktree at a path, or null. */
export async function findAdminDir(gitDir: string, path: string): Promise<string | null> {
  const parent = await realpath(dirname(path)).catch(() => dirname(path)); // as git writes it
  const link = join(parent, basename(path), '.git');
  for (const dir of await listAdminDirs(gitDir)) if ((await readText(join(dir, 'gitdir'))) === link) return dir;
  return null;
}

export async function listAdminDirs(gitDir: string): Promise<string[]> {
  const root = join(gitDir, 'worktrees');
  const names = await readdir(root).catch(() => []);
  return names.sort().map((name) => join(root, name));
}

/** The branch that HEAD of a git directory or administration folder is on; null when detached or unreadable. */
export async function branchOf(adminDir: string): Promise<string | null> {
  const head = await readText(join(adminDir, 'HEAD'));
  return head?.startsWith('ref: refs/heads/') ? head.slice('ref: refs/heads/'.length) : null;
}

export const isReady = async (adminDir: string): Promise<boolean> =>
  (await readText(join(adminDir, 'locked'))) === readyMark;

export const isHalfMade = async (adminDir: string): Promise<boolean> =>
  (await readText(join(adminDir, 'locked'))) === makingMark;

export const isOwnAdminDir = async (adminDir: string): Promise<boolean> =>
  (await readText(join(adminDir, 'locked')))?.startsWith('sentra') ?? false;

export async function markReady(adminDir: string): Promise<void> {
  await writeFile(join(adminDir, 'locked.new'), readyMark);
  await rename(join(adminDir, 'locked.new'), join(adminDir, 'locked'));
}

/** What `git worktree prune` does, for this one only: a person's own stale worktrees are not ours to prune. */
export async function forgetAdminDir(adminDir: string): Promise<void> {
  await rm(join(adminDir, 'locked'), { force: true }); // first, so that a half-removed one can be pruned
  await rm(adminDir, { recursive: true, force: true });
}

/** Locks that a killed git left; only for a worktree in which nothing runs. */
export async function removeStaleLocks(adminDir: string): Promise<void> {
  const locks = ['index.lock', 'HEAD.lock', 'index.sentra.lock'];
  await Promise.all(locks.map((name) => rm(join(adminDir, name), { force: true })));
}

export const readText = (file: string): Promise<string | null> =>
  readFile(file, 'utf8').then(
    (text) => text.trim(),
    () => null,
  );
