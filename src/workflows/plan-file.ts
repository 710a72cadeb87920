import { mkdir, realpath, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { SentraError } from '#src/errors.ts';

/** Where a task's plan lies on its branch, relative to the worktree. */
export const planPath = (taskId: string): string => `.sentra/plans/${taskId}.md`;

/** Writes the plan into the worktree. Refuses when the repository leads `.sentra` out of the worktree by a link. */
export async function writePlan(worktreePath: string, taskId: string, plan: string): Promise<void> {
  const file = path.join(worktreePath, planPath(taskId));
  await mkdir(path.dirname(file), { recursive: true });
  const inside = await realpath(path.dirname(file));
  if (!inside.startsWith((await realpath(worktreePath)) + path.sep))
    throw new SentraError(
      'worktree_failed',
      `${path.dirname(file)} is a link out of the worktree; remove it from the repository.`,
    );
  await writeFile(file, plan.endsWith('\n') ? plan : `${plan}\n`);
}
