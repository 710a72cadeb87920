/**
 * Looks at the forges of projects: soon while something is under way there, seldom else, at once when a webhook says so. One
 * process looks at a project at a time (store/forge-polls.ts), whichever it is; after a restart the rows say who is due.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { newAdwId } from '#src/domain/ids.ts';
import { messageOf, SentraError } from '#src/errors.ts';
import { isMissing } from '#src/git/repository.ts';
import { type News, type NewsParts, takeNews } from '#src/orchestrator/forge-news.ts';
import { tellReviews } from '#src/orchestrator/forge-reviews.ts';
import { endPoll, findPoll, renewMs, renewPoll, takeDuePolls } from '#src/store/forge-polls.ts';
import { listFollowed, takeForgePull } from '#src/store/forge-pulls.ts';
import { listHeldByOutage, releaseHeld } from '#src/store/merge-queue.ts';
import { getAnyProjectRow, type ProjectRow } from '#src/store/projects.ts';
import type { PullRequestRow } from '#src/store/pull-requests.ts';
import { findActiveRun } from '#src/store/runs.ts';
import { type MirrorParts, mirror, tellProblem } from '#src/workflows/forge-mirror.ts';
import { mergeJob } from '#src/workflows/run.ts';

/** `everyMs`: between looks while something is under way. */
export type PollParts = NewsParts & MirrorParts & { everyMs: number; report: (line: string) => void };

/** Pull requests in one look; each takes up to eight requests, and GitHub allows 900 in a minute. */
const atOnce = 20;
const quietFactor = 6;
const longestMs = 30 * 60_000;

/** Looks whenever a project is due, until `signal` aborts. */
export async function startForgePolls(parts: PollParts, signal: AbortSignal): Promise<void> {
  const pauseMs = Math.min(1_000, parts.everyMs);
  while (!signal.aborted) {
    await pollOnce(parts).catch((e) => signal.aborted || parts.report(`Looking at forges failed: ${messageOf(e)}`));
    await sleep(pauseMs, undefined, { signal }).catch(() => {});
  }
}

/** Looks at each project that is due. */
export async function pollOnce(parts: PollParts): Promise<void> {
  const due = await takeDuePolls(parts.database.db);
  await Promise.all(due.map((projectId) => pollProject(parts, projectId)));
}

async function pollProject(parts: PollParts, projectId: string): Promise<void> {
  const { db } = parts.database;
  const renewing = setInterval(() => void renewPoll(db, projectId).catch(() => {}), renewMs);
  try {
    const project = await getAnyProjectRow(db, projectId);
    const isBusy = project.removedAt || isMissing(project) ? false : await look(parts, project);
    await endPoll(db, projectId, { afterMs: parts.everyMs * (isBusy ? 1 : quietFactor), problem: null });
  } catch (e) {
    if (!(e instanceof SentraError)) parts.report(`Looking at the forge of ${projectId} failed: ${messageOf(e)}`);
    const failures = (await findPoll(db, projectId))?.failures ?? 0;
    await endPoll(db, projectId, { afterMs: waitAfter(e, parts.everyMs, failures), problem: messageOf(e) });
  } finally {
    clearInterval(renewing);
  }
}

/** Until a limit is over; else longer after each failure. */
function waitAfter(thrown: unknown, everyMs: number, failures: number): number {
  const until = thrown instanceof SentraError ? (thrown.details as { until?: string } | undefined)?.until : undefined;
  return until
    ? Math.max(0, Date.parse(until) - Date.now()) + 1_000
    : Math.min(everyMs * 2 ** Math.min(failures, 10), longestMs);
}

/** Answers whether something is under way there. A forge that does not answer for one will not for the next. */
async function look(parts: PollParts, project: ProjectRow): Promise<boolean> {
  const { db } = parts.database;
  const forge = await parts.forges.of(project);
  const followed = await listFollowed(db, project.id);
  for (const pull of followed.slice(0, atOnce))
    await lookAt(parts, { project, forge, pull }).catch((e) => keepRefusal(parts, pull, e));
  await releaseOutage(parts, project.id);
  return followed.some(({ state }) => state !== 'closed');
}

async function lookAt(parts: PollParts, { project, forge, pull }: Omit<News, 'seen'>): Promise<void> {
  const isIdle = !(await findActiveRun(parts.database.db, pull.taskId)); // a run pushes newer commits, and opens by itself
  const before = await takeForgePull(parts.database.db, pull); // the list may be old by now
  if (before.state === 'open' && isIdle) await mirror(parts, before);
  const current = await takeForgePull(parts.database.db, before);
  if (current.forgeNumber === null) return;
  if (current.state === 'open' && current.forgeTold === null) return; // pushed again, and not open there yet
  await tellReviews(parts, forge, current);
  const seen = await forge.read(current.forgeNumber, current.baseBranch);
  if (seen) await takeNews(parts, { project, forge, pull: current, seen });
}

/** What is refused for one pull request is told on it, and the others go on. */
async function keepRefusal(parts: PollParts, pull: PullRequestRow, thrown: unknown): Promise<void> {
  const isOwn = thrown instanceof SentraError && (thrown.code === 'push_refused' || thrown.code === 'forge_refused');
  if (!isOwn) throw thrown;
  await tellProblem(parts, pull, thrown.message);
}

/** It answers again: merges that waited for that go on. */
async function releaseOutage({ database, changes, engine }: PollParts, projectId: string): Promise<void> {
  const held = await listHeldByOutage(database.db, projectId);
  if (held.length === 0) return;
  await changes.change(async ({ tx, client }) => {
    if (await releaseHeld(tx, held)) await engine.enqueue(client, mergeJob(projectId, newAdwId()));
  });
}
