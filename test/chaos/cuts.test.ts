import { expect, test } from 'vitest';
import { livesIn, overlapOf } from './cuts.ts';

test('beats tell for how long two agents lived at once', () => {
  const text = (...lives: [string, number, number][]) =>
    `${lives.flatMap(([id, from, to]) => [`${id} ${from}`, `${id} ${to}`]).join('\n')}\n`;
  expect(livesIn(text(['b', 30, 40], ['a', 10, 20]))).toEqual([
    { from: 10, to: 20 },
    { from: 30, to: 40 },
  ]);
  expect(overlapOf(livesIn(text(['a', 10, 20], ['b', 30, 40])))).toBe(0);
  expect(overlapOf(livesIn(text(['a', 10, 35], ['b', 30, 40])))).toBe(5);
  expect(overlapOf(livesIn(text(['a', 10, 90], ['b', 30, 40], ['c', 50, 60])))).toBe(20);
});

test('the beat that is being written is not read', () => {
  expect(livesIn('a 10\na 20\na 2')).toEqual([{ from: 10, to: 20 }]);
});
