import type { Peer } from '#src/domain/task-environment.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, eq, ne, sql } from '#src/store/drizzle.ts';
import { taskDependencies, tasks } from '#src/store/schema.ts';
import { portLeases } from '#src/store/schema-host.ts';

/** Tasks of the same project that have ports now: what this one waits for, what waits for it, then the others, oldest first. */
export async function listPeers(db: Queryable, taskId: string): Promise<Peer[]> {
  const own = db.select({ projectId: tasks.projectId }).from(tasks).where(eq(tasks.id, taskId));
  const edge = (from: unknown, to: unknown) =>
    sql`exists (select from ${taskDependencies} e where e.task_id = ${from} and e.depends_on = ${to})`;
  const relation = sql<
    Peer['relation']
  >`case when ${edge(taskId, tasks.id)} then 'dependency' when ${edge(tasks.id, taskId)} then 'dependant' else 'project' end`;
  const rows = await db
    .select({ taskId: tasks.id, title: tasks.title, status: tasks.status, relation, ports: portLeases.names })
    .from(portLeases)
    .innerJoin(tasks, eq(tasks.id, portLeases.taskId))
    .where(and(eq(tasks.projectId, own), ne(tasks.id, taskId)))
    .orderBy(sql`case ${relation} when 'dependency' then 1 when 'dependant' then 2 else 3 end`, tasks.createdAt);
  return rows.map((row) => ({ ...row, status: row.status as Peer['status'], ports: row.ports ?? {} }));
}
