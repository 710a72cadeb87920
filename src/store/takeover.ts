/**
 * The one place that touches the tables of the durable engine (DBOS 5.3, schema `dbos`): work of a worker that died goes to another.
 * DBOS can do this for one queue only (DBOSExecutor.recoverPendingWorkflows, which this follows), and runs have a queue per worker.
 */

import type pg from 'pg';
import type { Queryable } from '#src/store/database.ts';
import { sql } from '#src/store/drizzle.ts';

export type Move = { from: string; to: string; queueOf: (workerId: string) => string };

/**
 * What `from` had begun or was about to begin is queued for `to`. The owner's mark goes, so that what a zombie still records is
 * refused. Answers the ids of the jobs.
 */
export async function moveJobs(db: Queryable, { from, to, queueOf }: Move): Promise<string[]> {
  const { rows } = await db.execute<{ id: string }>(sql`
    update dbos.workflow_status set
      status = 'ENQUEUED', owner_xid = null, started_at_epoch_ms = null,
      updated_at = (extract(epoch from now()) * 1000)::bigint,
      queue_name = case when queue_name = ${queueOf(from)} then ${queueOf(to)} else queue_name end
    where (status = 'PENDING' and executor_id = ${from}) or (status = 'ENQUEUED' and queue_name = ${queueOf(from)})
    returning workflow_uuid as id`);
  return rows.map((row) => row.id);
}

/** Workers that have jobs which they have begun, or should begin. */
export async function listOwners(db: Queryable, queuePrefix: string): Promise<string[]> {
  const { rows } = await db.execute<{ owner: string }>(sql`
    select distinct executor_id as owner from dbos.workflow_status where status = 'PENDING' and executor_id is not null
    union
    select distinct substr(queue_name, ${queuePrefix.length + 1}) from dbos.workflow_status
    where status = 'ENQUEUED' and starts_with(queue_name, ${queuePrefix})`);
  return rows.map((row) => row.owner);
}

/** Jobs that were begun with other steps than those of `version`, or before a restore. */
export async function listOutdatedJobs(db: Queryable, version: string): Promise<{ id: string; isRestored: boolean }[]> {
  const { rows } = await db.execute<{ id: string; isRestored: boolean }>(sql`
    select workflow_uuid as id, application_version = ${restoredVersion} as "isRestored" from dbos.workflow_status
    where status in ('PENDING', 'ENQUEUED') and application_version <> ${version} and started_at_epoch_ms is not null
    order by created_at`);
  return rows;
}

const restoredVersion = 'restored';

/** What was under way when a backup was made: what it did afterwards is not known, so it does not go on. Answers how many of them were runs. */
export async function markRestored(client: Pick<pg.ClientBase, 'query'>): Promise<number> {
  const { rows } = await client.query<{ runs: number }>(
    `with marked as (
       update dbos.workflow_status set application_version = $1
       where status in ('PENDING', 'ENQUEUED') and started_at_epoch_ms is not null returning workflow_uuid
     ) select count(*)::int as runs from marked join sentra.runs on adw_id = workflow_uuid`,
    [restoredVersion],
  );
  return rows[0]?.runs ?? 0;
}
