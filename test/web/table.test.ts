import { describe, expect, it } from 'vitest';
import type { Task } from '#src/domain/task.ts';
import { allowedFor, nextSort, parseSort, sortTasks } from '../../web/src/table.ts';
import { aTask } from '../helpers/contract-api.ts';

const task = (id: string, more: Partial<Task> = {}): Task =>
  aTask({ id, title: id, createdAt: '2026-01-02T03:04:05.000Z', status: 'pending', pullRequest: null, ...more });
const idsOf = (tasks: readonly Task[]) => tasks.map(({ id }) => id);

describe('the order of rows', () => {
  const tasks = [
    task('b', { priority: 'low', knownCostUsd: 2, status: 'running', createdAt: '2026-01-01T00:00:00.000Z' }),
    task('a', { priority: 'high', knownCostUsd: 0.5, status: 'failed', createdAt: '2026-01-03T00:00:00.000Z' }),
    task('c', { priority: 'medium', knownCostUsd: 10, status: 'blocked', createdAt: '2026-01-02T00:00:00.000Z' }),
  ];

  it.each([
    [undefined, 'acb'],
    ['nonsense', 'bca'],
    ['title', 'abc'],
    ['-title', 'cba'],
    ['priority', 'acb'],
    ['-cost', 'cba'],
    ['status', 'cba'],
    ['created', 'bca'],
  ])('by %s', (sort, order) => {
    expect(idsOf(sortTasks(tasks, parseSort(sort))).join('')).toBe(order);
  });

  it('is turned round by a second click, and figures begin with the most', () => {
    expect(nextSort('title', parseSort(undefined))).toBe('title');
    expect(nextSort('title', parseSort('title'))).toBe('-title');
    expect(nextSort('cost', parseSort('title'))).toBe('-cost');
    expect(nextSort('cost', parseSort('-cost'))).toBe('cost');
  });
});

it('what is done with many is done with those of them that allow it', () => {
  const pullRequest = { number: 1, state: 'open' as const, url: '/tasks/reviewed?tab=branch' };
  const tasks = [
    task('ready'),
    task('failed', { status: 'failed' }),
    task('reviewed', { status: 'in_review', pullRequest }),
    task('done', { status: 'completed' }),
  ];
  expect(idsOf(allowedFor('start', tasks))).toEqual(['ready']);
  expect(idsOf(allowedFor('retry', tasks))).toEqual(['failed']);
  expect(idsOf(allowedFor('cancel', tasks))).toEqual(['ready', 'failed', 'reviewed']);
  expect(idsOf(allowedFor('merge', tasks))).toEqual(['reviewed']);
});
