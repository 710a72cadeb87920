import { describe, expect, it } from 'vitest';
import type { Task } from '#src/domain/task.ts';
import {
  conflictsAmong,
  countWaiting,
  layOut,
  longestChain,
  nodeSize,
  tasksInGraph,
  whatHelps,
} from '../../web/src/graph.ts';
import { aTask } from '../helpers/contract-api.ts';

const task = (id: string, dependencies: string[] = [], more: Partial<Task> = {}): Task =>
  aTask({ id, dependencies, status: 'pending', conflictsWith: [], ...more });
const idsOf = (tasks: readonly Task[]) => tasks.map(({ id }) => id);

describe('the tasks in the graph', () => {
  const tasks = [
    task('old', [], { status: 'completed' }),
    task('base', ['old'], { status: 'completed' }),
    task('top', ['base']),
    task('alone'),
    task('one', [], { conflictsWith: ['two'] }),
    task('two', [], { conflictsWith: ['one'] }),
  ];

  it('are the open ones with what they stand on, and those that conflict', () => {
    expect(idsOf(tasksInGraph(tasks, false))).toEqual(['base', 'top', 'one', 'two']);
    expect(idsOf(tasksInGraph(tasks.toReversed(), false))).toEqual(['two', 'one', 'top', 'base']);
    expect(idsOf(tasksInGraph(tasks, true))).toEqual(['old', 'base', 'top', 'one', 'two']);
    expect(conflictsAmong(tasks)).toEqual([['one', 'two']]);
  });

  it('are none where nothing is linked, or a dependency is not known', () => {
    expect(tasksInGraph([task('a'), task('b', ['elsewhere'])], true)).toEqual([]);
    expect(layOut([])).toMatchObject({ width: 0, lines: [] });
  });
});

describe('the picture', () => {
  it('has each task right of all that it waits for, and no two at one place', () => {
    const tasks = Array.from({ length: 200 }, (_, at) =>
      task(`t${at}`, at === 0 ? [] : [`t${Math.floor(at / 2)}`, `t${Math.floor(at / 3)}`]),
    ).map((one) => ({ ...one, dependencies: [...new Set(one.dependencies)].filter((id) => id !== one.id) }));
    const { places, lines, width, height } = layOut(tasks);
    expect(places.size).toBe(200);
    expect(lines).toHaveLength(tasks.reduce((sum, { dependencies }) => sum + dependencies.length, 0));
    const at = (id: string) => places.get(id) ?? [Number.NaN, Number.NaN];
    for (const { id, dependencies } of tasks)
      for (const below of dependencies) expect(at(id)[0]).toBeGreaterThan(at(below)[0] + nodeSize.width);
    const taken = [...places.values()].sort(([x, y], [otherX, otherY]) => x - otherX || y - otherY);
    for (const [index, [x, y]] of taken.entries()) {
      const [nextX, nextY] = taken[index + 1] ?? [];
      if (nextX === x) expect(nextY).toBeGreaterThanOrEqual(y + nodeSize.height);
      expect([x >= 0, y >= 0, x + nodeSize.width <= width, y + nodeSize.height <= height]).not.toContain(false);
    }
    expect(layOut(tasks)).toEqual(layOut(tasks));
  });
});

describe('what matters', () => {
  const tasks = [
    task('done', [], { status: 'completed' }),
    task('a', ['done'], { status: 'in_review' }),
    task('b', ['a']),
    task('c', ['b']),
    task('short', ['a']),
    task('broken', [], { status: 'failed' }),
    task('behind', ['broken'], { status: 'blocked' }),
    task('finished', ['a'], { status: 'completed' }),
  ];

  it('is the chain with the most that is still to be done', () => {
    expect(longestChain(tasks)).toEqual(['a', 'b', 'c']);
    expect(longestChain([task('only')])).toEqual([]);
  });

  it('is what a person can do, with how many wait for it', () => {
    expect(whatHelps(tasks).map(({ task: { id }, waiting }) => [id, waiting])).toEqual([
      ['a', 3],
      ['broken', 1],
    ]);
    expect(countWaiting(tasks, ['b', 'finished'])).toEqual(
      new Map([
        ['b', 1],
        ['finished', 0],
      ]),
    );
  });
});
