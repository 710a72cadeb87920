/** Keeps what is in a worktree or on its branch and nowhere else; `applyWork` brings it back. */
import { existsSync } from 'node:fs';
import { mkdir, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname } from 'node:path';
import { isHalfMade } from '#src/git/admin-dir.ts';
import { mergeBase } from '#src/git/diff.ts';
import { execGit, gitLine } from '#src/git/exec-git.ts';
import { type Repository, resolveCommit } from '#src/git/repository.ts';
import { snapshot } from '#src/git/snapshot.ts';

export type WorkToSave = {
  /** Of the worktree, where there still is one. */
  path?: string;
  adminDir?: string;
  branchName: string;
  /** The branch or commit that the work would be merged into. */
  base: string;
  /** Where the patch goes. */
  file: string;
};

/**
 * Writes all that is not in `base` (commits, uncommitted changes, new files) as one patch for `git apply`. False, and no file, when
 * there is nothing to save.
 */
export async function saveWork(repo: Repository, work: WorkToSave): Promise<boolean> {
  const hasAdminDir = work.adminDir && existsSync(work.adminDir);
  const tip =
    (await resolveCommit(repo, `refs/heads/${work.branchName}`)) ??
    (hasAdminDir ? await resolveCommit({ gitDir: work.adminDir as string }, 'HEAD') : null);
  if (!tip) return false;
  const from = (await mergeBase(repo, work.base, tip)) ?? (await emptyTree(repo));
  // One that is not filled yet holds nobody's work, and every file that is still to come would look deleted.
  const hasFiles = work.path && hasAdminDir && existsSync(work.path) && !(await isHalfMade(work.adminDir as string));
  const { tree } = hasFiles
    ? await snapshot(work.adminDir as string, work.path as string, { parent: tip })
    : { tree: tip };
  await mkdir(dirname(work.file), { recursive: true, mode: 0o700 });
  const draft = `${work.file}.new`;
  await writeFile(draft, '', { mode: 0o600 });
  const args = ['diff-tree', '-p', '--binary', '--full-index', '--no-ext-diff', '--no-textconv', '--no-renames'];
  await execGit([...args, `--output=${draft}`, from, tree], { gitDir: repo.gitDir });
  if ((await stat(draft)).size === 0) {
    await rm(draft);
    return false;
  }
  await rename(draft, work.file);
  return true;
}

/** For a branch that shares no commit with its base. */
const emptyTree = (repo: Repository): Promise<string> =>
  gitLine(['hash-object', '-t', 'tree', '--stdin'], { gitDir: repo.gitDir, input: '' });
