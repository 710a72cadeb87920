/** What is stored of a run and says when something happened: the material of its timeline. Times are ISO 8601 in UTC. */
import type { Event } from '#src/domain/event.ts';
import type { Evidence } from '#src/domain/evidence.ts';
import type { LogMetadata } from '#src/domain/log.ts';
import type { PhaseAttempt, PhaseName } from '#src/domain/phase.ts';
import type { Run } from '#src/domain/run.ts';
import type { SetupStep } from '#src/domain/task-environment.ts';

/** A line that tells of a step, an agent or a tool. `message` may be cut. */
export type Mark = {
  seq: number;
  phase: PhaseName | null;
  level: string;
  message: string;
  metadata: LogMetadata;
  timestamp: string;
};

export type SessionFacts = {
  id: string;
  phase: PhaseName;
  attempt: number;
  agent: string;
  agentSessionId: string | null;
  model: string | null;
  outcome: string | null;
  message: string | null;
  costUsd: number | null;
  usage: Record<string, number> | null;
  startedAt: string;
  endedAt: string | null;
};

/** A step that has ended; one that was cut off leaves nothing and runs again. */
export type StepFacts = { number: number; name: string; startedAt: string; endedAt: string; failed: boolean };

export type AttemptFacts = PhaseAttempt & { tokens: number };

export type TimelineFacts = {
  task: { id: string; createdAt: string; dependencies: readonly { id: string; title: string }[] };
  /** Null while the task has none. */
  run: (Omit<Run, 'phases'> & { phases: readonly AttemptFacts[] }) | null;
  /** When the run before ended, when the run after was created. */
  previousEndedAt: string | null;
  nextCreatedAt: string | null;
  sessions: readonly SessionFacts[];
  steps: readonly StepFacts[];
  setup: readonly SetupStep[];
  evidence: readonly Pick<
    Evidence,
    'id' | 'phase' | 'attempt' | 'kind' | 'passed' | 'exitCode' | 'data' | 'createdAt'
  >[];
  /** In their order. */
  marks: readonly Mark[];
  /** Of the task, in their order: its statuses, its runs' states, who executed them. */
  events: readonly Pick<Event, 'type' | 'data' | 'timestamp'>[];
  pullRequest: { number: number; state: string; mergeRequestedAt: string | null; mergedAt: string | null } | null;
  now: string;
};
