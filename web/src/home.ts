/** What stands on the first page: what needs a person, projects in figures, events in words. Pure. */
import type { Event } from '#src/domain/event.ts';
import type { MergeEntry } from '#src/domain/merge-queue.ts';
import type { Project } from '#src/domain/project.ts';
import type { Task } from '#src/domain/task.ts';
import { columnOf } from './board.ts';
import { plural } from './format.ts';

export type Need = {
  task: Task;
  icon: 'review' | 'failed' | 'waits' | 'merge';
  /** One line, as the server words it where it is an error. */
  text: string;
  /** What the button says; the place it leads to is the task's page with this tab. */
  action: string;
  tab: 'details' | 'progress' | 'branch';
};

const weight = { high: 0, medium: 1, low: 2 } as const;
const firstLine = (text: string) => text.trim().split('\n', 1)[0] ?? '';

/** Tasks that go no further without a person: the most urgent first, then the oldest. */
export function needsOf(tasks: readonly Task[], merges: readonly MergeEntry[]): Need[] {
  const mergeOf = new Map(merges.map((entry) => [entry.taskId, entry]));
  const waiting = Map.groupBy(
    tasks
      .filter(({ status }) => status === 'blocked')
      .flatMap(({ id, dependencies }) => dependencies.map((on) => ({ id, on }))),
    ({ on }) => on,
  );
  return tasks
    .flatMap((task) => needOf(task, mergeOf.get(task.id), waiting.get(task.id)?.length ?? 0) ?? [])
    .toSorted(
      ({ task: a }, { task: b }) =>
        weight[a.priority] - weight[b.priority] || a.createdAt.localeCompare(b.createdAt) || a.id.localeCompare(b.id),
    );
}

function needOf(task: Task, merge: MergeEntry | undefined, waiting: number): Need | undefined {
  const { status, waitsFor, pullRequest, conflictsWith, error } = task;
  const held = waiting > 0 ? ` ${plural(waiting, 'task waits', 'tasks wait')} for it.` : '';
  if (status === 'failed') {
    const text = `${firstLine(error?.message ?? 'It failed.')}${held}`;
    return { task, icon: 'failed', text, action: 'Open failure', tab: 'progress' };
  }
  if (status === 'queued' && waitsFor?.until === null)
    return { task, icon: 'waits', text: firstLine(waitsFor.message), action: 'Open', tab: 'details' };
  if (status !== 'in_review') return undefined;
  if (merge?.state === 'refused')
    return {
      task,
      icon: 'merge',
      text: firstLine(merge.message ?? 'It could not be merged.'),
      action: 'Decide',
      tab: 'branch',
    };
  if (merge) return undefined; // it is being merged
  const collides =
    conflictsWith.length > 0 ? ` It collides with ${plural(conflictsWith.length, 'branch', 'branches')}.` : '';
  const text = `Pull request #${pullRequest?.number ?? '?'} is ready for you.${collides}${held}`;
  return { task, icon: 'review', text, action: 'Review', tab: 'branch' };
}

export type ProjectFigures = {
  project: Project;
  running: number;
  needs: number;
  failed: number;
  doneToday: number;
  open: number;
};

/** `now`: milliseconds; today is the viewer's. */
export function figuresOf(
  projects: readonly Project[],
  tasks: readonly Task[],
  needs: readonly Need[],
  now: number,
): ProjectFigures[] {
  const today = new Date(now).toDateString();
  const tasksOf = Map.groupBy(tasks, ({ projectId }) => projectId);
  const needsIn = Map.groupBy(needs, ({ task }) => task.projectId);
  return projects.map((project) => {
    const own = tasksOf.get(project.id) ?? [];
    const count = (test: (task: Task) => boolean) => own.filter(test).length;
    return {
      project,
      running: count(({ status }) => status === 'running'),
      needs: needsIn.get(project.id)?.length ?? 0,
      failed: count(({ status }) => status === 'failed'),
      doneToday: count(
        ({ status, completedAt }) =>
          status === 'completed' && completedAt !== null && new Date(completedAt).toDateString() === today,
      ),
      open: count(({ status }) => !['completed', 'skipped', 'cancelled'].includes(status)),
    };
  });
}

const phaseColumns = ['Plan', 'Code', 'Test', 'Review'] as const;

/** How many are at work in each phase, and how many wait for a slot. */
export function atWork(tasks: readonly Task[]): { phases: { name: string; count: number }[]; waiting: number } {
  const running = tasks.filter(({ status }) => status === 'running').map(columnOf);
  return {
    phases: phaseColumns.map((name) => ({ name, count: running.filter((column) => column === name).length })),
    waiting: tasks.filter(({ status, waitsFor }) => status === 'queued' && waitsFor === null).length,
  };
}

/** What was spent by the end of each day since the first of the month, from the sums of single days. Days are UTC, as budgets are. */
export function spentByDay(items: readonly { key: string; knownUsd: number }[], now: Date): number[] {
  const usdOf = new Map(items.map(({ key, knownUsd }) => [key, knownUsd]));
  const month = now.toISOString().slice(0, 8);
  let sum = 0;
  return Array.from({ length: now.getUTCDate() }, (_, at) => {
    sum += usdOf.get(`${month}${String(at + 1).padStart(2, '0')}`) ?? 0;
    return sum;
  });
}

export type Told = {
  id: number;
  at: string;
  taskId: string;
  tone: 'quiet' | 'run' | 'ok' | 'warn' | 'err';
  text: string;
};

const tones = { running: 'run', passed: 'ok', failed: 'err', skipped: 'quiet' } as const;

/** An event in a few words; undefined for what nobody looks for on the first page. */
export function tell({ id, type, taskId, data, timestamp }: Event): Told | undefined {
  if (!taskId) return undefined;
  const told = (tone: Told['tone'], text: string): Told => ({ id, at: timestamp, taskId, tone, text });
  if (type === 'task.created') return told('quiet', 'Created');
  if (type === 'phase.changed') {
    const state = data.state as keyof typeof tones;
    const attempt = Number(data.attempt) > 1 ? `, attempt ${data.attempt}` : '';
    return told(tones[state] ?? 'quiet', `${data.phase} ${state === 'running' ? 'began' : state}${attempt}`);
  }
  if (type === 'run.changed' && data.status === 'failed') return told('err', 'Failed');
  // The first taking is its start.
  if (type === 'run.taken') return Number(data.execution) > 1 ? told('warn', 'Taken up again') : undefined;
  if (type === 'budget.warning') return told('warn', 'Its budget is nearly used up');
  if (type !== 'pull_request.changed') return undefined;
  if (data.state === 'open') return told('warn', `Pull request #${data.number} opened`);
  if (data.state === 'merged') return told('ok', `Merged, #${data.number}`);
  if (data.state === 'closed') return told('quiet', `Pull request #${data.number} closed`);
  if (data.merge === 'refused') return told('err', 'Could not be merged');
  if (data.merge === 'testing') return told('run', 'Merge is tested');
  return data.merge === 'waiting' ? told('quiet', 'Waits to be merged') : undefined;
}
