/** Pull requests that a forge has as well: what it was told, what it showed, and what people said there. */

import type { Said } from '#src/domain/forge.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, asc, desc, eq, gt, isNotNull, ne, or, sql } from '#src/store/drizzle.ts';
import { is, type PullRequestRow } from '#src/store/pull-requests.ts';
import { mergeQueue, pullRequests, reviewComments, tasks } from '#src/store/schema.ts';
import { forgePolls } from '#src/store/schema-forge.ts';

type ForgeFields = Partial<
  Pick<
    PullRequestRow,
    'forgeNumber' | 'forgeUrl' | 'forgeTold' | 'forgeProblem' | 'forgeDone' | 'seen' | 'checkRounds' | 'checkedCommit'
  >
>;

export async function setForgeFields(tx: Queryable, row: PullRequestRow, set: ForgeFields): Promise<void> {
  await tx.update(pullRequests).set(set).where(is(row));
}

/**
 * Those to look at, the one that waited longest first: open ones, merged ones until the forge knows, and closed ones for two weeks, because people open them again.
 * A task that is over has nothing to come back to.
 */
export async function listFollowed(db: Queryable, projectId: string): Promise<PullRequestRow[]> {
  const reopened = and(
    eq(pullRequests.state, 'closed'),
    gt(pullRequests.closedAt, sql`now() - interval '14 days'`),
    sql`${tasks.status} not in ('completed', 'cancelled', 'skipped')`,
  );
  const rows = await db
    .select({ row: pullRequests })
    .from(pullRequests)
    .innerJoin(tasks, eq(tasks.id, pullRequests.taskId))
    .where(
      and(
        eq(pullRequests.projectId, projectId),
        ne(pullRequests.forge, 'local'),
        eq(pullRequests.forgeDone, false),
        or(ne(pullRequests.state, 'closed'), reopened, needsClosing),
      ),
    )
    .orderBy(sql`${pullRequests.lookedAt} asc nulls first`, asc(pullRequests.number));
  return rows.map(({ row }) => row);
}

/** Closed here, and the forge never showed that. */
const needsClosing = and(
  eq(pullRequests.state, 'closed'),
  isNotNull(pullRequests.forgeNumber),
  sql`${pullRequests.seen} ->> 'state' is distinct from 'closed'`,
);

/** The others come first next time. As it is now. */
export async function takeForgePull(db: Queryable, row: PullRequestRow): Promise<PullRequestRow> {
  const [now] = await db.update(pullRequests).set({ lookedAt: sql`now()` }).where(is(row)).returning();
  return now ?? row;
}

/** What is known of it at this moment; it stays so until the transaction ends. */
export async function lockSeen(tx: Queryable, row: PullRequestRow): Promise<PullRequestRow['seen']> {
  const [now] = await tx.select({ seen: pullRequests.seen }).from(pullRequests).where(is(row)).for('update');
  return now?.seen ?? null;
}

/** A commit that somebody else put on the branch, taken over: nobody has approved it. */
export async function adoptHeadCommit(tx: Queryable, row: PullRequestRow, headCommit: string): Promise<void> {
  await tx.update(pullRequests).set({ headCommit, approvedAt: null, forgeProblem: null }).where(is(row));
}

export async function reopenPullRequest(tx: Queryable, row: PullRequestRow): Promise<void> {
  await tx.update(pullRequests).set({ state: 'open', closedAt: null, approvedAt: null }).where(is(row));
}

/** Keeps what people said, each once; answers the ids of what was new. */
export async function addForgeComments(tx: Queryable, taskId: string, said: readonly Said[]): Promise<Set<string>> {
  if (said.length === 0) return new Set();
  const rows = await tx
    .insert(reviewComments)
    .values(said.map(({ id, author, path, line, body }) => ({ taskId, author, path, line, body, forgeId: id })))
    .onConflictDoNothing()
    .returning({ id: reviewComments.forgeId });
  return new Set(rows.flatMap(({ id }) => id ?? []));
}

/** Why the newest pull request of a task does not go on at its forge: its own reason, what holds its merge, or that nobody answers there. */
export async function findForgeProblem(db: Queryable, taskId: string): Promise<string | null> {
  const [row] = await db
    .select({
      forge: pullRequests.forge,
      own: pullRequests.forgeProblem,
      held: sql<string | null>`${mergeQueue.failure} ->> 'message'`,
      outage: forgePolls.problem,
    })
    .from(pullRequests)
    .leftJoin(forgePolls, eq(forgePolls.projectId, pullRequests.projectId))
    .leftJoin(mergeQueue, and(eq(mergeQueue.taskId, pullRequests.taskId), eq(mergeQueue.state, 'waiting')))
    .where(eq(pullRequests.taskId, taskId))
    .orderBy(desc(pullRequests.number))
    .limit(1);
  return row && row.forge !== 'local' ? (row.own ?? row.held ?? row.outage) : null;
}
