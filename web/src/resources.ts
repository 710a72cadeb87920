/** What tasks cost, put in order for the table of the Resources page. */
import type { TaskResources } from '#src/domain/resources.ts';

export const resourceColumns = ['disk', 'memory', 'cores', 'peak', 'cpu', 'age'] as const;
export type ResourceColumn = (typeof resourceColumns)[number];

/** What a column is about as one number; undefined where it is not known. The age grows with time. */
export function costOf(task: TaskResources, column: ResourceColumn, now: number): number | undefined {
  switch (column) {
    case 'disk':
      return task.disk?.own;
    case 'memory':
      return task.now?.memory;
    case 'cores':
      return task.now?.cores;
    case 'peak':
      return task.peakMemory || undefined;
    case 'cpu':
      return task.cpuSeconds || undefined;
    case 'age':
      return now - Date.parse(task.createdAt);
  }
}

/** The dearest first; what is not known comes last, equals in the order in which the tasks were created. */
export function sortByCost(tasks: readonly TaskResources[], column: ResourceColumn, now: number): TaskResources[] {
  const of = (task: TaskResources) => costOf(task, column, now) ?? -1;
  return [...tasks].sort((a, b) => of(b) - of(a) || a.createdAt.localeCompare(b.createdAt));
}

/** A line through the values as points of an SVG, the highest at the top; empty with fewer than two. */
export function sparkPoints(values: readonly number[], width: number, height: number): string {
  if (values.length < 2) return '';
  const highest = Math.max(...values, Number.MIN_VALUE);
  const step = width / (values.length - 1);
  return values.map((value, i) => `${tenth(i * step)},${tenth(height - (value / highest) * height)}`).join(' ');
}

const tenth = (value: number) => Math.round(value * 10) / 10;
