/**
 * Each worktree has an administration folder under `<git directory>/worktrees`. Its file `locked` protects it from `git worktree prune`
 * and is Sentra's mark: `sentra: making` from the first moment, `sentra` when all files are there (in the pool:
 * `sentra: prepared ahead`). So a worktree whose maker was killed is known for what it is.
 */
import { mkdir, readdir, readFile, realpath, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';

export const makingMark = 'sentra: making';
export const readyMark = 'sentra';
/** Complete, and of no task yet. */
export const pooledMark = 'sentra: prepared ahead';

/** The administration folder of the worktree at a path, or null. */
export async function findAdminDir(gitDir: string, path: string): Promise<string | null> {
  const link = await linkTo(path);
  const isIts = async (dir: string) => (await readText(join(dir, 'gitdir'))) === link;
  const likely = join(gitDir, 'worktrees', basename(path));
  if (await isIts(likely)) return likely;
  const dirs = await listAdminDirs(gitDir);
  const matches = await Promise.all(dirs.map(isIts));
  return dirs[matches.indexOf(true)] ?? null;
}

/** What an administration folder says about where its worktree is, as git writes it. */
export async function linkTo(path: string): Promise<string> {
  const parent = await realpath(dirname(path)).catch(() => dirname(path));
  return join(parent, basename(path), '.git');
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

export const markReady = (adminDir: string): Promise<void> => writeWhole(join(adminDir, 'locked'), readyMark);
export const markPooled = (adminDir: string): Promise<void> => writeWhole(join(adminDir, 'locked'), pooledMark);

/** Never half a file, whatever kills the writer. */
export async function writeWhole(file: string, text: string): Promise<void> {
  await writeFile(`${file}.new`, text);
  await rename(`${file}.new`, file);
}

/**
 * What `git worktree prune` does, for this one only: a person's own stale worktrees are not ours to prune. It vanishes in one moment, so
 * that no git of a person's reads half of it. To be called with the repository's lock.
 */
export async function forgetAdminDir(adminDir: string): Promise<void> {
  const folder = draftsOf(dirname(dirname(adminDir)));
  await mkdir(folder, { recursive: true });
  await rename(adminDir, join(folder, crypto.randomUUID())).catch((e) => {
    if (e.code !== 'ENOENT') throw e;
  });
  await rm(folder, { recursive: true, force: true });
}

/** Administration folders that nobody but the owner of the repository's lock may see: not complete yet, or on their way out. */
export const draftsOf = (gitDir: string): string => join(gitDir, 'sentra.drafts');

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
