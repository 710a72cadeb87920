/** Where a task stands on the board, and the one line that says why it stands there. Pure. */
import type { Breaker } from '#src/domain/breaker.ts';
import type { BudgetMeter } from '#src/domain/budget.ts';
import { shortId } from '#src/domain/ids.ts';
import { type PhaseName, type PhaseState, phaseNames } from '#src/domain/phase.ts';
import type { Project } from '#src/domain/project.ts';
import { satisfies } from '#src/domain/status.ts';
import type { Task } from '#src/domain/task.ts';
import { phasesOf } from '#src/domain/workflow.ts';
import { formatUntil } from './format.ts';

export const columns = ['Backlog', 'Plan', 'Code', 'Test', 'Review', 'In review', 'Failed', 'Done'] as const;
export type Column = (typeof columns)[number];

export type Reason = {
  tone: 'quiet' | 'warn' | 'error';
  icon: 'clock' | 'person' | 'again' | 'alert' | 'stop';
  text: string;
  /** The task it is about, as cards name it; stands after the text. */
  about?: string;
};

/** A run that waits for something outside keeps its place: its work is not lost. */
const isParked = (task: Task) => task.status === 'queued' && task.waitsFor !== null;

const phaseColumn: Record<PhaseName, Column> = { PLAN: 'Plan', CODE: 'Code', TEST: 'Test', REVIEW: 'Review' };

export function columnOf(task: Task): Column {
  switch (isParked(task) ? 'running' : task.status) {
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

export type BoardFacts = {
  find: (id: string) => Task | undefined;
  /** What keeps tasks like this one from starting, in a few words. */
  held: (task: Task) => string | undefined;
  now: number;
};

/** Undefined where the phase bar says it all. */
export function reasonOf(task: Task, { find, held, now }: BoardFacts): Reason | undefined {
  switch (task.status) {
    case 'blocked':
      return waitsFor(task, find);
    case 'pending':
      return { tone: 'quiet', icon: 'clock', text: task.autoStart ? 'Ready, about to start' : 'Ready, not started' };
    case 'queued':
      return { tone: 'quiet', icon: 'clock', text: waitOf(task, now) ?? held(task) ?? 'Waits for a slot' };
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

type HoldFacts = {
  projects: readonly Project[];
  breakers: readonly Breaker[];
  /** By project. */
  usedUp?: ReadonlyMap<string, BudgetMeter>;
  now: number;
};

/** What keeps a task that waits from starting, as far as the board knows: its project is paused or out of money, its agent stopped. */
export function holdOf(
  task: Pick<Task, 'projectId' | 'agent'>,
  { projects, breakers, usedUp, now }: HoldFacts,
): string | undefined {
  if (projects.find(({ id }) => id === task.projectId)?.paused) return 'The project is paused';
  const budget = usedUp?.get(task.projectId);
  if (budget) return `The ${budget.period}'s budget is used up`;
  const breaker = breakers.find(({ projectId, agent }) => projectId === task.projectId && agent === task.agent);
  if (!breaker) return undefined;
  const isOpen = breaker.state === 'open' && now < Date.parse(breaker.until);
  return isOpen
    ? `${breaker.agent} is stopped until ${formatUntil(breaker.until, now)}`
    : `One run of ${breaker.agent} tries`;
}

/** What a parked run waits for, in a few words (the model, or a budget); undefined once its time has come. */
export function waitOf({ waitsFor }: Pick<Task, 'waitsFor'>, now: number): string | undefined {
  if (!waitsFor) return undefined;
  const { code, until } = waitsFor;
  if (until === null) return code === 'budget' ? 'Waits for a budget' : 'Waits for a person';
  if (Date.parse(until) <= now) return undefined;
  return `Waits for ${code === 'budget' ? 'its budget' : 'the model'} until ${formatUntil(until, now)}`;
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
export const segmentsOf = (task: Pick<Task, 'phases' | 'phase' | 'waitsFor'>) =>
  phaseNames.map((phase) => stateOf(task, phase));

/** The attempt of a parked run that met the limit counts as failed, and is made again by itself: nobody has to look at it. */
export function stateOf(task: Pick<Task, 'phases' | 'phase' | 'waitsFor'>, phase: PhaseName): PhaseState | 'waiting' {
  const state = task.phases.find((p) => p.phase === phase)?.state ?? 'pending';
  return task.waitsFor && phase === task.phase && state === 'failed' ? 'waiting' : state;
}
