/** The timeline of a task's run, for every door: gathers what is stored and lets `domain/timeline.ts` make spans of it. Reads only. */
import type { ReplayPage, Timeline } from '#src/domain/span.ts';
import { buildTimeline } from '#src/domain/timeline.ts';
import type { TimelineFacts } from '#src/domain/timeline-facts.ts';
import type { Engine } from '#src/engine/engine.ts';
import { SentraError } from '#src/errors.ts';
import type { Database } from '#src/store/database.ts';
import { listEvidence } from '#src/store/evidence.ts';
import { findPullRequest } from '#src/store/pull-requests.ts';
import { listRunsOf, type RunWithPhases, toRun } from '#src/store/runs.ts';
import { listSetupSteps } from '#src/store/setup-steps.ts';
import { getTask, getTasks } from '#src/store/tasks.ts';
import { toIsoOrNull } from '#src/store/time.ts';
import { listMarks, listMoments, listSessions, listTimelineEvents, readClock } from '#src/store/timeline.ts';

export type TimelineParts = { database: Database; engine: Pick<Engine, 'listSteps'> };

export type Timelines = {
  /** Of the newest run, unless one is named. */
  timeline(taskId: string, adwId?: string): Promise<Timeline>;
  replay(taskId: string, adwId: string, page: { after: number; limit: number }): Promise<ReplayPage>;
};

/** More than anybody looks at. */
const mostMarks = 20_000;

export function createTimelines(parts: TimelineParts): Timelines {
  const { db } = parts.database;
  return {
    async timeline(taskId, adwId) {
      const task = await getTask(db, taskId);
      const runs = await listRunsOf(db, [taskId]);
      const at = adwId === undefined ? 0 : runs.findIndex(({ run }) => run.adwId === adwId);
      if (at < 0) throw new SentraError('not_found', `${taskId} has no run ${adwId}: its runs are ${listed(runs)}.`);
      const one = runs[at];
      const facts: TimelineFacts = {
        task: { id: taskId, createdAt: task.createdAt, dependencies: await getTasks(db, task.dependencies) },
        run: one ? factsOf(one) : null,
        previousEndedAt: toIsoOrNull(runs[at + 1]?.run.endedAt ?? null),
        nextCreatedAt: toIsoOrNull(runs[at - 1]?.run.createdAt ?? null),
        ...(await readRows(parts, taskId, one?.run.adwId)),
      };
      return {
        taskId,
        run: one ? toRun(one) : null,
        runs: runs.map((other) => toRun(other)),
        spans: buildTimeline(facts),
        cut: facts.marks.length === mostMarks,
        now: facts.now,
      };
    },
    async replay(taskId, adwId, page) {
      const runs = await listRunsOf(db, [taskId]);
      if (!runs.some(({ run }) => run.adwId === adwId))
        throw new SentraError('not_found', `${taskId} has no run ${adwId}: its runs are ${listed(runs)}.`);
      const items = await listMoments(db, { taskId, adwId, ...page });
      return { items, nextAfter: items.length < page.limit ? null : (items.at(-1)?.seq ?? null) };
    },
  };
}

const listed = (runs: readonly RunWithPhases[]): string => runs.map(({ run }) => run.adwId).join(', ') || 'none yet';

function factsOf(one: RunWithPhases): NonNullable<TimelineFacts['run']> {
  const run = toRun(one);
  return { ...run, phases: run.phases.map((attempt, at) => ({ ...attempt, tokens: one.phases[at]?.tokens ?? 0 })) };
}

type Rows = Omit<TimelineFacts, 'task' | 'run' | 'previousEndedAt' | 'nextCreatedAt'>;

async function readRows({ database, engine }: TimelineParts, taskId: string, adwId?: string): Promise<Rows> {
  const { db } = database;
  const [now, events, pull] = await Promise.all([
    readClock(db),
    listTimelineEvents(db, taskId),
    findPullRequest(db, taskId),
  ]);
  const pullRequest = pull
    ? {
        number: pull.number,
        state: pull.state,
        mergeRequestedAt: toIsoOrNull(pull.mergeRequestedAt),
        mergedAt: toIsoOrNull(pull.mergedAt),
      }
    : null;
  if (adwId === undefined)
    return { now, events, pullRequest, sessions: [], steps: [], setup: [], evidence: [], marks: [] };
  const [sessions, steps, setup, evidence, marks] = await Promise.all([
    listSessions(db, taskId, adwId),
    engine.listSteps(adwId),
    listSetupSteps(db, taskId),
    listEvidence(db, taskId),
    listMarks(db, taskId, adwId, mostMarks),
  ]);
  const own = evidence.filter((item) => item.adwId === adwId);
  return { now, events, pullRequest, sessions, steps, setup, evidence: own, marks };
}
