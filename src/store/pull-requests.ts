import { type ForgeView, verdictsOf } from '#src/domain/forge.ts';
import type { NewComment, PullRequest, ReviewComment } from '#src/domain/pull-request.ts';
import type { Undo } from '#src/domain/rework.ts';
import { SentraError } from '#src/errors.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, asc, desc, eq, gt, isNull, sql } from '#src/store/drizzle.ts';
import { listEvidence } from '#src/store/evidence.ts';
import { pollSoon } from '#src/store/forge-polls.ts';
import { leaveMergeQueue } from '#src/store/merge-queue.ts';
import { pullRequests, reviewComments, tasks } from '#src/store/schema.ts';
import { toIso, toIsoOrNull } from '#src/store/time.ts';

export type PullRequestRow = typeof pullRequests.$inferSelect;
export type NewPullRequest = Pick<
  PullRequestRow,
  'projectId' | 'taskId' | 'title' | 'body' | 'headBranch' | 'baseBranch' | 'headCommit' | 'forge'
>;

/** Opens a pull request, or brings the open one of this task up to date: never two for one branch. */
export async function openPullRequest(tx: Queryable, pull: NewPullRequest): Promise<PullRequestRow> {
  const open = await findPullRequest(tx, pull.taskId);
  if (open?.state === 'open') {
    const { title, body, headCommit, forge } = pull;
    const changed = { title, body, headCommit, forge, approvedAt: null };
    await tx.update(pullRequests).set(changed).where(is(open));
    return { ...open, ...changed };
  }
  await tx.execute(sql`select pg_advisory_xact_lock(7004, hashtext(${pull.projectId}))`); // two opened at once must not take one number
  const [highest] = await tx
    .select({ number: sql<number>`coalesce(max(${pullRequests.number}), 0)::int` })
    .from(pullRequests)
    .where(eq(pullRequests.projectId, pull.projectId));
  const [row] = await tx
    .insert(pullRequests)
    .values({ ...pull, number: (highest?.number ?? 0) + 1, state: 'open' })
    .returning();
  if (!row) throw new Error('insert into pull_requests returned no row');
  return row;
}

/** The newest pull request of a task. */
export async function findPullRequest(db: Queryable, taskId: string): Promise<PullRequestRow | undefined> {
  const [row] = await db
    .select()
    .from(pullRequests)
    .where(eq(pullRequests.taskId, taskId))
    .orderBy(desc(pullRequests.number))
    .limit(1);
  return row;
}

/** The open pull request of a task; throws `not_allowed` when there is none. */
export async function getOpenPullRequest(db: Queryable, taskId: string): Promise<PullRequestRow> {
  const row = await findPullRequest(db, taskId);
  if (row?.state === 'open') return row;
  throw new SentraError(
    'not_allowed',
    row ? `The pull request #${row.number} of ${taskId} is ${row.state}.` : `${taskId} has no pull request yet.`,
  );
}

export async function approvePullRequest(tx: Queryable, row: PullRequestRow): Promise<void> {
  await tx.update(pullRequests).set({ approvedAt: sql`now()` }).where(is(row));
}

/** Fixes the date of the merge commit at the first request, so that a repeated merge gives the same hash. */
export async function requestMerge(tx: Queryable, row: PullRequestRow): Promise<string> {
  await tx
    .update(pullRequests)
    .set({ mergeRequestedAt: sql`now()`, approvedAt: sql`coalesce(${pullRequests.approvedAt}, now())` })
    .where(and(is(row), isNull(pullRequests.mergeRequestedAt)));
  const [kept] = await tx.select().from(pullRequests).where(is(row));
  if (!kept?.mergeRequestedAt) throw new Error(`pull request #${row.number} of ${row.taskId} is missing`);
  return kept.mergeRequestedAt;
}

export async function markMerged(tx: Queryable, row: PullRequestRow, mergeCommit: string): Promise<void> {
  await tx
    .update(pullRequests)
    .set({ state: 'merged', mergeCommit, mergedAt: sql`coalesce(${pullRequests.mergedAt}, now())` })
    .where(is(row));
}

export async function closePullRequest(tx: Queryable, row: PullRequestRow): Promise<void> {
  await leaveMergeQueue(tx, row.taskId);
  await tx.update(pullRequests).set({ state: 'closed', closedAt: sql`now()` }).where(is(row));
  if (row.forge !== 'local') await pollSoon(tx, row.projectId); // it is closed there too
}

/** What a merged task brought: with `rebase` it is several commits, and only the queue's own evidence knows the first. */
export async function findUndo(db: Queryable, taskId: string): Promise<Undo> {
  const pull = await findPullRequest(db, taskId);
  if (!pull?.mergeCommit)
    throw new SentraError('not_allowed', `${taskId} was not merged, so there is nothing to revert.`);
  const kept = (await listEvidence(db, taskId)).findLast(
    ({ kind, data }) => kind === 'merge' && data.to === pull.mergeCommit,
  );
  const from = typeof kept?.data.from === 'string' ? kept.data.from : null;
  return { title: pull.title, commit: pull.mergeCommit, from };
}

/** Tasks of a project whose work came into the base since a moment, newest first. */
export async function listMergedSince(
  db: Queryable,
  projectId: string,
  since: string,
): Promise<{ taskId: string; title: string; plan: string | null }[]> {
  return db
    .select({ taskId: tasks.id, title: tasks.title, plan: tasks.plan })
    .from(pullRequests)
    .innerJoin(tasks, eq(tasks.id, pullRequests.taskId))
    .where(and(eq(pullRequests.projectId, projectId), gt(pullRequests.mergedAt, since)))
    .orderBy(desc(pullRequests.mergedAt))
    .limit(10);
}

export async function addComments(
  tx: Queryable,
  taskId: string,
  author: string,
  comments: readonly NewComment[],
  adwId: string | null = null,
): Promise<void> {
  if (comments.length)
    await tx
      .insert(reviewComments)
      .values(comments.map((c) => ({ taskId, adwId, author, path: c.path, line: c.line, body: c.body })));
}

export async function listComments(db: Queryable, taskId: string): Promise<ReviewComment[]> {
  const rows = await db
    .select()
    .from(reviewComments)
    .where(eq(reviewComments.taskId, taskId))
    .orderBy(asc(reviewComments.id));
  return rows.map(({ id, path, line, body, author, createdAt }) => ({
    id,
    path,
    line,
    body,
    author,
    createdAt: toIso(createdAt),
  }));
}

export const toPullRequest = (
  row: PullRequestRow,
  comments: ReviewComment[],
  { queue, forgeProblem }: { queue: PullRequest['queue']; forgeProblem: string | null },
): PullRequest => ({
  number: row.forgeNumber ?? row.number,
  taskId: row.taskId,
  url: row.forgeUrl ?? `/tasks/${row.taskId}?tab=branch`,
  forge: toForgeView(row, forgeProblem),
  state: row.state as PullRequest['state'],
  title: row.title,
  body: row.body,
  headBranch: row.headBranch,
  baseBranch: row.baseBranch,
  headCommit: row.headCommit,
  mergeCommit: row.mergeCommit,
  approvedAt: toIsoOrNull(row.approvedAt),
  queue,
  comments,
  createdAt: toIso(row.createdAt),
  mergedAt: toIsoOrNull(row.mergedAt),
  closedAt: toIsoOrNull(row.closedAt),
});

const toForgeView = ({ forge, forgeUrl: url, seen }: PullRequestRow, problem: string | null): ForgeView => ({
  kind: forge as ForgeView['kind'],
  url,
  checks: (seen?.checks ?? []).map(({ name, state, required, url }) => ({ name, state, required, url })),
  reviews: verdictsOf(seen?.reviews ?? []).map(({ author, verdict }) => ({ author, verdict })),
  problem,
});

export const is = (row: PullRequestRow) =>
  and(eq(pullRequests.projectId, row.projectId), eq(pullRequests.number, row.number));
