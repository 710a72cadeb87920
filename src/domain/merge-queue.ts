/** The order in which approved pull requests merge, and how many are tested as one: pure, so that it can be simulated. */
import { z } from 'zod';
import { Priority } from '#src/domain/task.ts';

export const MergeEntry = z
  .object({
    taskId: z.string(),
    title: z.string(),
    /** waiting: for those before it. testing: what the base would become. merging: the base moves. refused: a person must decide. */
    state: z.enum(['waiting', 'testing', 'merging', 'refused']),
    /** How many are before it; null when it was refused. */
    ahead: z.number().int().nullable(),
    /** Why it was refused, or what it waits for at the forge. */
    message: z.string().nullable(),
    requestedAt: z.string(),
  })
  .meta({ id: 'MergeEntry' });
export type MergeEntry = z.infer<typeof MergeEntry>;

export type WaitingMerge = {
  taskId: string;
  priority: Priority;
  /** ISO 8601. */
  requestedAt: string;
  /** Tasks that it waits for. */
  dependencies: readonly string[];
  /** Tested by itself, because it was red together with others. */
  alone: boolean;
};

/** More in one would make the search for the one at fault longer than the tests that it saves. */
const maxTogether = 8;

/** What others wait for comes before them, then by priority, then by age. */
export function orderMerges<T extends WaitingMerge>(waiting: readonly T[]): T[] {
  const ordered: T[] = [];
  const placed = new Set<string>();
  const byId = new Map(waiting.map((one) => [one.taskId, one]));
  const place = (one: T): void => {
    if (placed.has(one.taskId)) return;
    placed.add(one.taskId);
    for (const id of one.dependencies) {
      const before = byId.get(id);
      if (before) place(before);
    }
    ordered.push(one);
  };
  for (const one of [...waiting].sort(compare)) place(one);
  return ordered;
}

const compare = (a: WaitingMerge, b: WaitingMerge): number =>
  Priority.options.indexOf(b.priority) - Priority.options.indexOf(a.priority) ||
  a.requestedAt.localeCompare(b.requestedAt) ||
  a.taskId.localeCompare(b.taskId);

/**
 * Groups for one turn, each tested as a whole on top of those before it, `atOnce` groups at the same time. While there are not
 * more entries than that, each is a group of its own. `most`: in one group.
 */
export function groupMerges<T extends { alone: boolean }>(
  ordered: readonly T[],
  atOnce: number,
  most = maxTogether,
): T[][] {
  const size = Math.min(most, Math.ceil(ordered.length / Math.max(1, atOnce)));
  const groups: T[][] = [];
  for (const one of ordered) {
    const last = groups.at(-1);
    if (last && !one.alone && !last.some(({ alone }) => alone) && last.length < size) last.push(one);
    else if (groups.length < atOnce) groups.push([one]);
    else break;
  }
  return groups;
}
