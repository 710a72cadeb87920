import { mergeTrees } from '#src/git/compose-merge.ts';
import { execGit } from '#src/git/exec-git.ts';
import type { Repository } from '#src/git/repository.ts';

/**
 * Lays the merge of two commits into a worktree whose branch is on `ours` and which has no changes, conflicts between markers.
 * The branch stays where it is: who solves it sees an ordinary set of changes.
 */
export async function putMerge(
  repo: Repository,
  { path, adminDir }: { path: string; adminDir: string },
  { ours, theirs }: { ours: string; theirs: string },
): Promise<void> {
  const { tree } = await mergeTrees(repo, ours, theirs);
  await putTree({ path, adminDir }, tree);
}

/** Lays a tree into a worktree without changes; its branch stays where it is. */
export const putTree = async ({ path, adminDir }: { path: string; adminDir: string }, tree: string): Promise<void> => {
  await execGit(['read-tree', '--reset', '-u', tree], { gitDir: adminDir, workTree: path });
};

/** Files that still have a conflict's markers, of those named. */
export async function findMarkers(worktreePath: string, adminDir: string, paths: readonly string[]): Promise<string[]> {
  if (paths.length === 0) return [];
  const args = ['grep', '-l', '-z', '-I', '--no-index', '--full-name', '-e', '^<<<<<<< ', '-e', '^>>>>>>> ', '--'];
  const specs = paths.map((one) => `:(literal)${one}`);
  const found = await execGit([...args, ...specs], {
    gitDir: adminDir,
    workTree: worktreePath,
    okExitCodes: [0, 1],
  });
  return found.stdout.split('\0').filter(Boolean);
}
