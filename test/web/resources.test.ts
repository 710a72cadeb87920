import { expect, test } from 'vitest';
import type { TaskResources } from '#src/domain/resources.ts';
import { sortByCost, sparkPoints } from '../../web/src/resources.ts';

const now = Date.parse('2026-01-02T00:00:00.000Z');

const task = (taskId: string, change: Partial<TaskResources> = {}): TaskResources => ({
  taskId,
  projectId: 'proj-000000000001',
  title: taskId,
  status: 'running',
  createdAt: '2026-01-01T00:00:00.000Z',
  disk: null,
  worktree: null,
  ports: {},
  now: null,
  peakMemory: 0,
  cpuSeconds: 0,
  ...change,
});

const order = (tasks: readonly TaskResources[], column: Parameters<typeof sortByCost>[1]) =>
  sortByCost(tasks, column, now).map(({ taskId }) => taskId);

test('the dearest come first, and what is not known comes after what is known to be nothing', () => {
  const disk = (own: number) => ({ own, shared: 0, worktree: own, home: 0, database: 0 });
  const tasks = [task('unknown'), task('small', { disk: disk(0) }), task('large', { disk: disk(9) })];
  expect(order(tasks, 'disk')).toEqual(['large', 'small', 'unknown']);
});

test('equals keep the order in which they were created', () => {
  const tasks = [task('later', { createdAt: '2026-01-01T05:00:00.000Z' }), task('earlier')];
  expect(order(tasks, 'memory')).toEqual(['earlier', 'later']);
  expect(order(tasks, 'age')).toEqual(['earlier', 'later']);
});

test('a line goes from the left to the right with the highest value at the top', () => {
  expect(sparkPoints([0, 5, 10], 100, 16)).toBe('0,16 50,8 100,0');
  expect(sparkPoints([0, 0], 100, 16)).toBe('0,16 100,16');
  expect(sparkPoints([3], 100, 16)).toBe('');
});
