/** Nothing unmerged is lost: where work goes before a tree is removed or put back. */
import path from 'node:path';
import { restoreWorktree, saveWork } from '#src/git/worktree.ts';
import type { Logger } from '#src/logs/pipeline.ts';
import type { Parts } from '#src/workflows/parts.ts';
import type { PreparedWorktree, SetupFacts } from '#src/workflows/prepare.ts';

/** Where work is kept: `$SENTRA_HOME/saved/<task-id>/<time>.patch`. */
export const savedPatchPath = (home: string, taskId: string): string =>
  path.join(home, 'saved', taskId, `${new Date().toISOString().replace(/[:.]/g, '-')}.patch`);

/** Puts a worktree's files back to a commit of its branch; what was not committed is saved first, and the log says where. */
export async function putBack(
  parts: Parts,
  facts: Pick<SetupFacts, 'taskId' | 'project'>,
  worktree: Pick<PreparedWorktree, 'path' | 'adminDir' | 'branchName'>,
  commit: string,
  log: Logger,
): Promise<void> {
  const { path: folder, adminDir, branchName } = worktree;
  const file = savedPatchPath(parts.home, facts.taskId);
  if (await saveWork(facts.project, { path: folder, adminDir, branchName, base: `refs/heads/${branchName}`, file }))
    await log.info(`What was left uncommitted in the worktree is saved in ${file}`, { kind: 'step' });
  await restoreWorktree(facts.project, { path: folder, adminDir, commit });
}
