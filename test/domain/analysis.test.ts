import fc from 'fast-check';
import { expect, test } from 'vitest';
import { findProblems, nameOf, readProposal } from '#src/domain/analysis.ts';
import { BatchTask } from '#src/domain/task.ts';

const task = (key: string, dependencies: string[] = []) => BatchTask.parse({ key, title: key, dependencies });
const none = () => false;

test('an answer is taken leniently in form, and what was put right is told', () => {
  const read = readProposal({
    tasks: [
      { key: 1, title: '  First  ', type: 'BUG', priority: ' High ', dependencies: [], agent: 'evil', autoStart: true },
      { title: 'Second', dependencies: 1, labels: 'none', type: 'epic' },
      { key: 'c' },
      'nonsense',
      { key: 'd', title: 'x'.repeat(400), merge: 'auto', workflowType: 'code' },
    ],
  });
  if (typeof read === 'string') throw new Error(read);
  expect(read.tasks).toMatchObject([
    { key: '1', title: 'First', type: 'bug', priority: 'high', autoStart: false },
    { key: 't2', title: 'Second', dependencies: ['1'], type: 'feature', labels: [] },
    { key: 'd', workflowType: 'full_sdlc' },
  ]);
  expect(read.tasks[0]).not.toHaveProperty('agent');
  expect(read.tasks[2]).not.toHaveProperty('merge');
  expect(read.tasks[2]?.title).toHaveLength(300);
  expect(read.notes).toEqual([
    expect.stringMatching(/^Task 2: its type was left out \(.*"chore".*\)\.$/),
    expect.stringContaining('Task 2: its labels was left out'),
    'Task 3 has no title and was left out.',
    'Task 4 has no title and was left out.',
  ]);
});

test('of two tasks with one key the second gets another', () => {
  const tasks = ['a', 'a', 'a-2', 'a'].map((key, at) => ({ key, title: `Task ${at}`, dependencies: ['a'] }));
  const read = readProposal({ tasks });
  expect(read).toMatchObject({ tasks: [{ key: 'a' }, { key: 'a-3' }, { key: 'a-2' }, { key: 'a-4' }] });
  expect(read).toMatchObject({
    notes: [expect.stringContaining('"Task 1" has the key "a-3" now'), expect.any(String)],
  });
  const long = readProposal({
    tasks: [
      { key: 'x'.repeat(100), title: '1' },
      { key: 'x'.repeat(100), title: '2' },
    ],
  });
  if (typeof long === 'string') throw new Error(long);
  expect(new Set(long.tasks.map((task) => BatchTask.parse(task).key)).size).toBe(2);
});

test('a long list comes from its file, with what the answer adds', () => {
  const lines = '{"key":"a","title":"A"}\n\nno json\n{"key":"b","title":"B","dependencies":["a"]}\n{"key":"c","ti';
  expect(readProposal(null, lines)).toMatchObject({
    tasks: [{ key: 'a' }, { key: 'b', dependencies: ['a'] }],
    notes: ['Line 3 of sentra-tasks.jsonl is not JSON and was left out.', expect.stringContaining('Line 5')],
  });
  expect(readProposal({ tasks: [{ key: 'd', title: 'D' }] }, lines)).toMatchObject({ tasks: [{}, {}, { key: 'd' }] });
  expect(readProposal(null, '\n')).toBe('The answer has no list "tasks".');
});

test.each([
  [null, 'no list "tasks"'],
  [{ tasks: 'many' }, 'no list "tasks"'],
  [{ tasks: [] }, 'is empty'],
  [{ tasks: [{}, 7, null, [[]]] }, 'No task of the answer has a title'],
  [{ tasks: Array.from({ length: 10_001 }, () => ({ title: 'x' })) }, '10000 are the most'],
])('an answer without tasks says what is missing: %#', (answer, said) => {
  expect(readProposal(answer)).toContain(said);
});

test('whatever an agent answers is read without an error, and what is taken is valid', () => {
  fc.assert(
    fc.property(fc.anything(), fc.array(fc.anything()), (whole, list) => {
      for (const answer of [whole, { tasks: list }]) {
        const read = readProposal(answer);
        if (typeof read !== 'string') for (const one of read.tasks) BatchTask.parse(one);
      }
    }),
  );
});

test('what stands in the way of an approval is named', () => {
  expect(findProblems([task('a'), task('b', ['a', 'task-000000000000'])], (id) => id === 'task-000000000000')).toEqual(
    [],
  );
  const messages = (tasks: BatchTask[]) => findProblems(tasks, none).map(({ message }) => message);
  expect(messages([])).toEqual(['The proposal has no task.']);
  expect(messages([task('a'), task('a')])).toEqual(['Two tasks have the key "a".']);
  expect(messages([task('a', ['a'])])).toEqual(['"a" waits for itself.']);
  expect(messages([task('a', ['x', 'x'])])).toEqual([
    '"a" waits for "x", which is neither here nor a task of the project.',
  ]);
  expect(messages([task('a', ['c']), task('b', ['a']), task('c', ['b'])])).toEqual([
    expect.stringMatching(/^These would wait for one another: \w → \w → \w → \w\.$/),
  ]);
});

test('a proposal without problems has an order in which all its tasks can be done, and one with a circle has none', () => {
  const edges = fc.array(fc.tuple(fc.nat(11), fc.nat(11)), { maxLength: 30 });
  fc.assert(
    fc.property(edges, (pairs) => {
      const tasks = Array.from({ length: 12 }, (_, at) =>
        task(
          `${at}`,
          pairs.filter(([from]) => from === at).map(([, to]) => `${to}`),
        ),
      );
      const done = new Set<string>();
      for (let before = -1; before !== done.size; ) {
        before = done.size;
        for (const { key, dependencies } of tasks) if (dependencies.every((one) => done.has(one))) done.add(key);
      }
      expect(findProblems(tasks, none).length === 0).toBe(done.size === tasks.length);
    }),
  );
});

test('it is called by its first line with words', () => {
  expect(nameOf({ specification: '\n---\n## *The* harbor\nmore' })).toBe('*The* harbor');
  expect(nameOf({ specification: 'x'.repeat(100) })).toBe(`${'x'.repeat(79)}…`);
  expect(nameOf({ specification: '' })).toBe('What the repository needs');
  expect(nameOf({ specification: 'One', name: 'Two' })).toBe('Two');
});
