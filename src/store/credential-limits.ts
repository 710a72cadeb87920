/** Credentials that are used up, until when. Shared by all workers, so that none asks early. */

import type { Queryable } from '#src/store/database.ts';
import { and, eq, gt, sql } from '#src/store/drizzle.ts';
import { credentialLimits } from '#src/store/schema.ts';
import { toIso } from '#src/store/time.ts';

export type CredentialLimit = { until: string; message: string };

/** A limit that is known already never gets shorter. */
export async function keepLimit(tx: Queryable, credential: string, limit: CredentialLimit): Promise<void> {
  await tx
    .insert(credentialLimits)
    .values({ credential, ...limit })
    .onConflictDoUpdate({
      target: credentialLimits.credential,
      set: { until: sql`greatest(${credentialLimits.until}, excluded.until)`, message: limit.message },
    });
}

/** The limit that holds at this moment, by the database's clock. */
export async function findLimit(db: Queryable, credential: string): Promise<CredentialLimit | undefined> {
  const [row] = await db
    .select()
    .from(credentialLimits)
    .where(and(eq(credentialLimits.credential, credential), gt(credentialLimits.until, sql`now()`)));
  return row && { until: toIso(row.until), message: row.message };
}
