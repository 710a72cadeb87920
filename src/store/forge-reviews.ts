/** What people decided in Sentra about a pull request that a forge has as well, until the forge was told. */

import type { Verdict } from '#src/domain/forge.ts';
import type { NewComment } from '#src/domain/pull-request.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, asc, desc, eq, isNull } from '#src/store/drizzle.ts';
import { pollSoon } from '#src/store/forge-polls.ts';
import type { PullRequestRow } from '#src/store/pull-requests.ts';
import { forgeReviews } from '#src/store/schema-forge.ts';

export type ForgeReviewRow = typeof forgeReviews.$inferSelect;

/** To be told as soon as possible; nothing where Sentra's own row is all there is. */
export async function addForgeReview(
  tx: Queryable,
  { forge, projectId, number, headCommit }: PullRequestRow,
  { verdict, comments }: { verdict: Verdict; comments: readonly NewComment[] },
): Promise<void> {
  if (forge === 'local') return;
  await tx.insert(forgeReviews).values({ projectId, number, verdict, commit: headCommit, comments: [...comments] });
  await pollSoon(tx, projectId);
}

/** Oldest first. */
export async function listUntold(db: Queryable, pull: PullRequestRow): Promise<ForgeReviewRow[]> {
  const rows = await db
    .select()
    .from(forgeReviews)
    .where(and(of(pull), isNull(forgeReviews.told)))
    .orderBy(asc(forgeReviews.id));
  return rows;
}

/** What Sentra said last there; null when nothing. */
export async function findLastVerdict(db: Queryable, pull: PullRequestRow): Promise<string | null> {
  const [row] = await db.select().from(forgeReviews).where(of(pull)).orderBy(desc(forgeReviews.id)).limit(1);
  return row?.verdict ?? null;
}

export async function markTold(tx: Queryable, { id }: ForgeReviewRow, told: string): Promise<void> {
  await tx.update(forgeReviews).set({ told }).where(eq(forgeReviews.id, id));
}

const of = ({ projectId, number }: PullRequestRow) =>
  and(eq(forgeReviews.projectId, projectId), eq(forgeReviews.number, number));
