import { expect, test } from 'vitest';
import { columnOf, reasonOf, summaryOf } from '../../web/src/board.ts';
import { formatBytes, formatDuration } from '../../web/src/format.ts';
import { aTask as task } from '../helpers/contract-api.ts';

test('a running task stands in the column of its phase, before the first one in that of its workflow', () => {
  expect(columnOf(task({ status: 'running', phase: 'TEST' }))).toBe('Test');
  expect(columnOf(task({ status: 'running', workflowType: 'code_test' }))).toBe('Code');
  expect(columnOf(task({ status: 'queued' }))).toBe('Backlog');
});

test('a blocked card names the dependency that is not done', () => {
  const done = task({ id: 'task-bbbbbbbbbbbb', status: 'completed' });
  const open = task({ id: 'task-cccccccccccc', status: 'running' });
  const blocked = task({ status: 'blocked', dependencies: [done.id, open.id] });
  const reason = reasonOf(blocked, (id) => [done, open].find((other) => other.id === id));
  expect(reason).toMatchObject({ text: 'Waits for', about: 'task-cccccccc' });
});

test('the summary counts what is open, and who needs a person', () => {
  expect(summaryOf([task({}), task({ status: 'in_review' }), task({ status: 'completed' })])).toBe(
    '2 open · 1 needs you',
  );
});

test('durations and sizes are short', () => {
  expect([4_000, 64_000, 7_500_000, 280_800_000].map(formatDuration)).toEqual(['4s', '1m 04s', '2h 05m', '3d 6h']);
  expect([512, 2_000_000, 240e9].map(formatBytes)).toEqual(['512 B', '2.0 MB', '240 GB']);
});
