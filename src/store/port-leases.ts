/** Who has which block of ports. A lease is renewed whenever its ports are used and while the task has a worktree. */

import type { BlockWish } from '#src/domain/port-block.ts';
import type { Queryable } from '#src/store/database.ts';
import { isDuplicate } from '#src/store/database-error.ts';
import { and, eq, inArray, isNull, notExists, sql } from '#src/store/drizzle.ts';
import { runs } from '#src/store/schema.ts';
import { portLeases, worktrees } from '#src/store/schema-host.ts';

/**
 * The task's block, renewed; a new one where it has none or does not want it. One statement, so that finding and taking
 * cannot come apart; when another was faster with the same block, it is asked again. Undefined when none is left.
 */
export async function takeLease(db: Queryable, wish: BlockWish): Promise<number | undefined> {
  for (let look = Math.min(fewBlocks, wish.range.count); ; ) {
    const { taken, wanted } = await takeOnce(db, wish, look);
    if (taken !== null) return taken;
    if (wanted === null && look === wish.range.count) return undefined;
    if (wanted === null) look = wish.range.count;
  }
}

/** Enough to find a free one nearly always, and twenty times quicker than all. */
const fewBlocks = 16;

type Taken = { taken: number | null; wanted: number | null };

async function takeOnce(db: Queryable, wish: BlockWish, look: number): Promise<Taken> {
  const { taskId, names, range, start, without } = wish;
  const unwanted = sql`${sql.param(without)}::int[]`;
  const named = (firstPort: ReturnType<typeof sql>) =>
    sql`(select jsonb_object_agg(name, ${firstPort} + nth - 1) from unnest(${sql.param(names)}::text[]) with ordinality n(name, nth))`;
  // A lease that a crash of the database takes back was told to nobody: what a run keeps of it is committed later, and waits.
  const quick = sql`select set_config('synchronous_commit', 'off', true)`;
  const statement = sql`
    with quick as materialized (${quick}),
    kept as (
      update ${portLeases} set renewed_at = now(), names = ${named(sql`first_port`)}
      from quick where task_id = ${taskId} and first_port <> all(${unwanted}) returning first_port),
    wanted as (
      select port from (
        select ${range.first}::int + ((${start}::int + nth) % ${range.count}::int) * ${range.size}::int as port, nth
        from generate_series(0, ${look}::int - 1) nth) blocks
      where not exists (select from kept) and port <> all(${unwanted})
        and not exists (select from ${portLeases} where first_port = port)
      order by nth limit 1),
    moved as (
      update ${portLeases} set first_port = port, renewed_at = now(), names = ${named(sql`port`)}
      from wanted where task_id = ${taskId} returning first_port),
    made as (
      insert into ${portLeases} (first_port, task_id, names) select port, ${taskId}, ${named(sql`port`)} from wanted
      where not exists (select from ${portLeases} where task_id = ${taskId})
      on conflict do nothing returning first_port)
    select (select port from wanted) as wanted,
      coalesce((select first_port from kept), (select first_port from moved), (select first_port from made)) as taken`;
  try {
    const { rows } = await db.execute<Taken>(statement);
    return rows[0] ?? { taken: null, wanted: null };
  } catch (e) {
    if (isDuplicate(e)) return { taken: null, wanted: start }; // a move met another task on its way to the same block
    throw e;
  }
}

export type Lease = { taskId: string; ports: Record<string, number> };

export async function listLeases(db: Queryable, taskIds: readonly string[]): Promise<Lease[]> {
  if (taskIds.length === 0) return [];
  const rows = await db
    .select()
    .from(portLeases)
    .where(inArray(portLeases.taskId, [...taskIds]));
  return rows.map(({ taskId, names }) => ({ taskId, ports: names ?? {} }));
}

export async function releaseLease(db: Queryable, taskId: string): Promise<void> {
  await db.delete(portLeases).where(eq(portLeases.taskId, taskId));
}

export async function listLeasingTasks(db: Queryable): Promise<string[]> {
  const rows = await db.select({ taskId: portLeases.taskId }).from(portLeases);
  return rows.map((row) => row.taskId);
}

const worktreeOfLease = (db: Queryable) =>
  db
    .select({ one: sql`1` })
    .from(worktrees)
    .where(and(eq(worktrees.taskId, portLeases.taskId), isNull(worktrees.deletedAt)));

/** Renews the leases of all tasks that have a worktree. */
export async function renewLeases(db: Queryable): Promise<void> {
  await db
    .update(portLeases)
    .set({ renewedAt: sql`now()` })
    .where(sql`exists ${worktreeOfLease(db)}`);
}

/** Tasks whose lease ran out: no worktree and no run, and nobody used the ports for an hour. */
export async function listExpiredLeases(db: Queryable): Promise<string[]> {
  const active = db
    .select({ one: sql`1` })
    .from(runs)
    .where(and(eq(runs.taskId, portLeases.taskId), inArray(runs.status, ['queued', 'running'])));
  const rows = await db
    .select({ taskId: portLeases.taskId })
    .from(portLeases)
    .where(
      and(sql`${portLeases.renewedAt} < now() - interval '1 hour'`, notExists(worktreeOfLease(db)), notExists(active)),
    );
  return rows.map((row) => row.taskId);
}
