/** Pull requests that are to be merged, until they are or a person must decide. A row goes when the task's work is merged, sent back or ended. */

import type { MergeEntry, WaitingMerge } from '#src/domain/merge-queue.ts';
import type { Priority } from '#src/domain/task.ts';
import { type Failure, SentraError } from '#src/errors.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, eq, inArray, ne, sql } from '#src/store/drizzle.ts';
import { isOneOf } from '#src/store/one-of.ts';
import { mergeQueue, taskDependencies, tasks } from '#src/store/schema.ts';
import { toIso } from '#src/store/time.ts';

/** `held`: why it waits for news of the forge. */
export type QueuedMerge = WaitingMerge & {
  title: string;
  adwId: string;
  state: MergeEntry['state'];
  held: string | null;
};
export type QueueRow = typeof mergeQueue.$inferSelect;

/** Keeps its place when it waits already; one that was refused begins again at the end. */
export async function joinMergeQueue(
  tx: Queryable,
  { taskId, projectId, adwId }: Pick<QueueRow, 'taskId' | 'projectId' | 'adwId'>,
): Promise<void> {
  await tx
    .insert(mergeQueue)
    .values({ taskId, projectId, adwId, state: 'waiting' })
    .onConflictDoUpdate({
      target: mergeQueue.taskId,
      set: { adwId, state: 'waiting', alone: false, failure: null, requestedAt: sql`now()` },
      setWhere: eq(mergeQueue.state, 'refused'),
    });
}

export async function findQueueRow(db: Queryable, taskId: string): Promise<QueueRow | undefined> {
  const [row] = await db.select().from(mergeQueue).where(eq(mergeQueue.taskId, taskId));
  return row;
}

/** As a pull request shows it. */
export async function findMergeEntry(
  db: Queryable,
  taskId: string,
): Promise<Pick<MergeEntry, 'state' | 'message' | 'requestedAt'> | null> {
  const row = await findQueueRow(db, taskId);
  if (!row) return null;
  const state = row.state as MergeEntry['state'];
  return { state, message: row.failure?.message ?? null, requestedAt: toIso(row.requestedAt) };
}

/** Of a project, those that were not refused, with what each task waits for. */
export async function listMergeQueue(db: Queryable, projectId: string): Promise<QueuedMerge[]> {
  const rows = await db
    .select({
      taskId: mergeQueue.taskId,
      title: tasks.title,
      adwId: mergeQueue.adwId,
      state: mergeQueue.state,
      alone: mergeQueue.alone,
      requestedAt: mergeQueue.requestedAt,
      held: sql<string | null>`${mergeQueue.failure} ->> 'message'`,
      priority: tasks.priority,
      dependencies: sql<string[]>`array(
        select d.depends_on from ${taskDependencies} d where d.task_id = ${mergeQueue.taskId} order by 1)`,
    })
    .from(mergeQueue)
    .innerJoin(tasks, eq(tasks.id, mergeQueue.taskId))
    .where(and(eq(mergeQueue.projectId, projectId), ne(mergeQueue.state, 'refused')));
  return rows.map((row) => ({
    ...row,
    state: row.state as MergeEntry['state'],
    priority: row.priority as Priority,
    requestedAt: toIso(row.requestedAt),
  }));
}

export async function listRefusedMerges(db: Queryable, projectId: string): Promise<(QueueRow & { title: string })[]> {
  const rows = await db
    .select({ row: mergeQueue, title: tasks.title })
    .from(mergeQueue)
    .innerJoin(tasks, eq(tasks.id, mergeQueue.taskId))
    .where(and(eq(mergeQueue.projectId, projectId), eq(mergeQueue.state, 'refused')))
    .orderBy(mergeQueue.requestedAt);
  return rows.map(({ row, title }) => ({ ...row, title }));
}

export async function setMergeState(
  tx: Queryable,
  taskIds: readonly string[],
  set: { state: MergeEntry['state']; alone?: boolean; failure?: Failure },
): Promise<void> {
  if (taskIds.length) await tx.update(mergeQueue).set(set).where(isOneOf(mergeQueue.taskId, taskIds));
}

/** They wait for the forge, which said why. Answers those for whom that is news. */
export async function holdMerges(tx: Queryable, taskIds: readonly string[], failure: Failure): Promise<string[]> {
  const rows = await tx
    .update(mergeQueue)
    .set({ state: 'waiting', failure })
    .where(
      and(
        isOneOf(mergeQueue.taskId, taskIds),
        ne(mergeQueue.state, 'refused'),
        sql`${mergeQueue.failure} is distinct from ${JSON.stringify(failure)}::jsonb`,
      ),
    )
    .returning({ taskId: mergeQueue.taskId });
  return rows.map(({ taskId }) => taskId);
}

/** The forge has news: those it held are tried again. Answers whether there was one. */
export async function releaseHeld(tx: Queryable, taskIds: readonly string[]): Promise<boolean> {
  const rows = await tx
    .update(mergeQueue)
    .set({ failure: null })
    .where(
      and(isOneOf(mergeQueue.taskId, taskIds), eq(mergeQueue.state, 'waiting'), sql`${mergeQueue.failure} is not null`),
    )
    .returning({ taskId: mergeQueue.taskId });
  return rows.length > 0;
}

/** Held because the forge did not answer, or lets nobody ask. */
export async function listHeldByOutage(db: Queryable, projectId: string): Promise<string[]> {
  const rows = await db
    .select({ taskId: mergeQueue.taskId })
    .from(mergeQueue)
    .where(
      and(
        eq(mergeQueue.projectId, projectId),
        eq(mergeQueue.state, 'waiting'),
        sql`${mergeQueue.failure} ->> 'code' in ('forge_unavailable', 'forge_limited')`,
      ),
    );
  return rows.map(({ taskId }) => taskId);
}

/** What a turn had taken and left waits again. */
export async function releaseMerges(tx: Queryable, taskIds: readonly string[], alone = false): Promise<void> {
  if (taskIds.length === 0) return;
  const taken = and(isOneOf(mergeQueue.taskId, taskIds), inArray(mergeQueue.state, ['testing', 'merging']));
  await tx
    .update(mergeQueue)
    .set({ state: 'waiting', ...(alone ? { alone } : {}) })
    .where(taken);
}

/** What is merged, sent back or ended has no place in it. */
export async function removeFromMergeQueue(tx: Queryable, taskIds: readonly string[]): Promise<void> {
  if (taskIds.length) await tx.delete(mergeQueue).where(isOneOf(mergeQueue.taskId, taskIds));
}

/** For a change of mind: throws `conflict` once the base is being moved. */
export async function leaveMergeQueue(tx: Queryable, taskId: string): Promise<void> {
  await tx.delete(mergeQueue).where(and(eq(mergeQueue.taskId, taskId), ne(mergeQueue.state, 'merging')));
  if (await findQueueRow(tx, taskId))
    throw new SentraError('conflict', `${taskId} is being merged at this moment; look again in a second.`);
}

/** From here on nobody withdraws them. Answers false when somebody has, or a run of one begins: then none is claimed. */
export async function claimMerges(tx: Queryable, taskIds: readonly string[]): Promise<boolean> {
  const rows = await tx
    .select({ taskId: mergeQueue.taskId })
    .from(mergeQueue)
    .where(and(isOneOf(mergeQueue.taskId, taskIds), ne(mergeQueue.state, 'refused')))
    .orderBy(mergeQueue.taskId)
    .for('update');
  if (rows.length < taskIds.length) return false;
  await setMergeState(tx, taskIds, { state: 'merging' });
  return true;
}

/** Projects with something to merge, for who makes sure that somebody is at it. */
export async function listMergingProjects(db: Queryable): Promise<string[]> {
  const rows = await db
    .selectDistinct({ projectId: mergeQueue.projectId })
    .from(mergeQueue)
    .where(ne(mergeQueue.state, 'refused'));
  return rows.map(({ projectId }) => projectId);
}
