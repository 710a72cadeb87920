import { describe, expect, it } from 'vitest';
import type { Event } from '#src/domain/event.ts';
import type { MergeEntry } from '#src/domain/merge-queue.ts';
import type { Project } from '#src/domain/project.ts';
import type { Task } from '#src/domain/task.ts';
import { atWork, figuresOf, needsOf, spentByDay, tell } from '../../web/src/home.ts';
import { aProject, aTask } from '../helpers/contract-api.ts';

const task = (id: string, more: Partial<Task> = {}): Task =>
  aTask({ id, title: id, createdAt: '2026-01-02T03:04:05.000Z', status: 'pending', pullRequest: null, ...more });
const open = { number: 7, state: 'open' as const, url: '/' };
const merge = (taskId: string, state: MergeEntry['state'], message: string | null = null): MergeEntry => ({
  taskId,
  title: taskId,
  state,
  ahead: state === 'refused' ? null : 0,
  message,
  requestedAt: '2026-01-02T03:04:05.000Z',
});

describe('what needs a person', () => {
  const tasks = [
    task('runs', { status: 'running' }),
    task('behind', { status: 'blocked', dependencies: ['fails'] }),
    task('fails', { status: 'failed', error: { code: 'tests_failed', message: '2 tests failed\nat once' } }),
    task('reads', { status: 'in_review', pullRequest: open, priority: 'high', conflictsWith: ['runs'] }),
    task('merges', { status: 'in_review', pullRequest: open }),
    task('refused', { status: 'in_review', pullRequest: open, priority: 'low' }),
    task('poor', {
      status: 'queued',
      waitsFor: { code: 'budget', message: 'The budget is used up.', until: null },
      createdAt: '2026-01-01T00:00:00.000Z',
    }),
    task('parked', {
      status: 'queued',
      waitsFor: { code: 'rate_limited', message: 'Until five.', until: '2026-01-02T05:00:00.000Z' },
    }),
  ];
  const needs = needsOf(tasks, [
    merge('merges', 'testing'),
    merge('refused', 'refused', 'It conflicts in a.txt\nmore'),
  ]);

  it('is what was reviewed, failed, refused or waits without an end, the most urgent first', () => {
    expect(needs.map(({ task: { id }, text, action }) => [id, text, action])).toEqual([
      ['reads', 'Pull request #7 is ready for you. It collides with 1 branch.', 'Review'],
      ['poor', 'The budget is used up.', 'Open'],
      ['fails', '2 tests failed 1 task waits for it.', 'Open failure'],
      ['refused', 'It conflicts in a.txt', 'Decide'],
    ]);
  });

  it('is counted by project, beside what was done on this day', () => {
    const now = Date.parse('2026-01-02T12:00:00.000Z');
    const project: Project = aProject({ id: tasks[0]?.projectId ?? '' });
    const done = [
      task('today', { status: 'completed', completedAt: new Date(now - 1000).toISOString() }),
      task('before', { status: 'completed', completedAt: new Date(now - 40 * 3_600_000).toISOString() }),
      task('elsewhere', { projectId: 'project-elsewhere', status: 'running' }),
    ];
    expect(figuresOf([project], [...tasks, ...done], needs, now)).toEqual([
      { project, running: 1, needs: 4, failed: 1, doneToday: 1, open: 8 },
    ]);
  });
});

it('runs are counted by the phase they are in, beside those that wait for a slot', () => {
  const tasks = [
    task('a', { status: 'running', phase: 'CODE' }),
    task('b', { status: 'running', phase: 'CODE' }),
    task('c', { status: 'running', phase: 'REVIEW' }),
    task('d', { status: 'queued', waitsFor: null }),
  ];
  const { phases, waiting } = atWork(tasks);
  expect(phases.map(({ count }) => count)).toEqual([0, 2, 0, 1]);
  expect(waiting).toBe(1);
});

it('what was spent is added up from day to day, those without a session too', () => {
  const items = [
    { key: '2026-01-01', knownUsd: 2 },
    { key: '2026-01-03', knownUsd: 0.5 },
  ];
  expect(spentByDay(items, new Date('2026-01-04T10:00:00Z'))).toEqual([2, 2, 2.5, 2.5]);
});

it.each<[Event['type'], Record<string, unknown>, string | undefined]>([
  ['task.created', {}, 'Created'],
  ['phase.changed', { phase: 'TEST', state: 'running', attempt: 1 }, 'TEST began'],
  ['phase.changed', { phase: 'TEST', state: 'failed', attempt: 2 }, 'TEST failed, attempt 2'],
  ['run.changed', { status: 'failed' }, 'Failed'],
  ['run.changed', { status: 'queued' }, undefined],
  ['run.taken', { execution: 1 }, undefined],
  ['run.taken', { execution: 2 }, 'Taken up again'],
  ['pull_request.changed', { number: 3, state: 'open' }, 'Pull request #3 opened'],
  ['pull_request.changed', { number: 3, state: 'merged' }, 'Merged, #3'],
  ['pull_request.changed', { merge: 'refused' }, 'Could not be merged'],
  ['pull_request.changed', { comments: 2 }, undefined],
  ['worktree.changed', { state: 'ready' }, undefined],
])('%s %o is told as %s', (type, data, words) => {
  const event = { id: 1, type, projectId: 'p', taskId: 't', data, timestamp: '2026-01-02T03:04:05.000Z' };
  expect(tell(event)?.text).toBe(words);
  expect(tell({ ...event, taskId: null })).toBeUndefined();
});
