import { and, desc, eq, ilike, inArray, lt, or, type SQL, sql } from 'drizzle-orm';
import type { TaskQuery } from '#src/domain/api/routes.ts';
import type { NewTask, Task, TaskPatch, TaskStatus } from '#src/domain/task.ts';
import { SentraError } from '#src/errors.ts';
import type { Queryable } from '#src/store/database.ts';
import { findActiveRun } from '#src/store/runs.ts';
import { taskDependencies, tasks } from '#src/store/schema.ts';
import { assembleTasks } from '#src/store/task-view.ts';

export type TaskRow = typeof tasks.$inferSelect;

/** Keeps a new task without its dependencies. Answers false when a task with this idempotency key is there already. */
export async function insertTask(tx: Queryable, id: string, task: NewTask, idempotencyKey?: string): Promise<boolean> {
  const { dependencies: _, ...columns } = task;
  const rows = await tx
    .insert(tasks)
    .values({ id, ...columns, status: 'pending', idempotencyKey: idempotencyKey ?? null })
    .onConflictDoNothing({ target: tasks.idempotencyKey })
    .returning({ id: tasks.id });
  return rows.length === 1;
}

export async function findTaskByIdempotencyKey(db: Queryable, key: string): Promise<Task | undefined> {
  const rows = await db.select().from(tasks).where(eq(tasks.idempotencyKey, key));
  return (await assembleTasks(db, rows))[0];
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
  const found = await assembleTasks(
    db,
    await db
      .select()
      .from(tasks)
      .where(inArray(tasks.id, [...ids])),
  );
  const byId = new Map(found.map((task) => [task.id, task]));
  return ids.flatMap((id) => byId.get(id) ?? []);
}

/** Those of the ids that are tasks of the project. */
export async function listTaskIds(db: Queryable, projectId: string, ids: readonly string[]): Promise<string[]> {
  const rows = await db
    .select({ id: tasks.id })
    .from(tasks)
    .where(and(eq(tasks.projectId, projectId), inArray(tasks.id, [...ids])));
  return rows.map((row) => row.id);
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

export async function updateTask(tx: Queryable, id: string, patch: Omit<TaskPatch, 'dependencies'>): Promise<void> {
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

export async function replaceDependencies(tx: Queryable, id: string, dependsOn: readonly string[]): Promise<void> {
  await tx.delete(taskDependencies).where(eq(taskDependencies.taskId, id));
  if (dependsOn.length)
    await tx
      .insert(taskDependencies)
      .values([...new Set(dependsOn)].map((dependency) => ({ taskId: id, dependsOn: dependency })));
}

/** Every edge of a project's graph: task → what must be completed before it. */
export async function listDependencies(db: Queryable, projectId: string): Promise<Map<string, string[]>> {
  const rows = await db
    .select({ taskId: taskDependencies.taskId, dependsOn: taskDependencies.dependsOn })
    .from(taskDependencies)
    .innerJoin(tasks, eq(tasks.id, taskDependencies.taskId))
    .where(eq(tasks.projectId, projectId));
  const edges = new Map<string, string[]>();
  for (const { taskId, dependsOn } of rows) edges.set(taskId, [...(edges.get(taskId) ?? []), dependsOn]);
  return edges;
}

/**
 * Locks a project's graph until the transaction ends, so that two edits at once cannot close a cycle that neither of them sees.
 */
export async function lockGraph(tx: Queryable, projectId: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(7003, hashtext(${projectId}))`);
}

/** Tasks that should start by themselves: ready, asked for, never run, project not paused; best first. */
export async function listStartable(db: Queryable, limit: number): Promise<{ id: string; projectId: string }[]> {
  const { rows } = await db.execute<{ id: string; project_id: string }>(sql`
    select t.id, t.project_id from sentra.tasks t join sentra.projects p on p.id = t.project_id
    where t.status = 'pending' and t.auto_start and not p.paused and p.removed_at is null
      and not exists (select 1 from sentra.runs r where r.task_id = t.id)
    order by case t.priority when 'high' then 0 when 'medium' then 1 else 2 end,
      (select count(*) from sentra.task_dependencies d where d.depends_on = t.id) desc, t.created_at, t.id
    limit ${limit}`);
  return rows.map((row) => ({ id: row.id, projectId: row.project_id }));
}

export const countTasksIn = (db: Queryable, status: TaskStatus): Promise<number> =>
  db.$count(tasks, eq(tasks.status, status));

export async function getStatuses(db: Queryable, ids: readonly string[]): Promise<Map<string, TaskStatus>> {
  const rows = await db
    .select({ id: tasks.id, status: tasks.status })
    .from(tasks)
    .where(inArray(tasks.id, [...ids]));
  return new Map(rows.map((row) => [row.id, row.status as TaskStatus]));
}

/**
 * Locks the task's row, which every start of a run writes to, so that none begins until the transaction ends. The status, or
 * undefined when a run is at work or waits.
 */
export async function lockIdleTask(tx: Queryable, id: string): Promise<TaskStatus | undefined> {
  const [row] = await tx.select({ status: tasks.status }).from(tasks).where(eq(tasks.id, id)).for('update');
  return row && !(await findActiveRun(tx, id)) ? (row.status as TaskStatus) : undefined;
}
