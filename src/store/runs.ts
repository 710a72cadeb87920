import type { PhaseAttempt, PhaseName } from '#src/domain/phase.ts';
import type { NewComment } from '#src/domain/pull-request.ts';
import type { Rework } from '#src/domain/rework.ts';
import type { Run } from '#src/domain/run.ts';
import type { RunStatus, WorkflowType } from '#src/domain/workflow.ts';
import { type Failure, SentraError } from '#src/errors.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, asc, desc, eq, sql } from '#src/store/drizzle.ts';
import { isOneOf } from '#src/store/one-of.ts';
import { readAll } from '#src/store/read-all.ts';
import { phases, runs, tasks } from '#src/store/schema.ts';
import { toIso, toIsoOrForever, toIsoOrNull } from '#src/store/time.ts';

export type RunRow = typeof runs.$inferSelect;
export type PhaseRow = typeof phases.$inferSelect;
export type RunWithPhases = { run: RunRow; phases: PhaseRow[] };

export type NewRun = {
  adwId: string;
  taskId: string;
  workflowType: WorkflowType;
  fromPhase: PhaseName | null;
  comments: NewComment[] | null;
  rework?: Rework | null;
};

/** Keeps a queued run. Throws `already_running` when the task has an active one (unique index runs_one_active). */
export async function insertRun(tx: Queryable, run: NewRun): Promise<void> {
  const rows = await tx
    .insert(runs)
    .values({ ...run, status: 'queued' })
    .onConflictDoNothing()
    .returning({ adwId: runs.adwId });
  if (!rows.length)
    throw new SentraError(
      'already_running',
      `A run of ${run.taskId} is in progress; cancel it or wait for it (\`npx sentra task wait ${run.taskId}\`).`,
    );
}

/** How often the merge queue has sent this task back. */
export const countReworks = (db: Queryable, taskId: string): Promise<number> =>
  db.$count(runs, and(eq(runs.taskId, taskId), sql`${runs.rework}->>'kind' in ('conflict', 'red')`));

export async function findRunRow(db: Queryable, adwId: string): Promise<RunRow | undefined> {
  const [row] = await db.select().from(runs).where(eq(runs.adwId, adwId));
  return row;
}

export async function getRunRow(db: Queryable, adwId: string): Promise<RunRow> {
  const row = await findRunRow(db, adwId);
  if (!row) throw new SentraError('not_found', `There is no run ${adwId}.`);
  return row;
}

/** The newest run of a task that is queued or running. */
export async function findActiveRun(db: Queryable, taskId: string): Promise<RunRow | undefined> {
  const rows = await db.select().from(runs).where(eq(runs.taskId, taskId)).orderBy(desc(runs.createdAt)).limit(1);
  return rows.find((row) => row.status === 'queued' || row.status === 'running');
}

/** Moves an active run on. Answers false when it has ended already: an ended run never changes. */
export async function setRunStatus(
  tx: Queryable,
  adwId: string,
  status: RunStatus,
  error: Failure | null = null,
): Promise<boolean> {
  const ended = status !== 'queued' && status !== 'running';
  const rows = await tx
    .update(runs)
    .set({
      status,
      error,
      ...(status === 'running' ? { startedAt: sql`coalesce(${runs.startedAt}, now())` } : {}),
      ...(ended ? { endedAt: sql`now()` } : {}),
    })
    .where(sql`${runs.adwId} = ${adwId} and ${runs.status} in ('queued', 'running')`)
    .returning({ adwId: runs.adwId });
  return rows.length === 1;
}

/**
 * This worker executes the run from now on. Answers the number of the execution: an older one may write no more. Undefined when the
 * run was given to another worker, while this one slept.
 */
export async function takeRun(db: Queryable, adwId: string, workerId: string): Promise<number | undefined> {
  const [row] = await db
    .update(runs)
    .set({ workerId, epoch: sql`${runs.epoch} + 1`, releasedAt: null })
    .where(sql`${runs.adwId} = ${adwId} and coalesce(${runs.workerId}, ${workerId}) = ${workerId}`)
    .returning({ epoch: runs.epoch });
  return row?.epoch;
}

/** Holds off a takeover until the transaction ends; false when one has happened. */
export async function holdsRun(tx: Queryable, adwId: string, epoch: number): Promise<boolean> {
  // The task's row first: who starts or cancels a task locks it before its run, and the other way round they would meet head-on.
  await tx.execute(
    sql`select from ${tasks} where id = (select task_id from ${runs} where adw_id = ${adwId}) for update`,
  );
  const rows = await tx
    .select({ adwId: runs.adwId })
    .from(runs)
    .where(sql`${runs.adwId} = ${adwId} and ${runs.epoch} = ${epoch}`)
    .for('share');
  return rows.length === 1;
}

/** What a dead worker had is another's, and the execution that it had begun may write no more. Answers how many. */
export async function moveRuns(tx: Queryable, { from, to }: { from: string; to: string }): Promise<number> {
  const rows = await tx
    .update(runs)
    .set({ workerId: to, epoch: sql`${runs.epoch} + 1`, releasedAt: sql`now()` })
    .where(sql`${runs.workerId} = ${from} and ${runs.status} in ('queued', 'running')`)
    .returning({ adwId: runs.adwId });
  return rows.length;
}

export async function releaseRun(db: Queryable, adwId: string, epoch: number): Promise<void> {
  await db
    .update(runs)
    .set({ releasedAt: sql`now()` })
    .where(sql`${runs.adwId} = ${adwId} and ${runs.epoch} = ${epoch}`);
}

/** Runs that a worker executes, or did when it died. */
export const listRunsOfWorker = (db: Queryable, workerId: string): Promise<{ adwId: string; taskId: string }[]> =>
  db
    .select({ adwId: runs.adwId, taskId: runs.taskId })
    .from(runs)
    .where(sql`${runs.workerId} = ${workerId} and ${runs.releasedAt} is null`);

/** Workers of which something may be at work still: also of runs that ended meanwhile, which the durable engine forgets. */
export async function listUnreleasedWorkers(db: Queryable): Promise<string[]> {
  const rows = await db
    .selectDistinct({ workerId: runs.workerId })
    .from(runs)
    .where(sql`${runs.releasedAt} is null and ${runs.workerId} is not null`);
  return rows.flatMap(({ workerId }) => workerId ?? []);
}

/** What a worker had at work when it died: nothing of it is, and what has ended is not taken up again. */
export async function releaseEndedRuns(db: Queryable, workerId: string): Promise<void> {
  await db
    .update(runs)
    .set({ releasedAt: sql`now()` })
    .where(
      sql`${runs.workerId} = ${workerId} and ${runs.releasedAt} is null and ${runs.status} not in ('queued', 'running')`,
    );
}

/** `until` null: for as long as nobody wakes it (`wakeRun`). */
export type Parking = { until: string | null } | { afterMs: number };

/** Takes the slot from an active run. Answers until when it is parked, undefined when it has ended. */
export async function parkRun(
  tx: Queryable,
  adwId: string,
  parking: Parking,
  failure: Failure,
): Promise<{ until: string | null } | undefined> {
  const until =
    'until' in parking
      ? sql`${parking.until ?? 'infinity'}::timestamptz`
      : sql`now() + ${parking.afterMs} * interval '1 millisecond'`;
  const [row] = await tx
    .update(runs)
    .set({ status: 'queued', dispatchedAt: null, parkedUntil: until, parkedFor: failure })
    .where(sql`${runs.adwId} = ${adwId} and ${runs.status} in ('queued', 'running')`)
    .returning({ until: runs.parkedUntil });
  return row?.until ? { until: toIsoOrForever(row.until) } : undefined;
}

/** Until when the active run of a task has no slot, and why; by the database's clock. */
export async function findParking(
  db: Queryable,
  taskId: string,
): Promise<{ until: string | null; failure: Failure } | undefined> {
  const [row] = await db
    .select({ until: runs.parkedUntil, failure: runs.parkedFor })
    .from(runs)
    .where(sql`${runs.taskId} = ${taskId} and ${runs.status} = 'queued' and ${runs.parkedUntil} > now()`);
  return row?.until && row.failure ? { until: toIsoOrForever(row.until), failure: row.failure } : undefined;
}

/** How long a parked run waits at least, in milliseconds, 0 when its time has come; undefined when it has a slot again. */
export async function readWait(db: Queryable, adwId: string): Promise<number | undefined> {
  const [row] = await db
    .select({
      hasSlot: sql<boolean>`${runs.dispatchedAt} is not null`,
      // A time without end cannot be subtracted from.
      waitMs: sql<number>`greatest(0, coalesce(extract(epoch from least(${runs.parkedUntil}, now() + interval '1 day') - now()) * 1000, 0))::float8`,
    })
    .from(runs)
    .where(eq(runs.adwId, adwId));
  return row && !row.hasSlot ? row.waitMs : undefined;
}

/** What a parked run waits for has come early: from now on it waits for a slot only. False when it is not parked any more. */
export async function wakeRun(tx: Queryable, adwId: string): Promise<boolean> {
  const rows = await tx
    .update(runs)
    .set({ parkedUntil: sql`now()` })
    .where(sql`${runs.adwId} = ${adwId} and ${runs.status} = 'queued' and ${runs.parkedUntil} > now()`)
    .returning({ adwId: runs.adwId });
  return rows.length === 1;
}

/** Goes on with a parked run that has a slot again; answers false when it is not one. */
export async function unparkRun(tx: Queryable, adwId: string): Promise<boolean> {
  const rows = await tx
    .update(runs)
    .set({ status: 'running', parkedUntil: null, parkedFor: null })
    .where(sql`${runs.adwId} = ${adwId} and ${runs.status} = 'queued' and ${runs.dispatchedAt} is not null`)
    .returning({ adwId: runs.adwId });
  return rows.length === 1;
}

/** Runs of several tasks, newest first, with their attempts in the order in which they began. */
export async function listRunsOf(db: Queryable, taskIds: readonly string[]): Promise<RunWithPhases[]> {
  const [runRows, phaseRows] = await readAll(db, [
    async () =>
      db.select().from(runs).where(isOneOf(runs.taskId, taskIds)).orderBy(desc(runs.createdAt), desc(runs.adwId)),
    async () =>
      db
        .select()
        .from(phases)
        .where(isOneOf(phases.taskId, taskIds))
        .orderBy(asc(phases.startedAt), asc(phases.attempt)),
  ]);
  const phasesOf = Map.groupBy(phaseRows, (phase) => phase.adwId);
  return runRows.map((run) => ({ run, phases: phasesOf.get(run.adwId) ?? [] }));
}

export const toRun = ({ run, phases: attempts }: RunWithPhases): Run => ({
  adwId: run.adwId,
  taskId: run.taskId,
  workflowType: run.workflowType as WorkflowType,
  status: run.status as RunStatus,
  error: run.error ? { code: run.error.code, message: run.error.message } : null,
  createdAt: toIso(run.createdAt),
  startedAt: toIsoOrNull(run.startedAt),
  endedAt: toIsoOrNull(run.endedAt),
  peakMemory: run.peakMemory,
  cpuSeconds: run.cpuSeconds,
  phases: attempts.map(toAttempt),
});

const toAttempt = (row: PhaseRow): PhaseAttempt => ({
  phase: row.phase as PhaseName,
  state: row.state as PhaseAttempt['state'],
  attempt: row.attempt,
  commit: row.commit,
  agent: row.agent,
  startedAt: toIso(row.startedAt),
  endedAt: toIsoOrNull(row.endedAt),
  costUsd: row.costUsd,
  error: row.error ? { code: row.error.code, message: row.error.message } : null,
});
