/** The beginning of an attempt: its row, and what a budget has for it. Where it has nothing the run waits, and there is no attempt yet. */
import type { PhaseName } from '#src/domain/phase.ts';
import { step } from '#src/engine/step.ts';
import { type Failure, SentraError } from '#src/errors.ts';
import { resolveCommit } from '#src/git/repository.ts';
import { beginAttempt } from '#src/store/phases.ts';
import { toIso } from '#src/store/time.ts';
import { reserveAttempt } from '#src/workflows/budget.ts';
import { park, type Wait } from '#src/workflows/park.ts';
import type { Run } from '#src/workflows/run.ts';

export type Begun = { attempt: number; parent: string; startedAt: string; agent: string | null };

/**
 * Takes the next attempt of a phase: its row fixes the parent and the date of the commit that may follow. Where a budget holds it back
 * there is no attempt yet: the run waits without a slot.
 */
export async function beginPhase(run: Run, phase: PhaseName, by: 'agent' | 'sentra'): Promise<Begun> {
  run.attempts[phase] += 1;
  const attempt = run.attempts[phase];
  for (let waits = 1; ; waits++) {
    const { begun, held } = await tryToBegin(run, { phase, attempt }, by);
    if (begun) return begun;
    await park(run, `${phase} ${attempt} budget ${waits}`, budgetWait(held));
  }
}

const budgetWait = (failure: Failure): Wait => {
  const { until = null } = (failure.details ?? {}) as { until?: string };
  return { parking: { until }, failure };
};

type Tried = { begun: Begun; held?: never } | { begun?: never; held: Failure };

function tryToBegin(
  run: Run,
  { phase, attempt }: { phase: PhaseName; attempt: number },
  by: 'agent' | 'sentra',
): Promise<Tried> {
  return step(`${phase} ${attempt}: begin`, async () => {
    const { facts, parts, adwId } = run;
    const parent = await resolveCommit(facts.project, `refs/heads/${run.worktree.branchName}`);
    if (!parent)
      throw new SentraError('git_failed', `The branch ${run.worktree.branchName} is gone; retry the task from PLAN.`);
    const agent = by === 'agent' ? parts.agents.driverFor(facts.agent, facts.config, phase).name : null;
    return parts.changes.change(async ({ tx, touch, record }) => {
      const held = agent && (await reserveAttempt(tx, { ...facts, adwId, phase, attempt, agent }));
      if (held) return { held };
      const row = await beginAttempt(tx, { adwId, phase, attempt }, { taskId: facts.taskId, agent, parent });
      touch(facts.taskId);
      record({ type: 'phase.changed', taskId: facts.taskId, data: { adwId, phase, attempt, state: 'running' } });
      const startedAt = toIso(row.startedAt);
      return { begun: { attempt, parent: row.parent ?? parent, startedAt, agent: row.agent } };
    });
  });
}
