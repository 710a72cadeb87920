import type { TaskQuery } from '#src/domain/api/routes.ts';
import type { NewTask, Task, TaskFields, TaskStatus } from '#src/domain/task.ts';
import { SentraError } from '#src/errors.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, desc, eq, ilike, lt, or, type SQL, sql } from '#src/store/drizzle.ts';
import { isOneOf } from '#src/store/one-of.ts';
import { findActiveRun } from '#src/store/runs.ts';
import { tasks } from '#src/store/schema.ts';
import { assembleTasks } from '#src/store/task-view.ts';

export type TaskRow = typeof tasks.$inferSelect;

export type NewTaskRow = { id: string; task: Omit<NewTask, 'dependencies'>; idempotencyKey?: string | undefined };

const rowsAtOnce = 500;

/**
 * Keeps new tasks without their dependencies, each a moment younger than the one before. Answers how many: one whose
 * idempotency key is there already is left out.
 */
export async function insertTasks(tx: Queryable, news: readonly NewTaskRow[]): Promise<number> {
  let kept = 0;
  for (let first = 0; first < news.length; first += rowsAtOnce) {
    const values = news.slice(first, first + rowsAtOnce).map(({ id, task, idempotencyKey }, at) => ({
      id,
      ...task,
      status: 'pending',
      idempotencyKey: idempotencyKey ?? null,
      createdAt: sql`now() + ${first + at} * interval '1 microsecond'`,
    }));
    const rows = await tx
      .insert(tasks)
      .values(values)
      .onConflictDoNothing({ target: tasks.idempotencyKey })
      .returning({ id: tasks.id });
    kept += rows.length;
  }
  return kept;
}

/** In the order of the keys; those that nobody used are left out. */
export async function listTasksByIdempotencyKeys(db: Queryable, keys: readonly string[]): Promise<Task[]> {
  const rows = await db.select().from(tasks).where(isOneOf(tasks.idempotencyKey, keys));
  const byKey = new Map(rows.map((row) => [row.idempotencyKey, row]));
  return assembleTasks(
    db,
    keys.flatMap((key) => byKey.get(key) ?? []),
  );
}

export async function getTaskRow(db: Queryable, id: string): Promise<TaskRow> {
  const [row] = await db.select().from(tasks).where(eq(tasks.id, id));
  if (!row)
    throw new SentraError('not_found', `There is no task ${id}; \`npx sentra task list\` shows those there are.`);
  return row;
}

export async function getTask(db: Queryable, id: string): Promise<Task> {
  const [task] = await assembleTasks(db, [await getTaskRow(db, id)]);
  if (!task) throw new Error(`task ${id} could not be assembled`);
  return task;
}

/** In the order given. Ids that do not exist are left out. */
export async function getTasks(db: Queryable, ids: readonly string[]): Promise<Task[]> {
  if (!ids.length) return [];
  const found = await assembleTasks(db, await db.select().from(tasks).where(isOneOf(tasks.id, ids)));
  const byId = new Map(found.map((task) => [task.id, task]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** Newest first. The cursor is the last row's creation time and id. */
export async function listTasks(db: Queryable, query: TaskQuery): Promise<{ items: Task[]; nextCursor?: string }> {
  const rows = await db
    .select()
    .from(tasks)
    .where(and(...conditions(query)))
    .orderBy(desc(tasks.createdAt), desc(tasks.id))
    .limit(query.limit + 1);
  const page = rows.slice(0, query.limit);
  const items = await assembleTasks(db, page);
  const last = page.at(-1);
  const more = rows.length > query.limit && last;
  return {
    items: query.phase ? items.filter((task) => task.phase === query.phase) : items,
    ...(more ? { nextCursor: `${last.createdAt}|${last.id}` } : {}),
  };
}

function conditions(query: TaskQuery): SQL[] {
  const [createdAt, id] = query.cursor?.split('|') ?? [];
  if (query.cursor && (!createdAt || !id || Number.isNaN(Date.parse(createdAt))))
    throw new SentraError('invalid', 'The cursor is not one that a list of tasks gave; leave it out to start anew.');
  const text = query.q && `%${query.q.replace(/[\\%_]/g, '\\$&')}%`;
  return [
    query.projectId && eq(tasks.projectId, query.projectId),
    query.status && eq(tasks.status, query.status),
    query.type && eq(tasks.type, query.type),
    query.priority && eq(tasks.priority, query.priority),
    text && or(ilike(tasks.title, text), ilike(tasks.description, text), ilike(tasks.id, text)),
    createdAt && id && or(lt(tasks.createdAt, createdAt), and(eq(tasks.createdAt, createdAt), lt(tasks.id, id))),
  ].filter((c): c is SQL => Boolean(c));
}

export async function updateTask(tx: Queryable, id: string, patch: Omit<TaskFields, 'dependencies'>): Promise<void> {
  if (Object.keys(patch).length) await tx.update(tasks).set(patch).where(eq(tasks.id, id));
}

export async function setTaskPlan(tx: Queryable, id: string, plan: string): Promise<void> {
  await tx.update(tasks).set({ plan }).where(eq(tasks.id, id));
}

/** Something a person should know that stops nothing, such as a push that was refused; null takes it away. */
export async function setTaskNotice(tx: Queryable, id: string, notice: string | null): Promise<void> {
  await tx.update(tasks).set({ notice }).where(eq(tasks.id, id));
}

type Decision = 'skippedAt' | 'cancelledAt' | 'endedWithoutChangesAt';

/** Records a decision about a task, now. */
export async function decide(tx: Queryable, id: string, decision: Decision): Promise<void> {
  await tx
    .update(tasks)
    .set({ [decision]: sql`now()` })
    .where(eq(tasks.id, id));
}

export async function setReverts(tx: Queryable, id: string, reverts: string): Promise<void> {
  await tx.update(tasks).set({ reverts }).where(eq(tasks.id, id));
}

/** Takes back what ended the task, because it is started again. */
export async function reopen(tx: Queryable, id: string): Promise<void> {
  await tx
    .update(tasks)
    .set({ cancelledAt: null, skippedAt: null, endedWithoutChangesAt: null, completedAt: null, notice: null })
    .where(eq(tasks.id, id));
}

export async function markStarted(tx: Queryable, id: string): Promise<void> {
  await tx
    .update(tasks)
    .set({ startedAt: sql`coalesce(${tasks.startedAt}, now())` })
    .where(eq(tasks.id, id));
}

export const countTasksIn = (db: Queryable, status: TaskStatus): Promise<number> =>
  db.$count(tasks, eq(tasks.status, status));

export async function getStatuses(db: Queryable, ids: readonly string[]): Promise<Map<string, TaskStatus>> {
  const rows = await db.select({ id: tasks.id, status: tasks.status }).from(tasks).where(isOneOf(tasks.id, ids));
  return new Map(rows.map((row) => [row.id, row.status as TaskStatus]));
}

/** Locks the task's row until the transaction ends; answers its status. */
export async function lockTask(tx: Queryable, id: string): Promise<TaskStatus> {
  const [row] = await tx.select({ status: tasks.status }).from(tasks).where(eq(tasks.id, id)).for('update');
  if (!row) throw new Error(`there is no task ${id}`);
  return row.status as TaskStatus;
}

/**
 * Locks the task's row, which every start of a run writes to, so that none begins until the transaction ends. The status, or
 * undefined when a run is at work or waits.
 */
export async function lockIdleTask(tx: Queryable, id: string): Promise<TaskStatus | undefined> {
  const [row] = await tx.select({ status: tasks.status }).from(tasks).where(eq(tasks.id, id)).for('update');
  return row && !(await findActiveRun(tx, id)) ? (row.status as TaskStatus) : undefined;
}
