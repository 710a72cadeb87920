import { describe, expect, it } from 'vitest';
import { findProblems } from '#src/domain/analysis.ts';
import { withOwnKeys } from '#src/domain/loose-tasks.ts';
import { BatchTask } from '#src/domain/task.ts';
import {
  addTask,
  changeTask,
  countWaitingFor,
  dropTasks,
  mergeTasks,
  type ProposedTasks,
  sortProposal,
  splitTask,
  whyNotCreate,
} from '../../web/src/analyst.ts';

const task = (key: string, dependencies: string[] = [], more: Partial<BatchTask> = {}): BatchTask =>
  BatchTask.parse({ key, title: key.toUpperCase(), dependencies, ...more });
const shapeOf = (tasks: ProposedTasks) =>
  Object.fromEntries(tasks.map(({ key, dependencies }) => [key, dependencies.join(' ')]));

/** a before b and c, both before d. */
const diamond = [task('d', ['b', 'c']), task('b', ['a']), task('c', ['a']), task('a')];

describe('the order of a proposal', () => {
  it('has each after what it waits for', () => {
    expect(sortProposal(diamond).map(({ key }) => key)).toEqual(['a', 'b', 'c', 'd']);
  });

  it('leaves an order that can be done as it is, however long the chain', () => {
    const tasks = [task('a'), task('b', ['a']), task('z'), task('c', ['a'])];
    expect(sortProposal(tasks)).toEqual(tasks);
    expect(sortProposal(splitTask(tasks, 'a')).map(({ key }) => key)).toEqual(['a', 'a-2', 'b', 'z', 'c']);
    const chain = Array.from({ length: 5_000 }, (_, at) => task(`${at}`, at ? [`${at - 1}`] : []));
    expect(sortProposal(chain.toReversed())).toEqual(chain);
  });

  it('has those of a circle last, and loses none', () => {
    const tasks = [task('x', ['y']), task('y', ['x']), task('z', ['x']), task('a')];
    expect(sortProposal(tasks).map(({ key }) => key)).toEqual(['a', 'x', 'y', 'z']);
  });

  it('takes no notice of tasks that are elsewhere', () => {
    const tasks = [task('b', ['a']), task('a', ['task-0123456789ab'])];
    expect(sortProposal(tasks).map(({ key }) => key)).toEqual(['a', 'b']);
  });

  it('comes with how many wait for each', () => {
    expect(Object.fromEntries(countWaitingFor(diamond))).toEqual({ a: 3, b: 1, c: 1, d: 0 });
  });
});

describe('dropping', () => {
  it('lets what waited for the task wait for what that waited for', () => {
    expect(shapeOf(dropTasks(diamond, ['b']))).toEqual({ a: '', c: 'a', d: 'a c' });
    expect(shapeOf(dropTasks(diamond, ['b', 'c']))).toEqual({ a: '', d: 'a' });
    expect(shapeOf(dropTasks(diamond, ['a', 'b']))).toEqual({ c: '', d: 'c' });
  });

  it('hands on tasks of the project too, and never makes one wait for itself', () => {
    const id = 'task-0123456789ab';
    expect(shapeOf(dropTasks([task('a', [id]), task('b', ['a'])], ['a']))).toEqual({ b: id });
    expect(shapeOf(dropTasks([task('a', ['b']), task('b', ['a'])], ['a']))).toEqual({ b: '' });
  });

  it('of one that is not there changes nothing', () => {
    expect(dropTasks(diamond, ['q'])).toBe(diamond);
  });
});

describe('merging', () => {
  it('unites dependencies without its own parts, and what waited for any waits for the one', () => {
    expect(shapeOf(mergeTasks(diamond, ['b', 'c']))).toEqual({ a: '', b: 'a', d: 'b' });
    expect(shapeOf(mergeTasks(diamond, ['a', 'b']))).toEqual({ a: '', c: 'a', d: 'a c' });
  });

  it('keeps every word, the highest priority and the labels of all', () => {
    const [merged] = mergeTasks(
      [
        task('a', [], { title: 'Add it', description: 'Here.', type: 'bug', priority: 'low', labels: ['x'] }),
        task('b', [], { title: 'Use it', description: 'There.', type: 'chore', priority: 'high', labels: ['x', 'y'] }),
        task('c', [], { title: 'Show it' }),
      ],
      ['c', 'b', 'a'],
    );
    expect(merged).toMatchObject({
      key: 'a',
      title: 'Add it, Use it and Show it',
      description: '## Add it\n\nHere.\n\n## Use it\n\nThere.\n\n## Show it',
      type: 'feature',
      priority: 'high',
      labels: ['x', 'y'],
    });
  });

  it('of what lies on both sides of another task makes a circle, which is told', () => {
    expect(findProblems(diamond, () => false)).toEqual([]);
    expect(findProblems(mergeTasks(diamond, ['a', 'd']), () => false)).toHaveLength(1);
  });

  it('of fewer than two changes nothing', () => {
    expect(mergeTasks(diamond, ['a'])).toBe(diamond);
  });
});

describe('splitting', () => {
  it('makes a second part that waits for the first, and is waited for in its place', () => {
    const tasks = splitTask(diamond, 'b');
    expect(shapeOf(tasks)).toEqual({ a: '', b: 'a', 'b-2': 'b', c: 'a', d: 'b-2 c' });
    expect(tasks.filter(({ key }) => key.startsWith('b')).map(({ title }) => title)).toEqual([
      'B (part 1)',
      'B (part 2)',
    ]);
  });

  it('keeps the longest titles and keys valid', () => {
    const long = 'k'.repeat(100);
    const tasks = splitTask([task(long, [], { title: 'x'.repeat(300) })], long);
    expect(tasks.map((one) => BatchTask.safeParse(one).success)).toEqual([true, true]);
    expect(new Set(tasks.map(({ key }) => key)).size).toBe(2);
  });
});

it('a task is changed, and another one added, without touching the rest', () => {
  const changed = changeTask(diamond, 'b', { title: 'Bee', dependencies: [] });
  expect(changed.map(({ title }) => title)).toEqual(['D', 'Bee', 'C', 'A']);
  expect(changed[0]).toBe(diamond[0]);
  const first = addTask(diamond);
  const second = addTask(first.tasks);
  expect(first.key).not.toBe(second.key);
  expect(second.tasks).toHaveLength(6);
  expect(findProblems(second.tasks, () => false)).toEqual([]);
});

it('of two with one key the second gets its own; where there are none the list is the same', () => {
  const tasks = withOwnKeys([task('a'), task('a'), task('b', ['a']), task('a-2')]);
  expect(shapeOf(tasks)).toEqual({ a: '', 'a-3': '', b: 'a', 'a-2': '' });
  expect(withOwnKeys(diamond)).toBe(diamond);
});

it('what stands in the way of creating them is said', () => {
  expect(whyNotCreate(diamond, [])).toBeUndefined();
  expect(whyNotCreate([], [])).toBe('There is no task to create');
  expect(whyNotCreate(diamond, [{ key: 'a', message: '' }])).toBe('1 problem to settle first');
});
