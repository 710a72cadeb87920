/** What Sentra's worktrees left in a repository and beside it. What does not bear Sentra's mark is not even listed. */
import { existsSync } from 'node:fs';
import { readdir, realpath } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { branchOf, isHalfMade, isOwnAdminDir, listAdminDirs, readText } from '#src/git/admin-dir.ts';
import { deleteBranch } from '#src/git/branch.ts';
import { findCheckouts } from '#src/git/checkout.ts';
import { execGit } from '#src/git/exec-git.ts';
import type { Repository } from '#src/git/repository.ts';
import { withRepositoryLock } from '#src/git/repository-lock.ts';
import { deleteTree } from '#src/git/trash.ts';

export type OwnWorktree = {
  adminDir: string;
  path: string;
  branchName: string | null;
  /** Its folder is there. */
  onDisk: boolean;
  /** Its maker was killed before all files were there, or is at work right now. */
  halfMade: boolean;
};

export async function listOwnWorktrees(repo: Repository): Promise<OwnWorktree[]> {
  const found: OwnWorktree[] = [];
  for (const adminDir of await listAdminDirs(repo.gitDir)) {
    const link = (await isOwnAdminDir(adminDir)) ? await readText(join(adminDir, 'gitdir')) : null;
    if (!link) continue;
    const path = dirname(link);
    if (await belongsElsewhere(path, adminDir)) continue;
    found.push({
      adminDir,
      path,
      branchName: await branchOf(adminDir),
      onDisk: existsSync(path),
      halfMade: await isHalfMade(adminDir),
    });
  }
  return found;
}

/** A repository that was copied names the worktrees of the original; each of those leads back to that one. */
async function belongsElsewhere(path: string, adminDir: string): Promise<boolean> {
  const back = /^gitdir: (.+)$/.exec((await readText(join(path, '.git'))) ?? '')?.[1];
  const real = back === undefined ? undefined : await realpath(resolve(path, back)).catch(() => undefined);
  return real !== undefined && real !== (await realpath(adminDir));
}

const trashed = /-[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}$/;

/** What removals have put into the trash of a folder of worktrees; each is deleted within moments unless a crash came between. */
export async function listTrash(worktreesDir: string): Promise<string[]> {
  const trash = join(worktreesDir, '.trash');
  const names = await readdir(trash).catch(() => []);
  return names.filter((name) => trashed.test(name)).map((name) => join(trash, name));
}

/** The folder itself stays: a removal may be about to use it. */
export async function emptyTrash(worktreesDir: string): Promise<void> {
  for (const entry of await listTrash(worktreesDir)) await deleteTree(entry);
}

/** Those of the branches that `base` contains and nobody has checked out. */
export async function listMergedBranches(
  repo: Repository,
  base: string,
  names: ReadonlySet<string>,
): Promise<string[]> {
  const { stdout, exitCode } = await execGit(
    ['for-each-ref', '--format=%(refname:lstrip=2)', `--merged=refs/heads/${base}`, 'refs/heads'],
    { gitDir: repo.gitDir, okExitCodes: [0, 128, 129] },
  );
  const merged = exitCode === 0 ? stdout.split('\n').filter((name) => names.has(name) && name !== base) : [];
  const free: string[] = [];
  for (const name of merged) if ((await findCheckouts(repo, name)).length === 0) free.push(name);
  return free;
}

/** Looks again under the lock, because the branch may have got commits since it was listed. */
export function deleteMergedBranch(repo: Repository, base: string, name: string): Promise<void> {
  return withRepositoryLock(repo.gitDir, async () => {
    const [merged] = await listMergedBranches(repo, base, new Set([name]));
    if (merged) await deleteBranch(repo.gitDir, name);
  });
}
