import { toMicros, toUsd } from '#src/domain/money.ts';
import type { Task } from '#src/domain/task.ts';

/** Times that the Costs page looks at, in UTC as budgets are. */
export const costSpans = { day: 'Today', week: 'Last 7 days', month: 'This month', all: 'Always' } as const;
export type CostSpan = keyof typeof costSpans;

/** The day from which on is counted; undefined for always. */
export function sinceOf(span: CostSpan, now: Date): string | undefined {
  if (span === 'all') return undefined;
  const day = new Date(Date.UTC(now.getUTCFullYear(), now.getUTCMonth(), span === 'month' ? 1 : now.getUTCDate()));
  if (span === 'week') day.setUTCDate(day.getUTCDate() - 6);
  return day.toISOString().slice(0, 10);
}

/** Exact to the micro-dollar; unknown as soon as one that has begun is. */
export function sumOfTasks(tasks: readonly Pick<Task, 'costUsd' | 'knownCostUsd' | 'startedAt'>[]) {
  const micros = tasks.reduce((sum, task) => sum + toMicros(task.knownCostUsd), 0);
  const isWhole = tasks.every((task) => task.costUsd !== null || task.startedAt === null);
  return { costUsd: isWhole ? toUsd(micros) : null, knownUsd: toUsd(micros) };
}
