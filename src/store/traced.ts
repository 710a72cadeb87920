/** Runs whose spans were not yet sent to a collector of traces. */

import type { Queryable } from '#src/store/database.ts';
import { asc, eq, sql } from '#src/store/drizzle.ts';
import { runs } from '#src/store/schema.ts';

/** Those that ended within a day, the oldest first: a collector that comes later is not told of all that ever was. */
export const listUntraced = (db: Queryable, limit: number): Promise<{ adwId: string; taskId: string }[]> =>
  db
    .select({ adwId: runs.adwId, taskId: runs.taskId })
    .from(runs)
    .where(
      sql`${runs.tracedAt} is null and ${runs.endedAt} between now() - interval '1 day' and now() - interval '1 second'`,
    )
    .orderBy(asc(runs.endedAt))
    .limit(limit);

export async function markTraced(db: Queryable, adwId: string): Promise<void> {
  await db.update(runs).set({ tracedAt: sql`now()` }).where(eq(runs.adwId, adwId));
}
