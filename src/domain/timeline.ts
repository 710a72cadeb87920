/**
 * From what is stored of a run to a tree of spans: one pure function, whatever door asks. Nothing is recorded for the timeline alone
 * but who executes a run (`run.taken`); the rest is what phases, sessions, steps, evidence, events and the log say anyway.
 */
import { newSpan, rootId, type Span } from '#src/domain/span.ts';
import {
  attemptSpans,
  errorOf,
  mergeIdOf,
  phaseSpans,
  readStepName,
  sessionSpans,
  sumCosts,
  testSpans,
} from '#src/domain/timeline-attempts.ts';
import type { Mark, TimelineFacts } from '#src/domain/timeline-facts.ts';
import { isSetupStep, setupId, setupSpans } from '#src/domain/timeline-setup.ts';
import { toolSpans } from '#src/domain/timeline-tools.ts';
import {
  interruptionsOf,
  mergeStart,
  type Wait,
  waitsAfter,
  waitsBefore,
  waitsWithin,
} from '#src/domain/timeline-waits.ts';

/** In the order in which they began, a parent before what is in it. Without a run: what the task waits for. */
export function buildTimeline(facts: TimelineFacts): Span[] {
  if (!facts.run) return waitsBefore(facts).map((wait) => ({ ...waitSpan(wait), parentId: null }));
  const attempts = attemptSpans(facts);
  const phases = phaseSpans(facts, attempts);
  const sessions = sessionSpans(facts, attempts);
  const tests = testSpans(facts, attempts);
  const setup = setupSpans(facts);
  const spans = [
    rootSpan(facts, facts.run),
    ...setup,
    ...phases,
    ...attempts,
    ...stepSpans(facts, { parents: [...attempts, ...setup], better: [...sessions, ...tests] }),
    ...sessions,
    ...toolSpans(facts, sessions),
    ...tests,
    ...waitSpans(facts, phases, attempts),
    ...mergeSpans(facts),
  ];
  return inOrder(spans.map((span) => withLine(span, facts.marks)));
}

const statuses = {
  queued: 'running',
  running: 'running',
  completed: 'ok',
  failed: 'error',
  cancelled: 'cancelled',
} as const;

function rootSpan(facts: TimelineFacts, run: NonNullable<TimelineFacts['run']>): Span {
  const { adwId, taskId, workflowType, status } = run;
  return {
    ...newSpan('run', rootId, workflowType, { startedAt: run.createdAt, endedAt: run.endedAt }),
    parentId: null,
    status: statuses[status],
    attributes: {
      adwId,
      taskId,
      workflowType,
      state: status,
      executions: interruptionsOf(facts).length + 1,
      ...errorOf(run.error),
    },
    cost: sumCosts(run.phases),
  };
}

/** A session or a test says more than the step around it, and a wait more than the steps that park a run and go on with it. */
function stepSpans({ steps }: TimelineFacts, among: { parents: readonly Span[]; better: readonly Span[] }): Span[] {
  return steps.flatMap(({ number, name, startedAt, endedAt, failed }) => {
    const attempt = readStepName(name);
    const wanted = attempt?.attemptId ?? (isSetupStep(name) ? setupId : rootId);
    const parentId = among.parents.some(({ id }) => id === wanted) ? wanted : rootId;
    const isTold = attempt && /^(session|run)$/.test(attempt.rest) && among.better.some((b) => b.parentId === parentId);
    if (isTold || / (park|go on)$/.test(name)) return [];
    const step = newSpan('step', `step:${number}`, attempt?.rest ?? name, { startedAt, endedAt, parentId });
    return [{ ...step, status: failed ? ('error' as const) : ('ok' as const), attributes: { step: name, number } }];
  });
}

function waitSpans(facts: TimelineFacts, phases: readonly Span[], attempts: readonly Span[]): Span[] {
  const holder = ({ cause, startedAt }: Wait): string => {
    const among =
      cause === 'limit' || cause === 'budget' ? phases : cause === 'tests' || cause === 'interrupted' ? attempts : [];
    return among.findLast((one) => one.startedAt <= startedAt && startedAt <= (one.endedAt ?? startedAt))?.id ?? rootId;
  };
  const waits = [...waitsBefore(facts), ...waitsWithin(facts), ...waitsAfter(facts)];
  return waits.map((wait) => ({ ...waitSpan(wait), parentId: holder(wait) }));
}

function waitSpan({ cause, name, startedAt, endedAt, attributes }: Wait): Span {
  const ended = cause === 'interrupted' ? 'error' : 'ok';
  return {
    ...newSpan('wait', `wait:${cause}:${startedAt}`, name, { startedAt, endedAt }),
    status: endedAt === null ? 'running' : ended,
    attributes: { cause, ...attributes },
  };
}

function mergeSpans(facts: TimelineFacts): Span[] {
  const [id, startedAt] = [mergeIdOf(facts), mergeStart(facts)];
  const { number = 0, mergedAt } = facts.pullRequest ?? {};
  if (!id || !startedAt || !mergedAt) return [];
  const merge = newSpan('merge', id, `Merge of pull request #${number}`, {
    startedAt,
    endedAt: mergedAt,
  });
  return [{ ...merge, attributes: { pullRequest: number } }];
}

/** Where in the log it begins. */
function withLine(span: Span, marks: readonly Mark[]): Span {
  if (span.line !== null || span.kind === 'wait') return span;
  const { startedAt, endedAt, attributes } = span;
  for (let at = firstAt(marks, startedAt); at < marks.length; at++) {
    const mark = marks[at] as Mark;
    if (endedAt !== null && mark.timestamp > endedAt) break;
    if (!attributes.phase || mark.phase === attributes.phase) return { ...span, line: mark.seq };
  }
  return span;
}

/** The index of the first mark at or after a time, by halving. */
function firstAt(marks: readonly Mark[], time: string): number {
  let [low, high] = [0, marks.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((marks[middle] as Mark).timestamp < time) low = middle + 1;
    else high = middle;
  }
  return low;
}

function inOrder(spans: readonly Span[]): Span[] {
  const children = Map.groupBy(spans, ({ parentId }) => parentId);
  const below = (id: string | null): Span[] =>
    (children.get(id) ?? [])
      .sort((a, b) => a.startedAt.localeCompare(b.startedAt))
      .flatMap((span) => [span, ...below(span.id)]);
  return below(null);
}
