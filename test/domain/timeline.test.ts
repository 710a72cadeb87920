import { readFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { Span } from '#src/domain/span.ts';
import { buildTimeline } from '#src/domain/timeline.ts';
import type { SessionFacts, TimelineFacts } from '#src/domain/timeline-facts.ts';

/** What was stored of a run of the demo: its tests failed once, a session mended them, a person merged. */
const recorded = (): TimelineFacts & { run: NonNullable<TimelineFacts['run']> } =>
  JSON.parse(readFileSync(path.resolve(import.meta.dirname, '../fixtures/run-facts.json'), 'utf8'));

const minute = '2026-11-21T20:2';
const runId = recorded().run.adwId;

const find = (spans: readonly Span[], id: string): Span => {
  const span = spans.find((one) => one.id.startsWith(id));
  if (!span) throw new Error(`no span ${id} among ${spans.map((one) => one.id).join(', ')}`);
  return span;
};
const waitsOf = (spans: readonly Span[]) =>
  spans.filter(({ kind }) => kind === 'wait').map(({ attributes, status }) => `${attributes.cause} ${status}`);

test('a recorded run is a tree: phases hold attempts, those hold sessions and tests, sessions hold tool calls', () => {
  const spans = buildTimeline(recorded());
  expect(spans.every((span) => Span.safeParse(span).success)).toBe(true);
  expect(new Set(spans.map(({ id }) => id)).size).toBe(spans.length);
  expect(spans[0]).toMatchObject({ kind: 'run', parentId: null, status: 'ok', cost: { usd: 0.11626 } });
  const phases = spans.filter(({ kind }) => kind === 'phase').map(({ name, status }) => `${name} ${status}`);
  expect(phases).toEqual(['PLAN ok', 'CODE ok', 'TEST error', 'CODE ok', 'TEST ok', 'REVIEW ok']);
  const known = new Set<string | null>([null]);
  for (const { id, parentId } of spans) {
    expect(known.has(parentId), id).toBe(true); // a parent stands before what is in it
    known.add(id);
  }
  const session = spans.find(({ kind, parentId }) => kind === 'session' && parentId === 'attempt:CODE:2');
  const tools = spans.filter(({ parentId }) => parentId === session?.id);
  expect(tools.map(({ name }) => name)).toEqual([
    'Read src/waiting-list.mjs',
    'Edit src/waiting-list.mjs',
    'Bash: node --test',
  ]);
  expect(tools[2]).toMatchObject({ status: 'ok', attributes: { tool: 'Bash' }, line: 124 });
  expect(find(spans, 'test:11')).toMatchObject({ parentId: 'attempt:TEST:1', status: 'error', name: 'npm test' });
});

test('what is in a span of the run itself lies within it', () => {
  const spans = buildTimeline(recorded());
  const byId = new Map(spans.map((span) => [span.id, span]));
  for (const span of spans) {
    const parent = byId.get(span.parentId ?? '');
    if (!parent || parent.kind === 'run') continue; // pushes and waits around a run reach beyond it
    expect(span.startedAt >= parent.startedAt, `${span.id} begins before ${parent.id}`).toBe(true);
    expect((span.endedAt ?? '') <= (parent.endedAt ?? ''), `${span.id} ends after ${parent.id}`).toBe(true);
  }
});

test('waits are told: for a slot, for a place among the tests, for a person; a merge and its tests follow', () => {
  const spans = buildTimeline(recorded());
  expect(waitsOf(spans)).toEqual(['slot ok', 'tests ok', 'person ok']);
  expect(find(spans, 'wait:tests')).toMatchObject({ parentId: 'attempt:TEST:1', endedAt: '2026-11-21T20:27:44.520Z' });
  expect(find(spans, 'merge:3')).toMatchObject({ startedAt: '2026-11-21T20:28:02.346Z', status: 'ok' });
  expect(find(spans, 'test:22')).toMatchObject({ parentId: 'merge:3' });
});

test('a run that was cut off shows the gap and the session that died with it', () => {
  const facts = recorded();
  const [plan, ...others] = facts.sessions as SessionFacts[];
  const died: SessionFacts = {
    ...(plan as SessionFacts),
    id: 'died',
    startedAt: `${minute}7:22.900Z`,
    endedAt: null,
    outcome: null,
  };
  const taken = {
    type: 'run.taken' as const,
    data: { adwId: runId, execution: 2, workerId: 'worker-b', lastLineAt: `${minute}7:23.200Z` },
    timestamp: `${minute}7:23.400Z`,
  };
  const cut = (session: SessionFacts) =>
    buildTimeline({
      ...facts,
      sessions: [session, plan as SessionFacts, ...others],
      events: [...facts.events, taken].sort((a, b) => a.timestamp.localeCompare(b.timestamp)),
    });
  // The one that took up the work may have noted the end of the session; then that was later than the end.
  for (const endedAt of [null, `${minute}7:23.450Z`]) {
    const spans = cut({ ...died, endedAt, outcome: endedAt && 'killed' });
    const gap = find(spans, 'wait:interrupted');
    expect(gap).toMatchObject({ parentId: 'attempt:PLAN:1', status: 'error', endedAt: taken.timestamp });
    expect(gap.startedAt).toBe(`${minute}7:23.351Z`); // the last step that ended, later than the last line
    expect(find(spans, 'session:died')).toMatchObject({
      endedAt: gap.startedAt,
      status: 'error',
      attributes: { interrupted: true },
    });
    expect(spans[0]?.attributes.executions).toBe(2);
  }
});

test('a run that is parked shows until when and why, and goes on when it has a slot again', () => {
  const facts = recorded();
  const [code] = facts.run.phases.filter(({ phase }) => phase === 'CODE');
  const changed = (data: object, timestamp: string) => ({
    type: 'run.changed' as const,
    data: { adwId: runId, ...data },
    timestamp,
  });
  const parked = changed(
    { status: 'queued', until: `${minute}9:00.000Z`, code: 'rate_limited', message: 'Closed.' },
    code?.endedAt ?? '',
  );
  const waiting = {
    ...facts,
    run: { ...facts.run, status: 'running' as const, endedAt: null, phases: facts.run.phases.slice(0, 2) },
  };
  const open = buildTimeline({ ...waiting, pullRequest: null, events: [...facts.events.slice(0, 4), parked] });
  expect(find(open, 'wait:limit')).toMatchObject({
    endedAt: null,
    status: 'running',
    parentId: 'phase:CODE:1',
    attributes: { code: 'rate_limited', until: `${minute}9:00.000Z`, message: 'Closed.' },
  });
  const goesOn = changed({ status: 'running' }, `${minute}9:01.000Z`);
  const closed = buildTimeline({
    ...waiting,
    pullRequest: null,
    events: [...facts.events.slice(0, 4), parked, goesOn],
  });
  expect(find(closed, 'wait:limit')).toMatchObject({ endedAt: goesOn.timestamp, status: 'ok' });
});

test('a run that waits for its budget says so, without a time', () => {
  const facts = recorded();
  const data = { adwId: runId, status: 'queued', until: null, code: 'budget', message: 'Used up.' };
  const parked = { type: 'run.changed' as const, data, timestamp: `${minute}7:33.000Z` };
  const spans = buildTimeline({
    ...facts,
    run: { ...facts.run, endedAt: null },
    events: [...facts.events.slice(0, 4), parked],
  });
  const wait = find(spans, 'wait:budget');
  expect(wait).toMatchObject({ endedAt: null, attributes: { code: 'budget', message: 'Used up.' } });
  expect(wait.attributes).not.toHaveProperty('until');
});

test('a run at work has open spans, and the test that runs now is one of them', () => {
  const facts = recorded();
  const end = `${minute}7:43.000Z`;
  const before = <T extends { startedAt?: string | null; timestamp?: string; createdAt?: string }>(all: readonly T[]) =>
    all.filter((one) => (one.startedAt ?? one.timestamp ?? one.createdAt ?? '') < end);
  const phases = before(facts.run.phases).map((p) =>
    p.phase === 'TEST' ? { ...p, state: 'running' as const, endedAt: null, error: null } : p,
  );
  const spans = buildTimeline({
    ...facts,
    run: { ...facts.run, status: 'running', endedAt: null, phases },
    sessions: before(facts.sessions),
    steps: facts.steps.filter((step) => step.endedAt < end),
    evidence: before(facts.evidence),
    marks: before(facts.marks),
    events: before(facts.events),
    pullRequest: null,
    now: end,
  });
  const open = spans.filter(({ endedAt }) => endedAt === null).map(({ kind, status }) => `${kind} ${status}`);
  expect(open).toEqual(['run running', 'phase running', 'attempt running', 'test running', 'wait running']);
});

test('a tool call without a result goes on with its session, and ended with one that ended', () => {
  const facts = recorded();
  const marks = facts.marks.filter(({ metadata }) => metadata.kind !== 'tool_result');
  const last = facts.sessions.at(-1) as SessionFacts;
  const running = [...facts.sessions.slice(0, -1), { ...last, endedAt: null, outcome: null }];
  const spans = buildTimeline({ ...facts, run: { ...facts.run, endedAt: null }, marks, sessions: running });
  const tools = spans.filter(({ kind }) => kind === 'tool');
  expect(tools.at(-1)).toMatchObject({ endedAt: null, status: 'running', parentId: `session:${last.id}` });
  expect(tools[0]).toMatchObject({
    status: 'error',
    attributes: { interrupted: true },
    endedAt: facts.sessions[0]?.endedAt,
  });
});

test('a task without a run shows what it waits for, by name', () => {
  const changed = (status: string, timestamp: string) => ({
    type: 'task.changed' as const,
    data: { status },
    timestamp,
  });
  const spans = buildTimeline({
    ...recorded(),
    task: { id: 'task-1', createdAt: `${minute}0:00.000Z`, dependencies: [{ id: 'task-0', title: 'First' }] },
    run: null,
    events: [
      changed('blocked', `${minute}0:00.000Z`),
      changed('blocked', `${minute}0:01.000Z`),
      changed('pending', `${minute}0:05.000Z`),
    ],
  });
  expect(spans).toMatchObject([
    {
      name: 'Waits for “First”',
      parentId: null,
      endedAt: `${minute}0:05.000Z`,
      attributes: { dependencies: ['task-0'] },
    },
    { name: 'Waits to be started', endedAt: null, status: 'running' },
  ]);
});

test('a run of which nothing but its row is known has a wait and no error', () => {
  const { task, run, now } = recorded();
  const bare = { sessions: [], steps: [], setup: [], evidence: [], marks: [], events: [], pullRequest: null };
  const spans = buildTimeline({
    task,
    run: { ...run, phases: [] },
    previousEndedAt: null,
    nextCreatedAt: null,
    now,
    ...bare,
  });
  expect(spans.map(({ kind }) => kind)).toEqual(['run', 'wait']);
});
