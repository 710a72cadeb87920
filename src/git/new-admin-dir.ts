/**
 * The administration of a new worktree, as gitrepository-layout(5) describes it. Git's own `worktree add` fills the folder file by file
 * where everybody sees it, and a person's fetch, gc or prune at that moment stumbles over the half or deletes it; here it is
 * complete before it gets its name. Where worktrees inherit more than that, git makes it.
 */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, rmdir, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SentraError } from '#src/errors.ts';
import { draftsOf, findAdminDir, linkTo, makingMark } from '#src/git/admin-dir.ts';
import { execGit, inheritsSettings } from '#src/git/exec-git.ts';
import type { Repository } from '#src/git/repository.ts';

export type NewWorktree = {
  path: string;
  commit: string;
  /** Null: detached at the commit. The branch need not be there yet. */
  branchName: string | null;
};

/** Marked as being made, and a folder with nothing but the link to it. To be called with the repository's lock. */
export async function makeAdminDir(repo: Repository, wanted: NewWorktree): Promise<string> {
  await mkdir(dirname(wanted.path), { recursive: true });
  return (await inheritsSettings(repo.gitDir)) ? addByGit(repo, wanted) : writeAdminDir(repo, wanted);
}

async function writeAdminDir({ gitDir }: Repository, { path, commit, branchName }: NewWorktree): Promise<string> {
  const drafts = draftsOf(gitDir);
  await rm(drafts, { recursive: true, force: true }); // of one that was killed
  const draft = join(drafts, crypto.randomUUID());
  await mkdir(draft, { recursive: true });
  const files = {
    HEAD: branchName ? `ref: refs/heads/${branchName}` : commit,
    commondir: '../..',
    gitdir: await linkTo(path),
    locked: makingMark,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(draft, name), `${text}\n`);
  const adminDir = await placeAdminDir(draft, join(gitDir, 'worktrees'), basename(path));
  await rmdir(drafts).catch(() => {}); // somebody else makes one
  await mkdir(path, { recursive: true });
  await writeFile(join(path, '.git'), `gitdir: ${adminDir}\n`);
  return adminDir;
}

async function placeAdminDir(draft: string, folder: string, wanted: string): Promise<string> {
  const name = wanted.replace(/[^\w-]+/g, '-').replace(/^-+|-+$/g, '') || 'worktree';
  for (let number = 0; ; number++) {
    const adminDir = join(folder, number ? `${name}${number}` : name);
    if (existsSync(adminDir)) continue;
    await mkdir(folder, { recursive: true });
    const placed = await rename(draft, adminDir).catch((e: NodeJS.ErrnoException) => e);
    if (!placed) return adminDir;
    const isTaken = placed.code === 'ENOTEMPTY' || placed.code === 'EEXIST';
    const isFolderGone = placed.code === 'ENOENT' && existsSync(draft); // a prune found it empty
    if (!isTaken && !isFolderGone) throw placed;
    if (isFolderGone) number--;
  }
}

async function addByGit({ gitDir }: Repository, { path, commit, branchName }: NewWorktree): Promise<string> {
  const args = ['worktree', 'add', '--quiet', '--detach', '--no-checkout', '--lock', '--reason', makingMark];
  await execGit([...args, '--', path, commit], { gitDir }).catch((cause) => {
    if (!(cause instanceof SentraError) || cause.code !== 'git_failed') throw cause;
    throw new SentraError('worktree_failed', `The worktree ${path} cannot be made: ${cause.message}`, { cause });
  });
  const adminDir = await findAdminDir(gitDir, path);
  if (!adminDir) throw new SentraError('worktree_failed', `Git made no worktree at ${path}. Try again.`);
  if (branchName) await execGit(['symbolic-ref', 'HEAD', `refs/heads/${branchName}`], { gitDir: adminDir });
  return adminDir;
}
