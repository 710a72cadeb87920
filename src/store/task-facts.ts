/** The facts from which a task's status follows, read for many tasks in one statement. */

import { deriveStatus, type TaskFacts } from '#src/domain/status.ts';
import type { TaskStatus } from '#src/domain/task.ts';
import type { Queryable } from '#src/store/database.ts';
import { sql } from '#src/store/drizzle.ts';
import { isOneOf } from '#src/store/one-of.ts';
import { projects, pullRequests, runs, taskDependencies, tasks } from '#src/store/schema.ts';

/** The columns of a task that take part. */
export const factColumns = {
  id: tasks.id,
  projectId: tasks.projectId,
  status: tasks.status,
  autoStart: tasks.autoStart,
  skippedAt: tasks.skippedAt,
  cancelledAt: tasks.cancelledAt,
  endedWithoutChangesAt: tasks.endedWithoutChangesAt,
};
type Row = Pick<typeof tasks.$inferSelect, keyof typeof factColumns>;

/**
 * What the facts say of each of these rows. In a transaction that has locked them it reads in a statement of its own: one that
 * waited for the lock would still see the other tables as they were before.
 */
export async function deriveStatuses(db: Queryable, rows: readonly Row[]): Promise<Map<string, TaskStatus>> {
  const facts = await factsOf(
    db,
    rows.map(({ id }) => id),
  );
  const statuses = new Map<string, TaskStatus>();
  for (const row of rows) {
    const stored = facts.get(row.id);
    if (!stored) continue;
    const own = {
      skipped: row.skippedAt !== null,
      cancelled: row.cancelledAt !== null,
      endedWithoutChanges: row.endedWithoutChangesAt !== null,
      autoStart: row.autoStart,
    };
    statuses.set(row.id, deriveStatus({ ...own, ...stored }));
  }
  return statuses;
}

type StoredFacts = Pick<TaskFacts, 'run' | 'dispatched' | 'pullRequest' | 'dependencies' | 'stacked'>;

async function factsOf(db: Queryable, ids: readonly string[]): Promise<Map<string, StoredFacts>> {
  const { rows } = await db.execute<{
    id: string;
    run: string | null;
    dispatched: boolean | null;
    pull: string | null;
    dependencies: TaskStatus[] | null;
    stacked: boolean;
  }>(sql`
    select t.id, r.status as run, r.dispatched, p.state as pull, project.stacked,
      (select array_agg(other.status) from ${taskDependencies} d join ${tasks} other on other.id = d.depends_on
        where d.task_id = t.id) as dependencies
    from ${tasks} t
    join ${projects} project on project.id = t.project_id
    left join lateral (select status, dispatched_at is not null as dispatched from ${runs}
      where task_id = t.id order by created_at desc limit 1) r on true
    left join lateral (select state from ${pullRequests} where task_id = t.id order by number desc limit 1) p on true
    where ${isOneOf(sql`t.id`, ids)}`);
  return new Map(
    rows.map((row) => [
      row.id,
      {
        run: (row.run ?? undefined) as TaskFacts['run'],
        dispatched: row.dispatched ?? false,
        pullRequest: (row.pull ?? undefined) as TaskFacts['pullRequest'],
        dependencies: row.dependencies ?? [],
        stacked: row.stacked,
      },
    ]),
  );
}
