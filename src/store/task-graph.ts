/**
 * The edges between tasks and what follows from them: how many tasks wait for each. Who changes edges holds the project's
 * lock until the commit, so two edits at once cannot close a cycle that neither of them sees.
 */

import type { Queryable } from '#src/store/database.ts';
import { alias, and, eq, sql } from '#src/store/drizzle.ts';
import { isOneOf } from '#src/store/one-of.ts';
import { taskDependencies, tasks } from '#src/store/schema.ts';

export type Edge = { taskId: string; dependsOn: string };

/** Locks a project's graph until the transaction ends. */
export async function lockGraph(tx: Queryable, projectId: string): Promise<void> {
  await tx.execute(sql`select pg_advisory_xact_lock(7003, hashtext(${projectId}))`);
}

/** Every edge of a project's graph: task → what must be completed before it. */
export async function listDependencies(db: Queryable, projectId: string): Promise<Map<string, string[]>> {
  const rows = await db
    .select({ taskId: taskDependencies.taskId, dependsOn: taskDependencies.dependsOn })
    .from(taskDependencies)
    .innerJoin(tasks, eq(tasks.id, taskDependencies.taskId))
    .where(eq(tasks.projectId, projectId));
  const edges = new Map<string, string[]>();
  for (const { taskId, dependsOn } of rows) {
    const known = edges.get(taskId);
    if (known) known.push(dependsOn);
    else edges.set(taskId, [dependsOn]);
  }
  return edges;
}

/** Tasks in review, each with the only other one in review that it waits for: what stands on what in a stacked project. */
export async function listStacks(db: Queryable, projectId: string): Promise<{ above: string; below: string }[]> {
  const below = alias(tasks, 'below');
  const isInReview = [eq(tasks.status, 'in_review'), eq(below.status, 'in_review')];
  return db
    .select({ above: tasks.id, below: sql<string>`min(${below.id})` })
    .from(taskDependencies)
    .innerJoin(tasks, eq(tasks.id, taskDependencies.taskId))
    .innerJoin(below, eq(below.id, taskDependencies.dependsOn))
    .where(and(eq(tasks.projectId, projectId), ...isInReview))
    .groupBy(tasks.id)
    .having(sql`count(*) = 1`);
}

/** Tasks that wait for this one directly. */
export async function listDependants(db: Queryable, id: string): Promise<string[]> {
  const rows = await db
    .select({ taskId: taskDependencies.taskId })
    .from(taskDependencies)
    .where(eq(taskDependencies.dependsOn, id));
  return rows.map(({ taskId }) => taskId);
}

export async function insertDependencies(tx: Queryable, edges: readonly Edge[]): Promise<void> {
  if (!edges.length) return;
  const [ids, dependsOn] = [edges.map((e) => e.taskId), edges.map((e) => e.dependsOn)];
  await tx.execute(sql`
    insert into ${taskDependencies} (task_id, depends_on)
    select * from unnest(${sql.param(ids)}::text[], ${sql.param(dependsOn)}::text[]) on conflict do nothing`);
}

export async function replaceDependencies(tx: Queryable, id: string, dependsOn: readonly string[]): Promise<void> {
  await tx.delete(taskDependencies).where(eq(taskDependencies.taskId, id));
  await insertDependencies(
    tx,
    dependsOn.map((dependency) => ({ taskId: id, dependsOn: dependency })),
  );
}

/** Those of the ids that are tasks of the project, with their titles. */
export async function listTitles(
  db: Queryable,
  projectId: string,
  ids: readonly string[],
): Promise<Map<string, string>> {
  const rows = await db
    .select({ id: tasks.id, title: tasks.title })
    .from(tasks)
    .where(and(eq(tasks.projectId, projectId), isOneOf(tasks.id, ids)));
  return new Map(rows.map((row) => [row.id, row.title]));
}

/** A new task waits, directly or not, for one more task's worth of others: all of those unblock one more. */
export async function countNewDependant(tx: Queryable, id: string): Promise<void> {
  const { rows } = await tx.execute<{ id: string; unblocks: number }>(sql`
    with recursive above (id) as (
      select depends_on from ${taskDependencies} where task_id = ${id}
      union select d.depends_on from ${taskDependencies} d join above on d.task_id = above.id)
    select t.id, t.unblocks from ${tasks} t join above on above.id = t.id`);
  await writeUnblocks(tx, new Map(rows.map((row) => [row.id, row.unblocks + 1])));
}

/** Writes how many tasks wait for each of these, where that has changed. */
export async function writeUnblocks(tx: Queryable, counts: ReadonlyMap<string, number>): Promise<void> {
  if (!counts.size) return;
  const ids = [...counts.keys()];
  // Those that unblock more come before what waits for them, which is the order in which a change of facts locks tasks.
  await tx.execute(
    sql`select from ${tasks} where ${isOneOf(tasks.id, ids)} order by unblocks desc, id for no key update`,
  );
  await tx.execute(sql`
    update ${tasks} t set unblocks = new.unblocks
    from unnest(${sql.param(ids)}::text[], ${sql.param([...counts.values()])}::int[]) as new (id, unblocks)
    where t.id = new.id and t.unblocks <> new.unblocks`);
}
