import type { PhaseName } from '#src/domain/phase.ts';
import type { Failure } from '#src/errors.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, desc, eq, sql } from '#src/store/drizzle.ts';
import type { PhaseRow } from '#src/store/runs.ts';
import { evidence, phases } from '#src/store/schema.ts';
import { costs } from '#src/store/schema-costs.ts';

export type AttemptKey = { adwId: string; phase: PhaseName; attempt: number };

/** Begins an attempt, or finds it begun: its row, with the parent and the date of its commit, never changes after. */
export async function beginAttempt(
  tx: Queryable,
  key: AttemptKey,
  facts: { taskId: string; agent: string | null; parent: string },
): Promise<PhaseRow> {
  await tx
    .insert(phases)
    .values({ ...key, ...facts, state: 'running' })
    .onConflictDoNothing();
  const [row] = await tx.select().from(phases).where(matches(key));
  if (!row) throw new Error(`attempt ${key.attempt} of ${key.phase} in ${key.adwId} is missing`);
  return row;
}

/** A person decided to leave this phase out of the run; no attempt of it has the number 0. */
export async function skipPhase(tx: Queryable, key: Omit<AttemptKey, 'attempt'>, taskId: string): Promise<void> {
  await tx.insert(phases).values({ ...key, taskId, attempt: 0, state: 'skipped', costUsd: 0, endedAt: sql`now()` });
}

export async function findSkippedPhase(db: Queryable, adwId: string): Promise<PhaseName | null> {
  const [row] = await db
    .select({ phase: phases.phase })
    .from(phases)
    .where(and(eq(phases.adwId, adwId), eq(phases.state, 'skipped')));
  return (row?.phase ?? null) as PhaseName | null;
}

export const hasPassed = async (db: Queryable, adwId: string, phase: PhaseName): Promise<boolean> =>
  (await db.$count(phases, and(eq(phases.adwId, adwId), eq(phases.phase, phase), eq(phases.state, 'passed')))) > 0;

export type AttemptEnd = {
  state: 'passed' | 'failed';
  commit?: string | null;
  error?: Failure | null;
};

export async function endAttempt(tx: Queryable, key: AttemptKey, end: AttemptEnd): Promise<void> {
  await tx
    .update(phases)
    .set({ ...end, ...ledger, endedAt: sql`coalesce(${phases.endedAt}, now())` })
    .where(matches(key));
}

/** Closes what a run leaves open when it ends in the middle of a phase. */
export async function failOpenAttempts(tx: Queryable, adwId: string, error: Failure): Promise<void> {
  await tx
    .update(phases)
    .set({ state: 'failed', error, ...ledger, endedAt: sql`now()` })
    .where(and(eq(phases.adwId, adwId), eq(phases.state, 'running')));
}

const ofAttempt = sql`from ${costs} c where c.task_id = ${phases.taskId} and c.adw_id = ${phases.adwId}
  and c.phase = ${phases.phase} and c.attempt = ${phases.attempt}`;

/** What the ledger says of an attempt: nothing was to pay without a session, and a session without a price makes the sum unknown. */
const ledger = {
  costUsd: sql`(select case when coalesce(bool_and(c.cost_micros is not null), true)
    then coalesce(sum(c.cost_micros), 0) / 1000000.0 end ${ofAttempt})`,
  tokens: sql`(select coalesce(sum(c.input_tokens + c.output_tokens + c.cache_read_tokens + c.cache_write_tokens), 0) ${ofAttempt})`,
};

/** Belongs to every change of the ledger, so that the row says what the ledger does. */
export async function settleAttempt(
  tx: Queryable,
  key: { adwId: string; phase: string; attempt: number },
): Promise<void> {
  await tx
    .update(phases)
    .set(ledger)
    .where(matches({ ...key, phase: key.phase as PhaseName }));
}

const matches = (key: AttemptKey) =>
  and(eq(phases.adwId, key.adwId), eq(phases.phase, key.phase), eq(phases.attempt, key.attempt));

/** Commits of a task's branch at which the project's tests passed, newest first. */
export async function listTestedCommits(db: Queryable, taskId: string): Promise<string[]> {
  const rows = await db
    .select({ parent: phases.parent })
    .from(evidence)
    .innerJoin(
      phases,
      and(eq(phases.adwId, evidence.adwId), eq(phases.phase, evidence.phase), eq(phases.attempt, evidence.attempt)),
    )
    .where(and(eq(evidence.taskId, taskId), eq(evidence.kind, 'tests'), eq(evidence.passed, true)))
    .orderBy(desc(evidence.id))
    .limit(3);
  return rows.flatMap(({ parent }) => parent ?? []);
}
