/**
 * Worktrees prepared ahead. States: `filling` (one worker works on it), `ready`, `claimed` (a task is taking it, or was killed
 * over that), `dropping`. Who moves a row on from `ready` has it: the update is the lock.
 */

import type { Queryable } from '#src/store/database.ts';
import { and, eq, sql } from '#src/store/drizzle.ts';
import { poolVerdicts, poolWorktrees } from '#src/store/schema-host.ts';

export type PoolRow = typeof poolWorktrees.$inferSelect;
export type PoolState = 'filling' | 'ready' | 'claimed' | 'dropping';

export async function insertPooled(
  db: Queryable,
  row: Pick<PoolRow, 'id' | 'projectId' | 'path' | 'base' | 'settings' | 'workerId'>,
): Promise<PoolRow> {
  const [made] = await db
    .insert(poolWorktrees)
    .values({ ...row, state: 'filling' })
    .returning();
  return made as PoolRow;
}

export const listPool = (db: Queryable): Promise<PoolRow[]> =>
  db.select().from(poolWorktrees).orderBy(poolWorktrees.createdAt, poolWorktrees.id);

/** The worktree that a task took and has not finished taking. */
export async function findClaim(db: Queryable, taskId: string): Promise<PoolRow | undefined> {
  const [row] = await db.select().from(poolWorktrees).where(eq(poolWorktrees.taskId, taskId));
  return row;
}

/** Takes the best ready one for a task; of several tasks at once each gets another. One at the wanted commit comes first. */
export async function claimPooled(
  db: Queryable,
  { projectId, taskId, base, settings }: { projectId: string; taskId: string; base: string; settings: string },
): Promise<PoolRow | undefined> {
  // The inner lock passes over rows that another claim holds at this moment; the outer condition sees those that it took.
  const best = sql`(select id from ${poolWorktrees} where project_id = ${projectId} and state = 'ready' and settings = ${settings}
    order by (base = ${base}) desc, ready_at, id limit 1 for update skip locked)`;
  const [row] = await db
    .update(poolWorktrees)
    .set({ state: 'claimed', taskId, claimedAt: sql`now()` })
    .where(and(sql`id = ${best}`, eq(poolWorktrees.state, 'ready')))
    .returning();
  return row;
}

/** Moves a row on when it still is in one of `from`; undefined when somebody else was first. */
export async function movePooled(
  db: Queryable,
  id: string,
  from: PoolState,
  set: { state: PoolState; workerId?: string; taskId?: null },
): Promise<PoolRow | undefined> {
  const [row] = await db
    .update(poolWorktrees)
    .set(set)
    .where(and(eq(poolWorktrees.id, id), eq(poolWorktrees.state, from)))
    .returning();
  return row;
}

export async function setPooledReady(
  db: Queryable,
  id: string,
  facts: Pick<PoolRow, 'adminDir' | 'base' | 'dependencies' | 'named'>,
): Promise<void> {
  await db
    .update(poolWorktrees)
    .set({ ...facts, state: 'ready', readyAt: sql`now()` })
    .where(and(eq(poolWorktrees.id, id), eq(poolWorktrees.state, 'filling')));
}

export async function deletePooled(db: Queryable, id: string): Promise<void> {
  await db.delete(poolWorktrees).where(eq(poolWorktrees.id, id));
}

export type Demand = {
  projectId: string;
  /** Worktrees of tasks that were made in the last half hour. */
  recent: number;
  /** Tasks without a worktree that are ready to be started. */
  waiting: number;
};

/** Of the projects that made a worktree in the last six hours and are neither paused nor removed. */
export async function listDemand(db: Queryable): Promise<Demand[]> {
  const { rows } = await db.execute<{ id: string; recent: number; waiting: number }>(sql`
    select p.id,
      count(w.task_id) filter (where w.created_at > now() - interval '30 minutes')::int as recent,
      (count(*) filter (where t.status in ('pending', 'queued') and w.task_id is null))::int as waiting
    from sentra.projects p
      join sentra.tasks t on t.project_id = p.id
      left join sentra.worktrees w on w.task_id = t.id
    where p.removed_at is null and not p.paused
    group by p.id
    having max(w.created_at) > now() - interval '6 hours'`);
  return rows.map(({ id, recent, waiting }) => ({ projectId: id, recent, waiting }));
}

/** Runs that are at work and have no complete worktree yet. */
export async function countStarting(db: Queryable): Promise<number> {
  const { rows } = await db.execute<{ count: number }>(sql`
    select count(*)::int as count from sentra.runs r left join sentra.worktrees w on w.task_id = r.task_id
    where r.status = 'running' and w.state is distinct from 'ready'`);
  return rows[0]?.count ?? 0;
}

/** Claims that no run is finishing any more. */
export async function listStuckClaims(db: Queryable): Promise<PoolRow[]> {
  const active = sql`exists (select 1 from sentra.runs r where r.task_id = ${poolWorktrees.taskId} and r.status in ('queued', 'running'))`;
  return db
    .select()
    .from(poolWorktrees)
    .where(
      sql`${poolWorktrees.state} = 'claimed' and ${poolWorktrees.claimedAt} < now() - interval '1 minute' and not ${active}`,
    );
}

/** Dependencies of this project that were found not to survive a move. */
export async function setVerdict(
  db: Queryable,
  projectId: string,
  dependencies: string,
  reason: string,
): Promise<void> {
  const row = { dependencies, reason, createdAt: sql`now()` };
  await db
    .insert(poolVerdicts)
    .values({ projectId, ...row })
    .onConflictDoUpdate({ target: poolVerdicts.projectId, set: row });
}

export async function findVerdict(db: Queryable, projectId: string, dependencies: string): Promise<string | undefined> {
  const [row] = await db
    .select()
    .from(poolVerdicts)
    .where(
      sql`${poolVerdicts.projectId} = ${projectId} and ${poolVerdicts.dependencies} = ${dependencies}
        and ${poolVerdicts.createdAt} > now() - interval '1 day'`,
    );
  return row?.reason;
}
