/** A run as a file: one JSON document, written while it is read, or its spans as OpenTelemetry traces. */
import type { Download } from '#src/domain/api/route.ts';
import type { HookEvent } from '#src/domain/hook.ts';
import { exportFormat, type RunExport } from '#src/domain/run-export.ts';
import type { Timeline } from '#src/domain/span.ts';
import { messageOf, SentraError } from '#src/errors.ts';
import type { Timelines } from '#src/orchestrator/timeline.ts';
import type { Views } from '#src/orchestrator/views.ts';
import type { Database, Queryable } from '#src/store/database.ts';
import { listEvidence } from '#src/store/evidence.ts';
import { listRunHookEvents } from '#src/store/hook-events.ts';
import { listMessages } from '#src/store/messages.ts';
import { getAnyProjectRow } from '#src/store/projects.ts';
import { findPullRequest, listComments, toPullRequest } from '#src/store/pull-requests.ts';
import { getTask } from '#src/store/tasks.ts';
import { findPrompts, listRunLines, listSessions, listTimelineEvents } from '#src/store/timeline.ts';
import { type OtlpTraces, toOtlp } from '#src/telemetry/otlp.ts';

export type ExportParts = {
  database: Database;
  timelines: Timelines;
  diff: Views['diff'];
  /** Takes secrets out of what people said; all else was stored without. */
  redact: (text: string) => string;
  version: string;
  /** As traces name what they come from. */
  serviceName: string;
};

export type RunExports = {
  /** Throws `not_found` for a run that the task does not have. */
  file(taskId: string, adwId: string, format: 'json' | 'otlp'): Promise<Download>;
  traces(taskId: string, adwId: string): Promise<OtlpTraces>;
};

export function createRunExports(parts: ExportParts): RunExports {
  const { timelines } = parts;
  return {
    async file(taskId, adwId, format) {
      const timeline = await timelines.timeline(taskId, adwId); // first: an unknown run is an answer, not half a file
      const name = `${adwId}.${format === 'otlp' ? 'otlp.' : ''}json`;
      const text = format === 'otlp' ? [JSON.stringify(await traceOf(parts, timeline))] : documentOf(parts, timeline);
      return { name, type: 'application/json', body: bytesOf(text) };
    },
    traces: async (taskId, adwId) => traceOf(parts, await timelines.timeline(taskId, adwId)),
  };
}

async function traceOf({ database, version, serviceName }: ExportParts, timeline: Timeline): Promise<OtlpTraces> {
  const { projectId, title } = await getTask(database.db, timeline.taskId);
  return toOtlp(timeline, { serviceName, version, projectId, title });
}

const pageSize = 2000;

/** The pieces of one JSON document, each read when the one before has been taken. */
async function* documentOf(parts: ExportParts, { taskId, run, spans }: Timeline): AsyncGenerator<string> {
  const { db } = parts.database;
  if (!run) throw new SentraError('not_found', `${taskId} has no run yet.`);
  const task = await getTask(db, taskId);
  const { id, name, path, baseBranch, remote } = await getAnyProjectRow(db, task.projectId);
  const evidence = (await listEvidence(db, taskId)).filter(({ adwId }) => adwId === run.adwId);
  const known: Omit<RunExport, 'sessions' | 'hookEvents' | 'logs'> = {
    format: exportFormat,
    exportedAt: new Date().toISOString(),
    versions: { sentra: parts.version, node: process.version },
    project: { id, name, path, baseBranch, remote },
    task,
    run,
    spans,
    evidence,
    ...(await readBranch(parts, taskId)),
    pullRequest: await readPullRequest(db, taskId),
    events: await listTimelineEvents(db, taskId),
    messages: await readMessages(parts, taskId, run.adwId),
  };
  yield '{';
  for (const [key, value] of Object.entries(known)) yield `"${key}":${JSON.stringify(value)},\n`;
  yield* listOf('sessions', readSessions(db, taskId, run.adwId));
  yield ',\n';
  yield* listOf('hookEvents', readHookEvents(db, taskId, run.adwId));
  yield ',\n';
  yield* listOf('logs', readLines(db, taskId, run.adwId));
  yield '}\n';
}

async function readPullRequest(db: Queryable, taskId: string): Promise<RunExport['pullRequest']> {
  const row = await findPullRequest(db, taskId);
  if (!row) return null;
  const { queue: _, ...pull } = toPullRequest(row, await listComments(db, taskId), { queue: null, forgeProblem: null });
  return pull;
}

async function* listOf(key: string, items: AsyncIterable<unknown>): AsyncGenerator<string> {
  yield `"${key}":[`;
  let separator = '\n';
  for await (const item of items) {
    yield `${separator}${JSON.stringify(item)}`;
    separator = ',\n';
  }
  yield ']';
}

async function* readSessions(
  db: Queryable,
  taskId: string,
  adwId: string,
): AsyncGenerator<RunExport['sessions'][number]> {
  const nothing = { systemPrompt: null, prompt: null };
  for (const session of await listSessions(db, taskId, adwId))
    yield { ...session, ...((await findPrompts(db, session.id)) ?? nothing) };
}

async function readMessages(
  { database: { db }, redact }: ExportParts,
  taskId: string,
  adwId: string,
): Promise<RunExport['messages']> {
  const sessions = new Set((await listSessions(db, taskId, adwId)).map(({ id }) => id));
  const messages = await listMessages(db, taskId);
  const own = messages.filter(({ sessionId }) => sessionId === null || sessions.has(sessionId));
  return own.map((message) => ({ ...message, text: redact(message.text) }));
}

async function* readHookEvents(db: Queryable, taskId: string, adwId: string): AsyncGenerator<HookEvent> {
  for (let after = 0; ; ) {
    const events = await listRunHookEvents(db, { taskId, adwId, after, limit: pageSize });
    yield* events;
    if (events.length < pageSize) return;
    after = events.at(-1)?.id ?? after;
  }
}

async function* readLines(db: Queryable, taskId: string, adwId: string): AsyncGenerator<RunExport['logs'][number]> {
  for (let after = 0; ; ) {
    const lines = await listRunLines(db, { taskId, adwId, after, limit: pageSize });
    yield* lines;
    if (lines.length < pageSize) return;
    after = lines.at(-1)?.seq ?? after;
  }
}

/** A repository that went away takes nothing else with it. */
async function readBranch({ diff }: ExportParts, taskId: string): Promise<Pick<RunExport, 'commits' | 'diff'>> {
  try {
    const { base, head, commits, files } = await diff(taskId);
    return {
      commits,
      diff: { base, head, files: files.map(({ patch: _, truncated: __, ...stat }) => stat), problem: null },
    };
  } catch (e) {
    return { commits: [], diff: { base: null, head: null, files: [], problem: messageOf(e) } };
  }
}

const chunkLength = 64 * 1024;

/** Bytes in pieces of a useful size; the next is made when the one before has been taken. */
function bytesOf(pieces: AsyncIterable<string> | Iterable<string>): ReadableStream<Uint8Array> {
  const encoder = new TextEncoder();
  return ReadableStream.from(
    (async function* () {
      let waiting = '';
      for await (const piece of pieces) {
        waiting += piece;
        if (waiting.length < chunkLength) continue;
        yield encoder.encode(waiting);
        waiting = '';
      }
      yield encoder.encode(waiting);
    })(),
  );
}
