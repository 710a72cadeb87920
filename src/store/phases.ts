import { and, eq, sql } from 'drizzle-orm';
import type { PhaseName } from '#src/domain/phase.ts';
import type { Failure } from '#src/errors.ts';
import type { Queryable } from '#src/store/database.ts';
import type { PhaseRow } from '#src/store/runs.ts';
import { phases } from '#src/store/schema.ts';

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

export type AttemptEnd = {
  state: 'passed' | 'failed';
  commit?: string | null;
  error?: Failure | null;
  /** US dollars; null when unknown. */
  costUsd: number | null;
  tokens: number;
};

export async function endAttempt(tx: Queryable, key: AttemptKey, end: AttemptEnd): Promise<void> {
  await tx
    .update(phases)
    .set({ ...end, endedAt: sql`coalesce(${phases.endedAt}, now())` })
    .where(matches(key));
}

/** Closes what a run leaves open when it ends in the middle of a phase. */
export async function failOpenAttempts(tx: Queryable, adwId: string, error: Failure): Promise<void> {
  await tx
    .update(phases)
    .set({ state: 'failed', error, endedAt: sql`now()` })
    .where(and(eq(phases.adwId, adwId), eq(phases.state, 'running')));
}

const matches = (key: AttemptKey) =>
  and(eq(phases.adwId, key.adwId), eq(phases.phase, key.phase), eq(phases.attempt, key.attempt));
