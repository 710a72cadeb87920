import { useQuery } from '@tanstack/react-query';
import { Check, Circle, CircleDashed, Clock, Play, X } from 'lucide-react';
import { toMicros, toUsd } from '#src/domain/money.ts';
import { type PhaseAttempt, type PhaseName, type PhaseState, phaseNames } from '#src/domain/phase.ts';
import type { Task } from '#src/domain/task.ts';
import { phasesOf } from '#src/domain/workflow.ts';
import { stateOf } from '../board.ts';
import { formatCost, formatDuration, milliseconds } from '../format.ts';
import { useNow } from '../hooks/use-now.ts';
import { runsQuery } from '../queries.ts';

const looks: Record<PhaseState | 'waiting', { word: string; tone: string; icon: typeof Check }> = {
  pending: { word: 'Pending', tone: 'text-second', icon: Circle },
  running: { word: 'Running', tone: 'text-accent-text', icon: Play },
  passed: { word: 'Passed', tone: 'text-ok', icon: Check },
  failed: { word: 'Failed', tone: 'text-err-text', icon: X },
  skipped: { word: 'Skipped', tone: 'text-second', icon: CircleDashed },
  waiting: { word: 'Waiting', tone: 'text-second', icon: Clock },
};

/** The four phases of the newest run: state, attempt, time and cost of all attempts together. */
export function PhaseStepper({ task }: { task: Task }) {
  const { data: runs } = useQuery(runsQuery(task.id));
  const attempts = runs?.[0]?.phases ?? [];
  const now = useNow(attempts.some((attempt) => attempt.state === 'running'));
  return (
    <ol className="stepper mt-4" aria-label="Phases">
      {phaseNames.map((phase) => (
        <Step
          key={phase}
          phase={phase}
          attempts={attempts.filter((attempt) => attempt.phase === phase)}
          used={phasesOf[task.workflowType].includes(phase)}
          state={stateOf(task, phase)}
          now={now}
        />
      ))}
    </ol>
  );
}

type StepProps = {
  phase: PhaseName;
  attempts: PhaseAttempt[];
  used: boolean;
  state: PhaseState | 'waiting';
  now: number;
};

function Step({ phase, attempts, used, state: known, now }: StepProps) {
  const last = attempts.at(-1);
  const state = known === 'waiting' ? known : (last?.state ?? known);
  const { word, tone, icon: Icon } = looks[state];
  const spent = attempts.reduce((sum, { startedAt, endedAt }) => sum + (milliseconds(startedAt, endedAt, now) ?? 0), 0);
  const micros = attempts.reduce((sum, { costUsd }) => sum + toMicros(costUsd ?? 0), 0);
  const isWhole = attempts.every(({ costUsd }) => costUsd !== null);
  return (
    <li data-state={state} title={last?.error?.message}>
      <span className="flex min-w-0 items-center gap-2 font-semibold max-md:gap-1 max-md:text-xs">
        <Icon aria-hidden="true" className={`${tone} max-md:hidden`} />
        {phase}
        <span className={`ml-auto font-normal max-xl:hidden ${tone}`}>{used || last ? word : 'Not used'}</span>
      </span>
      <span className="flex gap-2 text-xs whitespace-nowrap text-second max-xl:flex-col max-xl:gap-0">
        <span className={`hidden max-xl:inline ${tone}`}>{used || last ? word : 'Not used'}</span>
        {last && (
          <>
            <span>Attempt {last.attempt}</span>
            <span className="ml-auto max-xl:ml-0">{last.startedAt ? formatDuration(spent) : ''}</span>
            {(isWhole || micros > 0) && (
              <span className="max-md:hidden">{formatCost(isWhole ? toUsd(micros) : null, toUsd(micros))}</span>
            )}
          </>
        )}
      </span>
    </li>
  );
}
