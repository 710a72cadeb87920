import { expect, test } from 'vitest';
import { newSpan, type Span } from '#src/domain/span.ts';
import { createScale, replayDelay } from '../../web/src/timeline.ts';

const start = Date.UTC(2026, 10, 21, 12);
const at = (second: number) => new Date(start + second * 1000).toISOString();
const span = (kind: Span['kind'], id: string, [from, to]: [number, number], parentId: string | null = 'run'): Span => ({
  ...newSpan(kind, id, id, { startedAt: at(from), endedAt: at(to) }),
  parentId,
});

/** Two hours in a queue, then a minute of work in one attempt. */
const spans = [
  span('run', 'run', [0, 7260], null),
  span('wait', 'queue', [0, 7200]),
  span('phase', 'CODE', [7200, 7260]),
  span('attempt', 'attempt', [7200, 7260], 'CODE'),
  span('step', 'begin', [7200, 7200.2], 'attempt'),
  span('session', 'session', [7200, 7260], 'attempt'),
  span('tool', 'tool', [7230, 7231], 'session'),
];
const now = start + 7260_000;
test('a long wait is cut short, so that the work has most of the width; time and place are each other’s inverse', () => {
  const scale = createScale(spans, now);
  const begin = scale.at(start + 7200_000);
  expect(begin).toBeGreaterThan(0);
  expect(begin).toBeLessThan(0.1);
  expect(scale.at(now)).toBeCloseTo(1);
  expect(scale.breaks).toHaveLength(1);
  for (const second of [0, 3600, 7205, 7255]) {
    const time = start + second * 1000;
    expect(Math.abs(scale.timeAt(scale.at(time)) - time)).toBeLessThan(2);
  }
});

test('a scale of nothing but a wait, or of one moment, has places from 0 to 1', () => {
  for (const only of [[span('wait', 'queue', [0, 60])], [span('run', 'run', [5, 5], null)]]) {
    const scale = createScale(only, start + 60_000);
    for (const { startedAt } of only) expect(scale.at(Date.parse(startedAt))).toBeGreaterThanOrEqual(0);
    expect(scale.at(start + 120_000)).toBeLessThanOrEqual(1);
  }
});

test('a replay is as fast as it was, times its speed, and never stands still', () => {
  expect(replayDelay(at(0), at(4), 4)).toBe(1000);
  expect(replayDelay(at(0), at(7200), 4)).toBe(1500);
  expect(replayDelay(at(0), at(0), 64)).toBe(60);
});
