/** Tasks as rows: their order, and what may be done with many at once. Pure. */
import { type ActionName, whyNot } from '#src/domain/actions.ts';
import { type Task, TaskStatus } from '#src/domain/task.ts';

export const tableColumns = ['title', 'status', 'priority', 'type', 'agent', 'cost', 'created'] as const;
export type TableColumn = (typeof tableColumns)[number];
/** `cost` from the least, `-cost` from the most. */
export type TableSort = TableColumn | `-${TableColumn}`;

export const parseSort = (text: string | undefined): { column: TableColumn; isDown: boolean } => {
  const isDown = text === undefined || text.startsWith('-');
  const name = text?.replace(/^-/, '');
  return { column: tableColumns.find((column) => column === name) ?? 'created', isDown };
};

/** The other way round where it is sorted so already; figures begin with the most. */
export function nextSort(column: TableColumn, now: { column: TableColumn; isDown: boolean }): TableSort {
  const isDown = now.column === column ? !now.isDown : column === 'cost' || column === 'created';
  return isDown ? `-${column}` : column;
}

const weight = { high: 0, medium: 1, low: 2 } as const;
/** As a task goes through them. */
const place = new Map<TaskStatus, number>(TaskStatus.options.map((status, index) => [status, index]));

const compare: Record<TableColumn, (a: Task, b: Task) => number> = {
  title: (a, b) => a.title.localeCompare(b.title),
  status: (a, b) => (place.get(a.status) ?? 0) - (place.get(b.status) ?? 0),
  priority: (a, b) => weight[a.priority] - weight[b.priority],
  type: (a, b) => a.type.localeCompare(b.type),
  agent: (a, b) => (a.agent ?? '').localeCompare(b.agent ?? ''),
  cost: (a, b) => a.knownCostUsd - b.knownCostUsd,
  created: (a, b) => a.createdAt.localeCompare(b.createdAt),
};

/** Equal ones with the newest first. */
export function sortTasks(tasks: readonly Task[], { column, isDown }: ReturnType<typeof parseSort>): Task[] {
  const sign = isDown ? -1 : 1;
  return tasks.toSorted(
    (a, b) => sign * compare[column](a, b) || b.createdAt.localeCompare(a.createdAt) || a.id.localeCompare(b.id),
  );
}

/** What makes sense for many at once. */
export const bulkActions = ['start', 'retry', 'merge', 'cancel', 'skip'] as const satisfies readonly ActionName[];
export type BulkAction = (typeof bulkActions)[number];

/** What one person may do with one task on purpose (begin a reviewed one again) is not meant by a click for many. */
const meant: Partial<Record<BulkAction, readonly TaskStatus[]>> = {
  start: ['pending'],
  retry: ['failed', 'cancelled'],
};

/** Those of them that it may be done with now. */
export const allowedFor = (action: BulkAction, tasks: readonly Task[]): Task[] =>
  tasks.filter((task) => whyNot(action, task) === undefined && (meant[action]?.includes(task.status) ?? true));
