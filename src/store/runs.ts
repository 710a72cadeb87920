import { asc, desc, eq, inArray, sql } from 'drizzle-orm';
import type { PhaseAttempt, PhaseName } from '#src/domain/phase.ts';
import type { NewComment } from '#src/domain/pull-request.ts';
import type { Run } from '#src/domain/run.ts';
import type { RunStatus, WorkflowType } from '#src/domain/workflow.ts';
import { type Failure, SentraError } from '#src/errors.ts';
import type { Queryable } from '#src/store/database.ts';
import { phases, runs } from '#src/store/schema.ts';
import { toIso, toIsoOrNull } from '#src/store/time.ts';

export type RunRow = typeof runs.$inferSelect;
export type PhaseRow = typeof phases.$inferSelect;
export type RunWithPhases = { run: RunRow; phases: PhaseRow[] };

export type NewRun = {
  adwId: string;
  taskId: string;
  workflowType: WorkflowType;
  fromPhase: PhaseName | null;
  comments: NewComment[] | null;
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

/** Runs of several tasks, newest first, with their attempts in the order in which they began. */
export async function listRunsOf(db: Queryable, taskIds: readonly string[]): Promise<RunWithPhases[]> {
  const ids = [...taskIds];
  const runRows = await db
    .select()
    .from(runs)
    .where(inArray(runs.taskId, ids))
    .orderBy(desc(runs.createdAt), desc(runs.adwId));
  const phaseRows = await db
    .select()
    .from(phases)
    .where(inArray(phases.taskId, ids))
    .orderBy(asc(phases.startedAt), asc(phases.attempt));
  return runRows.map((run) => ({ run, phases: phaseRows.filter((p) => p.adwId === run.adwId) }));
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
