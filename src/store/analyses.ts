import type { Analysis, AnalysisStatus, AnalysisSummary } from '#src/domain/analysis.ts';
import type { BatchTask } from '#src/domain/task.ts';
import { type Failure, SentraError } from '#src/errors.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, desc, eq, sql } from '#src/store/drizzle.ts';
import { isOneOf } from '#src/store/one-of.ts';
import { analyses } from '#src/store/schema-analysis.ts';
import { storableText } from '#src/store/text.ts';
import { toIso, toIsoOrNull } from '#src/store/time.ts';

export type AnalysisRow = typeof analyses.$inferSelect;

const active = ['queued', 'running'];

/** False when one was kept before under the same idempotency key. */
export async function insertAnalysis(
  tx: Queryable,
  row: Pick<AnalysisRow, 'id' | 'projectId' | 'name' | 'specification' | 'agent' | 'adwId' | 'idempotencyKey'>,
): Promise<boolean> {
  const kept = tx
    .insert(analyses)
    .values({ ...row, status: 'queued' })
    .onConflictDoNothing();
  return (await kept.returning({ id: analyses.id })).length > 0;
}

export async function findAnalysisByKey(db: Queryable, idempotencyKey: string): Promise<string | undefined> {
  const [row] = await db.select({ id: analyses.id }).from(analyses).where(eq(analyses.idempotencyKey, idempotencyKey));
  return row?.id;
}

export async function getAnalysisRow(db: Queryable, id: string): Promise<AnalysisRow> {
  const [row] = await db.select().from(analyses).where(eq(analyses.id, id));
  return row ?? absent(id);
}

/** For whoever changes it: nobody else does until the transaction ends. */
export async function lockAnalysis(tx: Queryable, id: string): Promise<AnalysisRow> {
  const [row] = await tx.select().from(analyses).where(eq(analyses.id, id)).for('update');
  return row ?? absent(id);
}

function absent(id: string): never {
  throw new SentraError('not_found', `There is no analysis ${id}.`);
}

const { id, projectId, name, agent, status, error, createdAt, startedAt, endedAt } = analyses;
const { specification, tasks, notes, version, taskIds } = analyses;
const short = { id, projectId, name, agent, status, error, createdAt, startedAt, endedAt };

/** Newest first. */
export async function listAnalyses(db: Queryable, projectId: string): Promise<AnalysisSummary[]> {
  const rows = await db
    .select({
      ...short,
      taskCount: sql<number>`jsonb_array_length(${analyses.tasks})`,
      costUsd: costOf,
    })
    .from(analyses)
    .where(eq(analyses.projectId, projectId))
    .orderBy(desc(analyses.createdAt), desc(analyses.id));
  return rows.map(toSummary);
}

/** Null where a session told nothing, or there was none. */
const costOf = sql<number | null>`(
  select case when count(*) = count(c.cost_micros) then sum(c.cost_micros)::float8 / 1e6 end
  from sentra.costs c where c.task_id = ${analyses.id})`;

type SummaryRow = Omit<AnalysisSummary, 'status' | 'createdAt' | 'startedAt' | 'endedAt'> &
  Record<'status' | 'createdAt', string> &
  Record<'startedAt' | 'endedAt', string | null>;

const toSummary = ({ createdAt, startedAt, endedAt, ...row }: SummaryRow): AnalysisSummary => ({
  ...row,
  status: row.status as AnalysisStatus,
  createdAt: toIso(createdAt),
  startedAt: toIsoOrNull(startedAt),
  endedAt: toIsoOrNull(endedAt),
});

/** Without `problems`, which follow from it. */
export async function getAnalysis(db: Queryable, id: string): Promise<Omit<Analysis, 'problems'>> {
  const [row] = await db
    .select({ ...short, specification, tasks, notes, version, taskIds, costUsd: costOf })
    .from(analyses)
    .where(eq(analyses.id, id));
  if (!row) return absent(id);
  const { tasks: proposed, ...rest } = row;
  const more = { specification: rest.specification, notes: rest.notes, version: rest.version, taskIds: rest.taskIds };
  return { ...toSummary({ ...rest, taskCount: proposed.length }), ...more, tasks: proposed };
}

type Ending =
  | { status: 'proposed'; tasks: BatchTask[]; notes: string[] }
  | { status: 'failed' | 'cancelled'; error: Failure };

/** A try begins to work. False when another one, or a person, has ended it. */
export async function markAnalysisRunning(tx: Queryable, { id, adwId }: Try): Promise<boolean> {
  const set = { status: 'running', startedAt: sql`coalesce(${analyses.startedAt}, now())` };
  return (await tx.update(analyses).set(set).where(isActive(id, adwId)).returning({ id: analyses.id })).length > 0;
}

/** How a try ends. False when a person has ended it meanwhile. */
export async function endAnalysis(tx: Queryable, { id, adwId }: Try, end: Ending): Promise<boolean> {
  const found =
    end.status === 'proposed' ? { tasks: storable(end.tasks), notes: storable(end.notes) } : { error: end.error };
  const set = { ...found, status: end.status, version: sql`${analyses.version} + 1`, endedAt: sql`now()` };
  return (await tx.update(analyses).set(set).where(isActive(id, adwId)).returning({ id: analyses.id })).length > 0;
}

export type Try = { id: string; adwId: string };

const isActive = (id: string, adwId: string) =>
  and(eq(analyses.id, id), eq(analyses.adwId, adwId), isOneOf(analyses.status, active));

export async function updateAnalysis(
  tx: Queryable,
  id: string,
  set: Partial<
    Pick<AnalysisRow, 'status' | 'tasks' | 'taskIds' | 'adwId' | 'error' | 'notes' | 'startedAt' | 'endedAt'>
  >,
): Promise<void> {
  await tx
    .update(analyses)
    .set({ ...set, version: sql`${analyses.version} + 1` })
    .where(eq(analyses.id, id));
}

/** Of those that there are. */
export async function listAnalysisStatuses(
  db: Queryable,
  ids: readonly string[],
): Promise<Map<string, AnalysisStatus>> {
  const rows = await db
    .select({ id: analyses.id, status: analyses.status })
    .from(analyses)
    .where(isOneOf(analyses.id, ids));
  return new Map(rows.map((row) => [row.id, row.status as AnalysisStatus]));
}

/** The one whose newest try this is. */
export async function findAnalysisOfTry(db: Queryable, adwId: string): Promise<AnalysisRow | undefined> {
  const [row] = await db.select().from(analyses).where(eq(analyses.adwId, adwId));
  return row;
}

/** What an agent said may hold what PostgreSQL refuses in jsonb. */
function storable<T>(value: T): T {
  if (typeof value === 'string') return storableText(value) as T;
  if (Array.isArray(value)) return value.map(storable) as T;
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, storable(one)])) as T;
}
