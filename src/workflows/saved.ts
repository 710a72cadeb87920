/** Nothing unmerged is lost: where work goes before a tree is removed or put back. */
import { readdir, stat } from 'node:fs/promises';
import path from 'node:path';
import type { SavedWork } from '#src/domain/clean-up.ts';
import { PoolId, TaskId } from '#src/domain/ids.ts';
import { saveWork } from '#src/git/save-work.ts';
import type { Logger } from '#src/logs/pipeline.ts';
import type { Parts } from '#src/workflows/parts.ts';
import type { PreparedWorktree } from '#src/workflows/prepare.ts';
import { restore } from '#src/workflows/restore.ts';
import type { SetupFacts } from '#src/workflows/room.ts';

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
  await restore(worktree, commit);
}

/** Work is found in worktrees of the pool too, where a person did it. */
const Owner = TaskId.or(PoolId);

/** All that is kept, newest first; of one task where it is named. */
export async function listSaved(home: string, taskId?: string): Promise<SavedWork[]> {
  const root = path.join(home, 'saved');
  const ids = taskId ? [taskId] : (await readdir(root).catch(() => [])).filter((name) => Owner.safeParse(name).success);
  const lists = await Promise.all(ids.map((id) => listPatches(root, id)));
  return lists.flat().sort((a, b) => (a.at < b.at ? 1 : -1));
}

async function listPatches(root: string, taskId: string): Promise<SavedWork[]> {
  const folder = path.join(root, taskId);
  const names = (await readdir(folder).catch(() => [])).filter((name) => name.endsWith('.patch'));
  return Promise.all(
    names.map(async (name) => {
      const file = path.join(folder, name);
      const { mtime, size } = await stat(file);
      return { taskId, path: file, at: mtime.toISOString(), bytes: size };
    }),
  );
}
