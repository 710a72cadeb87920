/** The figures that are watched from outside, in the text format of Prometheus. Reads only; what counts since the start says so. */
import { TaskStatus } from '#src/domain/task.ts';
import { RunStatus } from '#src/domain/workflow.ts';
import type { HostFacts } from '#src/orchestrator/queue.ts';
import type { Database } from '#src/store/database.ts';
import { databaseErrors } from '#src/store/database-error.ts';
import {
  type AgentFigures,
  type Counted,
  countLines,
  countRunsByStatus,
  countTasksByStatus,
  sumSessions,
} from '#src/store/metrics.ts';
import { listAtWork } from '#src/store/task-queue.ts';
import { type Metric, toPrometheus } from '#src/telemetry/prometheus.ts';

export type MetricsParts = {
  database: Database;
  host: HostFacts;
  version: string;
  /** Of this process. */
  lines: () => { accepted: number; waiting: number };
};

export async function readMetrics({ database, host, version, lines }: MetricsParts): Promise<string> {
  const { db } = database;
  const [tasks, runs, atWork, stored, sessions] = await Promise.all([
    countTasksByStatus(db),
    countRunsByStatus(db),
    listAtWork(db),
    countLines(db),
    sumSessions(db),
  ]);
  const { accepted, waiting } = lines();
  const queued = tasks.find(({ label }) => label === 'queued')?.count ?? 0;
  return toPrometheus([
    {
      name: 'build_info',
      type: 'gauge',
      help: 'The version of the server.',
      samples: [{ labels: { version }, value: 1 }],
    },
    byStatus('tasks', 'Tasks by status.', TaskStatus.options, tasks),
    byStatus('runs', 'Runs by status, of all times.', RunStatus.options, runs),
    gauge('slots', 'Runs that all live workers may execute at once.', host.slots()),
    gauge('slots_in_use', 'Runs that have a slot.', atWork.length),
    gauge('queue_tasks', 'Tasks that wait for a slot.', queued),
    gauge('shortages', 'What keeps anything new from starting: a disk or memory that is short.', host.gates().length),
    counter('log_lines_accepted_total', 'Log lines that this process took since its start.', accepted),
    gauge('log_lines_waiting', 'Log lines that this process took and has not stored yet.', waiting),
    counter('log_lines_stored_total', 'Log lines of all tasks that were ever stored.', stored),
    {
      name: 'database_errors_total',
      type: 'counter',
      help: 'Since the start of this process: database not there, transactions repeated.',
      samples: Object.entries(databaseErrors).map(([kind, value]) => ({ labels: { kind }, value })),
    },
    ...ofAgents(sessions),
  ]);
}

function ofAgents(sessions: readonly AgentFigures[]): Metric[] {
  const kinds = {
    input: 'inputTokens',
    output: 'outputTokens',
    cache_read: 'cacheReadTokens',
    cache_write: 'cacheWriteTokens',
  } as const;
  const each = (value: (one: AgentFigures) => number) =>
    sessions.map((one) => ({ labels: { agent: one.agent, outcome: one.outcome ?? 'open' }, value: value(one) }));
  const tokens = sessions.flatMap((one) =>
    Object.entries(kinds).map(([kind, name]) => ({
      labels: { agent: one.agent, outcome: one.outcome ?? 'open', kind },
      value: one[name],
    })),
  );
  const open = 'open: at work, or cut off';
  return [
    {
      name: 'agent_sessions',
      type: 'gauge',
      help: `Agent sessions by outcome (${open}).`,
      samples: each((one) => one.sessions),
    },
    {
      name: 'agent_cost_usd',
      type: 'gauge',
      help: 'What agent sessions cost, where it is known.',
      samples: each((one) => one.costUsd),
    },
    { name: 'agent_tokens', type: 'gauge', help: 'Tokens of agent sessions.', samples: tokens },
  ];
}

const gauge = (name: string, help: string, value: number): Metric => ({
  name,
  type: 'gauge',
  help,
  samples: [{ value }],
});
const counter = (name: string, help: string, value: number): Metric => ({
  name,
  type: 'counter',
  help,
  samples: [{ value }],
});

/** A status that nothing has is 0, so that a graph has no holes. */
const byStatus = (name: string, help: string, all: readonly string[], counts: readonly Counted[]): Metric => ({
  name,
  type: 'gauge',
  help,
  samples: all.map((status) => ({
    labels: { status },
    value: counts.find(({ label }) => label === status)?.count ?? 0,
  })),
});
