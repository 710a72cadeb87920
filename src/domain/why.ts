/** Why a task is not running, or has stopped: one pure function from facts to reasons. */
import { z } from 'zod';
import { satisfies } from '#src/domain/status.ts';
import type { Task, TaskStatus } from '#src/domain/task.ts';

export const Why = z
  .object({
    runnable: z.boolean(),
    reasons: z.array(
      z.object({ code: z.string(), message: z.string(), taskId: z.string().optional(), until: z.string().optional() }),
    ),
  })
  .meta({ id: 'Why' });
export type Why = z.infer<typeof Why>;

export type WhyFacts = {
  task: Pick<Task, 'status' | 'error' | 'autoStart' | 'pullRequest' | 'worktreePath'>;
  dependencies: readonly { id: string; title: string; status: TaskStatus }[];
  projectPaused: boolean;
  projectProblem: string | null;
  slots: { inUse: number; total: number };
};

export function explainWhy(facts: WhyFacts): Why {
  const reasons = [...reasonsOf(facts)];
  return { runnable: facts.task.status === 'pending' && reasons.length === 0, reasons };
}

function* reasonsOf({
  task,
  dependencies,
  projectPaused,
  projectProblem,
  slots,
}: WhyFacts): Generator<Why['reasons'][number]> {
  const { status } = task;
  for (const dependency of dependencies.filter((d) => !satisfies(d.status)))
    if (status === 'blocked' || status === 'pending')
      yield {
        code: dependency.status === 'failed' || dependency.status === 'cancelled' ? 'dependency_failed' : 'dependency',
        message:
          dependency.status === 'failed' || dependency.status === 'cancelled'
            ? `waits for "${dependency.title}", which ${dependency.status === 'failed' ? 'failed' : 'was cancelled'}: retry it, skip it, or drop the dependency`
            : `waits for "${dependency.title}" (${dependency.status.replace('_', ' ')})`,
        taskId: dependency.id,
      };
  const waits = status === 'pending' || status === 'blocked' || status === 'queued';
  if (waits && projectPaused) yield { code: 'paused', message: 'the project is paused' };
  if (waits && projectProblem) yield { code: 'project_problem', message: projectProblem };
  if (status === 'queued' && slots.inUse >= slots.total)
    yield { code: 'no_slot', message: `all ${slots.total} slots are in use` };
  if (status === 'pending' && !task.autoStart) yield { code: 'not_started', message: 'ready, not started: start it' };
  if (status === 'in_review')
    yield {
      code: 'waiting_for_person',
      message: `pull request #${task.pullRequest?.number} waits for a person: merge it or request changes`,
    };
  if (status === 'failed' && task.error)
    yield {
      code: task.error.code,
      message: `${task.error.message}${task.worktreePath ? ` The worktree is kept at ${task.worktreePath}.` : ''}`,
    };
  if (status === 'cancelled') yield { code: 'cancelled', message: 'a person cancelled it: retry starts it again' };
}
