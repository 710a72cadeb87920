/** Where a task stands on the board, and the one line that says why it stands there. Pure. */
import { shortId } from '#src/domain/ids.ts';
import { type PhaseName, phaseNames } from '#src/domain/phase.ts';
import { satisfies } from '#src/domain/status.ts';
import type { Task } from '#src/domain/task.ts';
import { phasesOf } from '#src/domain/workflow.ts';

export const columns = ['Backlog', 'Plan', 'Code', 'Test', 'Review', 'In review', 'Failed', 'Done'] as const;
export type Column = (typeof columns)[number];

export type Reason = {
  tone: 'quiet' | 'warn' | 'error';
  icon: 'clock' | 'person' | 'again' | 'alert' | 'stop';
  text: string;
  /** The task it is about, as cards name it; stands after the text. */
  about?: string;
};

const phaseColumn: Record<PhaseName, Column> = { PLAN: 'Plan', CODE: 'Code', TEST: 'Test', REVIEW: 'Review' };

export function columnOf(task: Task): Column {
  switch (task.status) {
    case 'running':
      return phaseColumn[task.phase ?? phasesOf[task.workflowType][0] ?? 'PLAN'];
    case 'in_review':
      return 'In review';
    case 'completed':
    case 'skipped':
      return 'Done';
    case 'failed':
    case 'cancelled':
      return 'Failed';
    default:
      return 'Backlog';
  }
}

/** The tasks of each column; within one, high priority first, then the oldest. Done shows the newest first. */
export function columnsOf(tasks: readonly Task[]): Record<Column, Task[]> {
  const groups = Object.fromEntries(columns.map((column) => [column, [] as Task[]])) as Record<Column, Task[]>;
  for (const task of tasks) groups[columnOf(task)].push(task);
  for (const column of columns) groups[column].sort(column === 'Done' ? byEnd : byUrgency);
  return groups;
}

const weight = { high: 0, medium: 1, low: 2 } as const;
const byUrgency = (a: Task, b: Task) =>
  weight[a.priority] - weight[b.priority] || a.createdAt.localeCompare(b.createdAt) || a.id.localeCompare(b.id);
const byEnd = (a: Task, b: Task) => (b.completedAt ?? b.createdAt).localeCompare(a.completedAt ?? a.createdAt);

/** Undefined where the phase bar says it all. */
export function reasonOf(task: Task, find: (id: string) => Task | undefined): Reason | undefined {
  switch (task.status) {
    case 'blocked':
      return waitsFor(task, find);
    case 'pending':
      return { tone: 'quiet', icon: 'clock', text: task.autoStart ? 'Ready, about to start' : 'Ready, not started' };
    case 'queued':
      return { tone: 'quiet', icon: 'clock', text: 'Waits for a slot' };
    case 'in_review':
      return { tone: 'warn', icon: 'person', text: `Needs you, PR #${task.pullRequest?.number ?? '?'}` };
    case 'failed':
      return { tone: 'error', icon: 'alert', text: task.error?.message ?? 'Failed' };
    case 'cancelled':
      return { tone: 'quiet', icon: 'stop', text: 'Cancelled' };
    case 'running':
      return attemptReason(task);
    default:
      return undefined;
  }
}

function waitsFor(task: Task, find: (id: string) => Task | undefined): Reason {
  const open = task.dependencies.filter((id) => {
    const dependency = find(id);
    return !dependency || !satisfies(dependency.status);
  });
  const first = open[0] ?? task.dependencies[0];
  const base = { tone: 'quiet', icon: 'clock' } as const;
  if (!first) return { ...base, text: 'Waits for a dependency' };
  const text = open.length > 1 ? `Waits for ${open.length} tasks, first` : 'Waits for';
  return { ...base, text, about: `task-${shortId(first)}` };
}

function attemptReason(task: Task): Reason | undefined {
  const attempt = task.phases.find((phase) => phase.phase === task.phase)?.attempt ?? 1;
  return attempt > 1 ? { tone: 'quiet', icon: 'again', text: `Attempt ${attempt}` } : undefined;
}

export type TaskFilter = { q?: string; type?: string; priority?: string; agent?: string };

export function matches(task: Task, { q, type, priority, agent }: TaskFilter): boolean {
  if (type && task.type !== type) return false;
  if (priority && task.priority !== priority) return false;
  if (agent && task.agent !== agent) return false;
  return !q || `${task.title} ${task.id} ${task.labels.join(' ')}`.toLowerCase().includes(q.toLowerCase());
}

/** `25 open · 15 running · 5 waiting · 1 needs you` */
export function summaryOf(tasks: readonly Task[]): string {
  const count = (...statuses: Task['status'][]) => tasks.filter((task) => statuses.includes(task.status)).length;
  const parts: [number, string][] = [
    [tasks.length - count('completed', 'skipped', 'cancelled'), 'open'],
    [count('running'), 'running'],
    [count('blocked', 'queued'), 'waiting'],
    [count('failed'), 'failed'],
  ];
  const needed = count('in_review');
  const shown = parts.filter(([n], i) => i === 0 || n > 0).map(([n, word]) => `${n} ${word}`);
  return [...shown, ...(needed ? [`${needed} ${needed === 1 ? 'needs' : 'need'} you`] : [])].join(' · ');
}

/** The state of each of the four phases, for a bar of four segments. */
export const segmentsOf = (task: Pick<Task, 'phases'>) =>
  phaseNames.map((phase) => task.phases.find((p) => p.phase === phase)?.state ?? 'pending');
