/** Content of repositories that a person trusts. */

import type { SteeringFile } from '#src/domain/trust.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, desc, eq, sql } from '#src/store/drizzle.ts';
import { trustedContents } from '#src/store/schema-access.ts';
import { toIso } from '#src/store/time.ts';

export type TrustedContent = { hash: string; files: SteeringFile[]; trustedAt: string };

export async function findTrusted(db: Queryable, projectId: string, hash: string): Promise<TrustedContent | undefined> {
  const where = and(eq(trustedContents.projectId, projectId), eq(trustedContents.hash, hash));
  const [row] = await db.select().from(trustedContents).where(where);
  return row && { ...row, trustedAt: toIso(row.trustedAt) };
}

/** What was trusted last. */
export async function findNewestTrusted(db: Queryable, projectId: string): Promise<TrustedContent | undefined> {
  const [row] = await db
    .select()
    .from(trustedContents)
    .where(eq(trustedContents.projectId, projectId))
    .orderBy(desc(trustedContents.trustedAt))
    .limit(1);
  return row && { ...row, trustedAt: toIso(row.trustedAt) };
}

export async function keepTrusted(
  tx: Queryable,
  content: { projectId: string; hash: string; files: SteeringFile[] },
): Promise<void> {
  await tx
    .insert(trustedContents)
    .values(content)
    .onConflictDoUpdate({
      target: [trustedContents.projectId, trustedContents.hash],
      set: { trustedAt: sql`clock_timestamp()` },
    });
}

/** All of a project's; answers how many there were. */
export async function forgetTrusted(tx: Queryable, projectId: string): Promise<number> {
  const gone = await tx
    .delete(trustedContents)
    .where(eq(trustedContents.projectId, projectId))
    .returning({ hash: trustedContents.hash });
  return gone.length;
}
