import type { Evidence } from '#src/domain/evidence.ts';
import type { Queryable } from '#src/store/database.ts';
import { asc, eq } from '#src/store/drizzle.ts';
import { evidence } from '#src/store/schema.ts';
import { toIso } from '#src/store/time.ts';

export type NewEvidence = Pick<
  Evidence,
  'taskId' | 'adwId' | 'phase' | 'attempt' | 'kind' | 'passed' | 'exitCode' | 'summary' | 'data'
> & { ordinal?: number };

/** Keeps a piece of evidence once, however often its step runs; false when it was there already. */
export async function insertEvidence(tx: Queryable, item: NewEvidence): Promise<boolean> {
  const rows = await tx.insert(evidence).values(item).onConflictDoNothing().returning({ id: evidence.id });
  return rows.length === 1;
}

export async function listEvidence(db: Queryable, taskId: string): Promise<Evidence[]> {
  const rows = await db.select().from(evidence).where(eq(evidence.taskId, taskId)).orderBy(asc(evidence.id));
  return rows.map(({ ordinal: _, ...row }) => ({
    ...row,
    phase: row.phase as Evidence['phase'],
    kind: row.kind as Evidence['kind'],
    createdAt: toIso(row.createdAt),
  }));
}
