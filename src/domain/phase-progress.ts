import { type PhaseAttempt, type PhaseName, phaseNames } from '#src/domain/phase.ts';
import { phasesOf, type WorkflowType } from '#src/domain/workflow.ts';

type RunPhases = {
  workflowType: WorkflowType;
  fromPhase: PhaseName | null;
  /** In the order in which they began. */
  phases: readonly Pick<PhaseAttempt, 'phase' | 'state' | 'attempt'>[];
};

/**
 * Where a task stands in each phase: what its newest run did, and for the phases before the point where that run began,
 * what earlier runs did. `runs` is newest first.
 */
export function phaseProgress(runs: readonly RunPhases[]): Pick<PhaseAttempt, 'phase' | 'state' | 'attempt'>[] {
  const newest = runs[0];
  const first = newest ? phaseNames.indexOf(newest.fromPhase ?? phasesOf[newest.workflowType][0] ?? 'PLAN') : 0;
  return phaseNames.map((phase, index) => {
    const considered = newest && index >= first ? [newest] : runs;
    const last = considered.map((run) => run.phases.findLast((p) => p.phase === phase)).find((p) => p !== undefined);
    return last
      ? { phase, state: last.state, attempt: last.attempt }
      : { phase, state: 'pending' as const, attempt: 0 };
  });
}

/** The phase to show for a task: the one that runs, else the last one that was begun. */
export function currentPhase(progress: ReturnType<typeof phaseProgress>): PhaseName | null {
  const running = progress.find((p) => p.state === 'running');
  return (running ?? progress.findLast((p) => p.state !== 'pending'))?.phase ?? null;
}
