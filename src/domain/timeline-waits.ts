/** The time of a run in which nothing could happen, and why: read from the statuses that its task had, and from who executed it. Pure. */
import { known, type Span, type WaitCause } from '#src/domain/span.ts';
import type { TimelineFacts } from '#src/domain/timeline-facts.ts';

export type Wait = {
  cause: WaitCause;
  name: string;
  startedAt: string;
  /** Null while it goes on. */
  endedAt: string | null;
  attributes: Span['attributes'];
};

type Segment = { status: string; from: string; to: string | null };

/** Before the run began: to be started, for dependencies, for a slot. Without a run, all that there was so far. */
export function waitsBefore(facts: TimelineFacts): Wait[] {
  const { run, task } = facts;
  const until = run ? (run.startedAt ?? run.endedAt) : null;
  const waits = segmentsOf(facts).flatMap((segment) => {
    const kind = kindOf(segment.status, facts);
    const part = kind && clip(segment, facts.previousEndedAt ?? task.createdAt, until);
    return kind && part ? [{ ...kind, ...part }] : [];
  });
  if (!run || waits.some(({ cause }) => cause === 'slot')) return waits;
  return [...waits, { ...slot, startedAt: run.createdAt, endedAt: until, attributes: {} }]; // nobody recorded it
}

const slot = { cause: 'slot' as const, name: 'Waits for a slot' };

function kindOf(status: string, { task }: TimelineFacts): Pick<Wait, 'cause' | 'name' | 'attributes'> | undefined {
  if (status === 'queued') return { ...slot, attributes: {} };
  if (status === 'pending') return { cause: 'start', name: 'Waits to be started', attributes: {} };
  if (status !== 'blocked') return undefined;
  const { dependencies } = task;
  const named = dependencies.map(({ title }) => `“${title}”`).join(', ');
  return {
    cause: 'dependency',
    name: named ? `Waits for ${named}` : 'Waits for another task',
    attributes: { dependencies: dependencies.map(({ id }) => id) },
  };
}

/** In the middle of the run: parked until a limit ends, until fewer tests run, until somebody takes up what was cut off. */
export function waitsWithin(facts: TimelineFacts): Wait[] {
  const parked = waitsParked(facts);
  const isParked = (at: string) => parked.some(({ startedAt, endedAt }) => startedAt <= at && at <= (endedAt ?? at));
  const gaps = interruptionsOf(facts).filter(({ startedAt }) => !isParked(startedAt));
  return [...parked, ...waitsForTests(facts), ...gaps];
}

function waitsParked({ run, events }: TimelineFacts): Wait[] {
  if (!run) return [];
  const own = events.filter(({ type, data }) => type === 'run.changed' && data.adwId === run.adwId);
  return own.flatMap(({ data, timestamp }, at): Wait[] => {
    if (data.status !== 'queued' || data.until === undefined) return []; // queued for the first time
    const goesOn = own.slice(at + 1).find((later) => later.data.status !== 'queued')?.timestamp;
    const [until, code, message] = [data.until, data.code, data.message].map(textOf);
    const attributes = known({ until, code, message });
    return [{ ...parkingOf(code), startedAt: timestamp, endedAt: earliest(goesOn, run.endedAt), attributes }];
  });
}

function parkingOf(code: string | null | undefined): Pick<Wait, 'cause' | 'name'> {
  if (code === 'budget') return { cause: 'budget', name: 'Waits for room in the budget' };
  const isOverload = code === 'overloaded';
  return {
    cause: 'limit',
    name: isOverload ? 'Waits: the model is overloaded' : 'Waits for the limit of the model to end',
  };
}

/** Each begins with a line that says so, and ends with the next step of that phase. */
function waitsForTests({ marks, run }: TimelineFacts): Wait[] {
  return marks.flatMap((mark, at): Wait[] => {
    if (mark.metadata.wait !== 'tests') return [];
    const next = marks.slice(at + 1).find(({ phase, metadata }) => phase === mark.phase && metadata.kind === 'step');
    return [
      {
        cause: 'tests',
        name: 'Waits until fewer tests run',
        startedAt: mark.timestamp,
        endedAt: next?.timestamp ?? run?.endedAt ?? null,
        attributes: known({ phase: mark.phase }),
      },
    ];
  });
}

/** From the last sign of life of an execution to the next execution. */
export function interruptionsOf({ run, events, steps }: TimelineFacts): Wait[] {
  if (!run) return [];
  const taken = events.filter(({ type, data }) => type === 'run.taken' && data.adwId === run.adwId);
  return taken.flatMap(({ data, timestamp }, at): Wait[] => {
    if (at === 0) return [];
    const signs = [
      ...(typeof data.lastLineAt === 'string' ? [data.lastLineAt] : []),
      ...steps.map(({ endedAt }) => endedAt),
      ...events.map((event) => event.timestamp),
      ...(run.startedAt ? [run.startedAt] : []),
    ].filter((sign) => sign < timestamp);
    const startedAt = signs.sort().at(-1) ?? timestamp;
    return [
      {
        cause: 'interrupted',
        name: 'Interrupted: Sentra was stopped or died, and took the run up again',
        startedAt,
        endedAt: timestamp,
        attributes: known({ execution: Number(data.execution), workerId: textOf(data.workerId) }),
      },
    ];
  });
}

/** After the run: a person has to look at the pull request. */
export function waitsAfter(facts: TimelineFacts): Wait[] {
  const { run, nextCreatedAt, pullRequest } = facts;
  if (!run?.endedAt) return [];
  return segmentsOf(facts).flatMap((segment): Wait[] => {
    const part = segment.status === 'in_review' && clip(segment, run.endedAt ?? '', nextCreatedAt);
    if (!part) return [];
    const merging = mergeStart(facts);
    const endedAt = merging && part.startedAt <= merging ? merging : part.endedAt;
    return [
      {
        cause: 'person',
        name: 'Waits for a person to look at it',
        ...part,
        endedAt,
        attributes: known({ pullRequest: pullRequest?.number }),
      },
    ];
  });
}

/** When the merge that came about was asked for: an earlier one, that met a conflict, may have been asked for before. */
export function mergeStart(facts: TimelineFacts): string | undefined {
  const { pullRequest, run, nextCreatedAt } = facts;
  const { mergeRequestedAt, mergedAt } = pullRequest ?? {};
  if (!mergeRequestedAt || !mergedAt || !run?.endedAt || (nextCreatedAt && nextCreatedAt < mergedAt)) return undefined;
  return [mergeRequestedAt, run.endedAt].sort().at(-1);
}

/** The statuses that the task had, one after the other. */
function segmentsOf({ events }: TimelineFacts): Segment[] {
  const segments: Segment[] = [];
  for (const { type, data, timestamp } of events) {
    if (type !== 'task.changed' || typeof data.status !== 'string') continue;
    const last = segments.at(-1);
    if (last?.status === data.status) continue;
    if (last) last.to = timestamp;
    segments.push({ status: data.status, from: timestamp, to: null });
  }
  return segments;
}

/** The part of a segment between two times; undefined where there is none. */
function clip(segment: Segment, from: string, to: string | null): Pick<Wait, 'startedAt' | 'endedAt'> | undefined {
  const startedAt = segment.from > from ? segment.from : from;
  const endedAt = earliest(segment.to ?? undefined, to);
  return endedAt !== null && endedAt <= startedAt ? undefined : { startedAt, endedAt };
}

function earliest(a: string | undefined, b: string | null): string | null {
  if (a === undefined || b === null) return a ?? b;
  return a < b ? a : b;
}

const textOf = (value: unknown): string | null => (typeof value === 'string' ? value : null);
