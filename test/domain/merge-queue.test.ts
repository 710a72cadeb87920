import { describe, expect, test } from 'vitest';
import { pairsToCheck } from '#src/domain/collisions.ts';
import { groupMerges, orderMerges, type WaitingMerge } from '#src/domain/merge-queue.ts';
import { createRandom } from '../chaos/random.ts';

const entry = (taskId: string, more: Partial<WaitingMerge> = {}): WaitingMerge => ({
  taskId,
  priority: 'medium',
  requestedAt: '2026-01-01T00:00:00.000Z',
  dependencies: [],
  alone: false,
  ...more,
});
const idsOf = (entries: readonly WaitingMerge[]) => entries.map(({ taskId }) => taskId);

describe('the order of merges', () => {
  test('is by priority, then by age', () => {
    const waiting = [
      entry('c', { requestedAt: '2026-01-02T00:00:00.000Z' }),
      entry('a', { priority: 'low' }),
      entry('b'),
      entry('d', { priority: 'high', requestedAt: '2026-01-03T00:00:00.000Z' }),
    ];
    expect(idsOf(orderMerges(waiting))).toEqual(['d', 'b', 'c', 'a']);
  });

  test('puts a dependency before what waits for it, whatever their priorities', () => {
    const waiting = [
      entry('top', { priority: 'high', dependencies: ['below', 'elsewhere'] }),
      entry('below'),
      entry('other'),
    ];
    expect(idsOf(orderMerges(waiting))).toEqual(['below', 'top', 'other']);
  });

  test('keeps every entry once for any graph without a circle', () => {
    for (let seed = 1; seed <= 200; seed++) {
      const random = createRandom(seed);
      const waiting = Array.from({ length: 1 + Math.floor(random.next() * 20) }, (_, at) =>
        entry(`t${at}`, {
          priority: random.pick(['low', 'medium', 'high'] as const),
          dependencies: Array.from({ length: 3 }, () => `t${Math.floor(random.next() * at)}`).filter(
            (id) => id !== `t${at}`,
          ),
        }),
      );
      const ordered = idsOf(orderMerges(waiting));
      expect(ordered.toSorted(), `seed ${seed}`).toEqual(idsOf(waiting).toSorted());
      for (const one of waiting)
        for (const below of one.dependencies) expect(ordered.indexOf(below)).toBeLessThan(ordered.indexOf(one.taskId));
    }
  });
});

describe('groups of merges', () => {
  const sizes = (count: number, atOnce: number, alone: readonly number[] = []) =>
    groupMerges(
      Array.from({ length: count }, (_, at) => entry(`t${at}`, { alone: alone.includes(at) })),
      atOnce,
    ).map((group) => group.length);

  test('are single while there are places for each', () => {
    expect(sizes(3, 3)).toEqual([1, 1, 1]);
    expect(sizes(0, 3)).toEqual([]);
  });

  test('grow together when there are more than places, up to eight', () => {
    expect(sizes(6, 2)).toEqual([3, 3]);
    expect(sizes(100, 2)).toEqual([8, 8]);
  });

  test('stay single where a group would leave untested commits behind', () => {
    const entries = Array.from({ length: 6 }, (_, at) => entry(`t${at}`));
    expect(groupMerges(entries, 2, 1).map((group) => group.length)).toEqual([1, 1]);
  });

  test('leave one alone that was red in company', () => {
    expect(sizes(6, 3, [1])).toEqual([1, 1, 2]);
  });
});

test('only pairs with a path in common are asked about, and only those of which one changed', () => {
  const branch = (taskId: string, ...paths: string[]) => ({ taskId, head: taskId, paths });
  const branches = [branch('a', 'x', 'y'), branch('b', 'y', 'x'), branch('c', 'z'), branch('d', 'x')];
  const asked = (...changed: string[]) =>
    pairsToCheck(branches, new Set(changed)).map((pair) => pair.map(({ taskId }) => taskId).join(''));
  expect(asked('a').toSorted()).toEqual(['ab', 'ad']);
  expect(asked('c')).toEqual([]);
  expect(asked('a', 'b', 'c', 'd').toSorted()).toEqual(['ab', 'ad', 'bd']);
});
