import path from 'node:path';
import { writePlain } from '#src/environment/plain-path.ts';
import { SentraError } from '#src/errors.ts';

/** Where a task's plan lies on its branch, relative to the worktree. */
export const planPath = (taskId: string): string => `.sentra/plans/${taskId}.md`;

/** Writes the plan into the worktree. Refuses when the repository leads `.sentra` out of the worktree by a link. */
export async function writePlan(worktreePath: string, taskId: string, plan: string): Promise<void> {
  const text = plan.endsWith('\n') ? plan : `${plan}\n`;
  if (await writePlain(worktreePath, planPath(taskId), text)) return;
  throw new SentraError(
    'worktree_failed',
    `${path.join(worktreePath, '.sentra/plans')} is no folder of its own, but a link or a file; remove it from the repository.`,
  );
}
