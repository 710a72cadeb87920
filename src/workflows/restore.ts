import { stillOurs } from '#src/engine/step.ts';
import { restoreWorktree } from '#src/git/worktree.ts';
import type { PreparedWorktree } from '#src/workflows/prepare.ts';

/** Puts the files of a task's worktree back to a commit of its branch; throws, and touches nothing, when the task is another worker's by now. */
export async function restore(
  { path, adminDir }: Pick<PreparedWorktree, 'path' | 'adminDir'>,
  commit = 'HEAD',
): Promise<void> {
  await stillOurs();
  await restoreWorktree({ path, adminDir, commit });
}
