/** Lists of tasks from elsewhere, of agents and of other programs: taken leniently in form; what was left out or put right is told. */
import type { z } from 'zod';
import { BatchTask } from '#src/domain/task.ts';

export const mostTasks = 10_000;

/** What an agent's list may say of a task; who does it, when and how it is merged is for people to say. */
export const looseFields = BatchTask.pick({
  key: true,
  title: true,
  description: true,
  type: true,
  priority: true,
  dependencies: true,
  labels: true,
  needsDevServer: true,
  noChangesExpected: true,
}).shape;

type Fields = Readonly<Record<string, z.ZodType>>;

/** The tasks of a list of anything; what was wrong with one is added to `notes`. No two have one key. */
export function readTasks(given: readonly unknown[], notes: string[], fields: Fields = looseFields): BatchTask[] {
  const read = given.flatMap((raw, at) => readTask(raw, { at, notes, fields }));
  const tasks = [...withOwnKeys(read)];
  for (const [at, { key, title }] of tasks.entries())
    if (key !== read[at]?.key)
      notes.push(`"${title}" has the key "${key}" now: another task had "${read[at]?.key}" before it.`);
  return tasks;
}

/** The same list where no two have one key; of two the first keeps it, and with it what waits for it. */
export function withOwnKeys(tasks: readonly BatchTask[]): readonly BatchTask[] {
  const taken = new Set(tasks.map(({ key }) => key));
  if (taken.size === tasks.length) return tasks;
  const seen = new Set<string>();
  return tasks.map((task) => {
    const key = seen.has(task.key) ? freeKey(task.key, taken) : task.key;
    taken.add(key);
    seen.add(key);
    return key === task.key ? task : { ...task, key };
  });
}

const longestKey = 100;

/** A key like this one that no task has. */
export function freeKey(like: string, taken: ReadonlySet<string>): string {
  for (let count = 2; ; count++) {
    const ending = `-${count}`;
    const key = `${like.slice(0, longestKey - ending.length)}${ending}`;
    if (!taken.has(key)) return key;
  }
}

function readTask(raw: unknown, { at, notes, fields }: { at: number; notes: string[]; fields: Fields }): BatchTask[] {
  const given = (typeof raw === 'object' && raw !== null ? raw : {}) as Record<string, unknown>;
  const name = `Task ${at + 1}`;
  const kept: Record<string, unknown> = {};
  for (const [field, schema] of Object.entries(fields)) {
    const value = coerce(field, given[field]);
    if (value === undefined || value === null) continue;
    const parsed = schema.safeParse(value);
    if (parsed.success) kept[field] = parsed.data;
    else notes.push(`${name}: its ${field} was left out (${parsed.error.issues[0]?.message ?? 'it is not valid'}).`);
  }
  if (kept.title === undefined) {
    notes.push(`${name} has no title and was left out.`);
    return [];
  }
  return [BatchTask.parse({ key: `t${at + 1}`, ...kept })];
}

const longestTitle = 300;

/** Numbers as keys, words in capitals, one dependency without a list: what is meant is plain. */
function coerce(field: string, value: unknown): unknown {
  if (field === 'key') return typeof value === 'number' ? String(value) : value;
  if (field === 'title') return typeof value === 'string' ? value.trim().slice(0, longestTitle) : value;
  if (field === 'type' || field === 'priority') return typeof value === 'string' ? value.trim().toLowerCase() : value;
  if (field !== 'dependencies') return value;
  const list = typeof value === 'string' || typeof value === 'number' ? [value] : value;
  return Array.isArray(list) ? list.map((one) => (typeof one === 'number' ? String(one) : one)) : list;
}
