import { expect, test } from 'vitest';
import { columnOf, holdOf, reasonOf, segmentsOf, summaryOf } from '../../web/src/board.ts';
import { formatBytes, formatDuration, formatUntil, withClocks } from '../../web/src/format.ts';
import { aProject as project, aTask as task } from '../helpers/contract-api.ts';

test('a running task stands in the column of its phase, before the first one in that of its workflow', () => {
  expect(columnOf(task({ status: 'running', phase: 'TEST' }))).toBe('Test');
  expect(columnOf(task({ status: 'running', workflowType: 'code_test' }))).toBe('Code');
  expect(columnOf(task({ status: 'queued' }))).toBe('Backlog');
});

test('a blocked card names the dependency that is not done', () => {
  const done = task({ id: 'task-bbbbbbbbbbbb', status: 'completed' });
  const open = task({ id: 'task-cccccccccccc', status: 'running' });
  const blocked = task({ status: 'blocked', dependencies: [done.id, open.id] });
  const reason = reasonOf(blocked, {
    find: (id) => [done, open].find((other) => other.id === id),
    held: () => undefined,
    now: 0,
  });
  expect(reason).toMatchObject({ text: 'Waits for', about: 'task-cccccccc' });
});

test('a task that waits for the model keeps its place, names the time, and looks like no failure', () => {
  const until = '2026-11-21T17:00:00.000Z';
  const parked = task({
    status: 'queued',
    phase: 'CODE',
    phases: [
      { phase: 'PLAN', state: 'passed', attempt: 1 },
      { phase: 'CODE', state: 'failed', attempt: 1 },
    ],
    waitsFor: { code: 'rate_limited', message: 'the weekly limit is used up', until },
  });
  const facts = { find: () => undefined, held: () => undefined };
  expect(columnOf(parked)).toBe('Code');
  expect(segmentsOf(parked)).toEqual(['passed', 'waiting', 'pending', 'pending']);
  expect(reasonOf(parked, { ...facts, now: Date.parse(until) - 1 })?.text).toBe(
    `Waits for the model until ${formatUntil(until, Date.parse(until))}`,
  );
  expect(reasonOf(parked, { ...facts, now: Date.parse(until) })?.text).toBe('Waits for a slot');
});

test('a task that waits is told what holds it: a paused project, else an agent that is stopped', () => {
  const breaker = {
    projectId: 'proj-000000000001',
    agent: 'claude',
    state: 'open' as const,
    kind: 'agent',
    failures: 5,
    message: 'It ended with 1.',
    until: '2026-11-21T17:00:00.000Z',
  };
  const facts = { projects: [project()], breakers: [breaker], now: Date.parse(breaker.until) - 1 };
  const waiting = task({ status: 'queued', agent: 'claude' });
  expect(holdOf(waiting, facts)).toMatch(/^claude is stopped until \d\d:\d\d$/);
  expect(holdOf(waiting, { ...facts, now: Date.parse(breaker.until) })).toBe('One run of claude tries');
  expect(holdOf({ ...waiting, agent: 'other' }, facts)).toBeUndefined();
  expect(holdOf(waiting, { ...facts, projects: [project({ paused: true })] })).toBe('The project is paused');
});

test('the summary counts what is open, and who needs a person', () => {
  expect(summaryOf([task({}), task({ status: 'in_review' }), task({ status: 'completed' })])).toBe(
    '2 open · 1 needs you',
  );
});

test('a time inside a sentence is shown as the clock of the person, with the day where it is another', () => {
  const now = Date.parse('2026-11-21T12:00:00Z');
  expect(withClocks('nobody until 2026-11-21T12:30:00.085Z: used up', now)).toMatch(
    /^nobody until \d\d:\d\d: used up$/,
  );
  expect(formatUntil('2026-11-28T12:30:00Z', now)).toMatch(/28.* \d\d:\d\d$/);
});

test('durations and sizes are short', () => {
  expect([4_000, 64_000, 7_500_000, 280_800_000].map(formatDuration)).toEqual(['4s', '1m 04s', '2h 05m', '3d 6h']);
  expect([512, 2_000_000, 240e9].map(formatBytes)).toEqual(['512 B', '2.0 MB', '240 GB']);
});
