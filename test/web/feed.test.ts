import { expect, test } from 'vitest';
import type { Evidence } from '../../src/domain/evidence.ts';
import type { LogLine, LogMetadata } from '../../src/domain/log.ts';
import { feedOf, foldSummary } from '../../web/src/feed.ts';

const line = (seq: number, metadata: LogMetadata, level: LogLine['level'] = 'info'): LogLine => ({
  seq,
  taskId: 'task-000000000000',
  adwId: null,
  phase: 'CODE',
  level,
  message: `line ${seq}`,
  metadata,
  timestamp: `2026-11-21T10:00:0${seq}.000Z`,
});

const report: Evidence = {
  id: 7,
  taskId: 'task-000000000000',
  adwId: 'adw-000000000000',
  phase: 'TEST',
  attempt: 1,
  kind: 'tests',
  passed: true,
  exitCode: 0,
  summary: '',
  data: {},
  createdAt: '2026-11-21T10:00:04.500Z',
};

test('tool calls in a row are one fold, and evidence stands where it was made', () => {
  const items = feedOf(
    [
      line(1, { kind: 'message' }),
      line(2, { kind: 'tool_call', toolUsed: 'Read' }),
      line(3, { kind: 'tool_result' }, 'debug'),
      line(4, { kind: 'tool_call', toolUsed: 'Read' }),
      line(5, { kind: 'message' }),
      line(6, { kind: 'step' }, 'debug'),
    ],
    [report],
  );
  expect(items.map(({ kind, key }) => [kind, key])).toEqual([
    ['message', 'l1'],
    ['fold', 'l2'],
    ['evidence', 'e7'],
    ['message', 'l5'],
  ]);
  const fold = items[1];
  expect(fold?.kind === 'fold' && foldSummary(fold)).toEqual({ title: '2 tool calls', detail: 'Read 2' });
});

test('evidence newer than every line comes last', () => {
  expect(feedOf([line(1, { kind: 'step' })], [report]).at(-1)?.kind).toBe('evidence');
});
