import { expect, test } from 'vitest';
import { newSpan, type Span } from '#src/domain/span.ts';
import { isOpenByItself, rowsOf } from '#src/domain/timeline-rows.ts';

const start = Date.UTC(2026, 10, 21, 12);
const at = (second: number) => new Date(start + second * 1000).toISOString();
const span = (kind: Span['kind'], id: string, [from, to]: [number, number], parentId: string | null = 'run'): Span => ({
  ...newSpan(kind, id, id, { startedAt: at(from), endedAt: at(to) }),
  parentId,
});

const spans = [
  span('run', 'run', [0, 90], null),
  span('wait', 'queue', [0, 30]),
  span('phase', 'CODE', [30, 90]),
  span('attempt', 'attempt', [30, 90], 'CODE'),
  span('step', 'begin', [30, 30.2], 'attempt'),
  span('session', 'session', [31, 90], 'attempt'),
  span('tool', 'tool', [40, 41], 'session'),
];
const now = start + 90_000;
const rowsWith = (more: Span[], turned: string[] = [], all = false) =>
  rowsOf([...spans, ...more], { isOpen: (one) => turned.includes(one.id) !== isOpenByItself(one), all, now });
const shown = (turned: string[] = [], all = false) =>
  rowsWith([], turned, all).map(({ span: { id }, depth }) => `${depth} ${id}`);

test('an only attempt is its phase, short steps are left out, tool calls are folded and counted', () => {
  expect(shown()).toEqual(['0 run', '1 queue', '1 CODE', '2 session']);
  expect(rowsWith([]).at(-1)).toMatchObject({ inside: 1, open: false });
  expect(shown(['session'])).toContain('3 tool');
  expect(shown(['CODE'])).toEqual(['0 run', '1 queue', '1 CODE']);
  expect(shown([], true)).toContain('2 begin');
});

test('a second attempt has a row of its own', () => {
  const rows = rowsWith([span('attempt', 'second', [90, 90], 'CODE')]);
  expect(rows.map(({ span: { id } }) => id)).toEqual(['run', 'queue', 'CODE', 'attempt', 'session', 'second']);
});
