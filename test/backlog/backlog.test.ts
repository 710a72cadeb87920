import { describe, expect, test } from 'vitest';
import { type Backlog, readBacklog, withoutKnown } from '#src/backlog/backlog.ts';

function read(text: string): Backlog {
  const backlog = readBacklog(text);
  if (typeof backlog === 'string') throw new Error(backlog);
  return backlog;
}

const told = (text: string) =>
  read(text).tasks.map(({ key, title, type, priority, dependencies }) => [
    key,
    title,
    `${type} ${priority}`,
    dependencies.join(),
  ]);

describe('a backlog', () => {
  test('in Markdown: the outermost items are tasks, what stands deeper describes them, and ticked ones are done', () => {
    const text = [
      '# Backlog',
      '',
      'Some words before.',
      '1. Set up the database',
      '2. [bug] [high] Mend the login (after 1)',
      '   It fails with **two** windows:',
      '',
      '   - open one',
      '     - and another',
      'lazily gone on',
      '3. [x] Old',
      '4) [the docs](x.md) need a chapter (after #2, 3)',
      '',
      '* * *',
      '## Later',
      'A closing word.',
    ].join('\r\n');
    expect(told(text)).toEqual([
      ['1', 'Set up the database', 'feature medium', ''],
      ['2', 'Mend the login', 'bug high', '1'],
      ['4', '[the docs](x.md) need a chapter', 'feature medium', '2'],
    ]);
    expect(read(text).tasks[1]?.description).toBe(
      'It fails with **two** windows:\n\n- open one\n  - and another\nlazily gone on',
    );
    expect(read(text).tasks[2]?.description).toBe('');
    expect(read(text).notes).toEqual(['1 is done already and left out.']);
  });

  test('as plain lines: a task each', () => {
    expect(told('Backlog\n=======\n\nFix this\nFix that, too\n')).toEqual([
      ['t1', 'Backlog', 'feature medium', ''],
      ['t2', 'Fix this', 'feature medium', ''],
      ['t3', 'Fix that, too', 'feature medium', ''],
    ]);
    expect(told('- [ ] one\n\ttold\n* two').map(([, title]) => title)).toEqual(['one', 'two']);
    expect(told('[ ] one\n[x] gone\n[bug] not an item\n[ ] two').map(([, title]) => title)).toEqual(['one', 'two']);
  });

  test('as CSV, the way Jira writes it: names of columns, several of one name, lines within cells', () => {
    const text = [
      '\uFEFFIssue key,Summary,Issue Type,Priority,Status,Labels,Labels,Inward issue link (Blocks),Description',
      'AB-1,"First, thing",Bug,Highest,To Do,ui,x,,"of two',
      'lines"',
      'AB-2,Second,Story,Low,Done,,,AB-1,',
      'AB-3,Third,Task,Minor,In Progress,,,AB-1,',
    ].join('\n');
    expect(told(text)).toEqual([
      ['AB-1', 'First, thing', 'bug high', ''],
      ['AB-3', 'Third', 'feature low', 'AB-1'],
    ]);
    expect(read(text).tasks[0]).toMatchObject({ description: 'of two\nlines', labels: ['ui', 'x'] });
    expect(told('Title;Priority\nA;high\n;\nB;\n').map(([, title, kind]) => [title, kind])).toEqual([
      ['A', 'feature high'],
      ['B', 'feature medium'],
    ]);
  });

  test("as JSON: GitHub's issues, the batch route's own form with all its fields, one object a line", () => {
    const issues = [
      { number: 1, title: 'A', body: 'why', labels: [{ name: 'bug' }], state: 'OPEN' },
      { number: 2, title: 'B', state: 'CLOSED' },
      { number: 3, title: 'C', blockedBy: [1, 2] },
    ];
    expect(told(JSON.stringify(issues))).toEqual([
      ['1', 'A', 'bug medium', ''],
      ['3', 'C', 'feature medium', '1'],
    ]);
    const own = { key: 'set up', title: 'A', workflowType: 'plan', autoStart: true, agent: 'other', merge: 'auto' };
    const tasks = [own, { title: 'B', dependencies: ['set up', 'task-000000000000'] }];
    expect(read(JSON.stringify({ tasks })).tasks).toMatchObject([own, { key: 't2', ...tasks[1] }]);
    expect(told('{"title":"A"}\n{"title":"B","dependencies":"t1"}\n')[1]).toEqual(['t2', 'B', 'feature medium', 't1']);
    expect(told('["one", "two"]').map(([, title]) => title)).toEqual(['one', 'two']);
  });

  test('two entries of one key are kept apart, and what cannot be taken of one is told', () => {
    const { tasks, notes } = read(
      '[{"id":1,"title":"A"},{"id":1,"title":"B"},{"id":2},{"title":"C","workflowType":"x"}]',
    );
    expect(tasks.map(({ key, title }) => [key, title])).toEqual([
      ['1', 'A'],
      ['1-2', 'B'],
      ['t4', 'C'],
    ]);
    expect(notes).toEqual([
      'Task 3 has no title and was left out.',
      expect.stringMatching(/^Task 4: its workflowType was left out/),
      '"B" has the key "1-2" now: another task had "1" before it.',
    ]);
  });

  test.each([
    ['', /There is no task in it/],
    ['  \n\n', /There is no task in it/],
    ['[1, null]', /There is no task in it/],
    ['{"tasks":[]}', /There is no task in it/],
    ['{"title":"A"}\n{"title":', /begins like JSON and is none: line 2/],
    ['[{"title":"A",}]', /begins like JSON and is none/],
    ['id,title\n1,One\n2,"Two\n3,Three\n', /a quote that does not end as it should, in entry 2/],
    ['- [x] one', /Everything in the list is done already/],
    [JSON.stringify(Array(10_001).fill('x')), /10001 entries; 10000 are the most/],
  ])('%j is refused', (text, why) => {
    expect(readBacklog(text)).toMatch(why);
  });

  test('what is a task already is left out, and what waits for it waits for that task', () => {
    const { tasks } = read('1. Set  Up\n2. Go on (after 1)\n3. Again');
    const existing = [
      { id: 'task-a', title: 'set up', status: 'completed' as const },
      { id: 'task-b', title: 'Again', status: 'cancelled' as const },
    ];
    const left = withoutKnown(tasks, existing);
    expect(left.known).toBe(1);
    expect(left.tasks.map(({ title, dependencies }) => [title, dependencies])).toEqual([
      ['Go on', ['task-a']],
      ['Again', []],
    ]);
  });
});
