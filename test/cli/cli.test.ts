import { describe, expect, test } from 'vitest';
import { createClient } from '#src/client/client.ts';
import { SentraError } from '#src/errors.ts';
import { cli } from '../helpers/cli.ts';
import { aProject, aTask, contractApi, type Handlers } from '../helpers/contract-api.ts';

const project = aProject();
const withProject: Handlers = { listProjects: () => ({ items: [project] }) };

describe('usage', () => {
  test('an unknown command, verb or option exits with 2 and names the nearest', async () => {
    expect(await cli(['tsak', 'list'], {})).toMatchObject({
      code: 2,
      err: expect.stringContaining('Did you mean task?'),
    });
    expect(await cli(['task', 'lst'], {})).toMatchObject({
      code: 2,
      err: expect.stringContaining('Did you mean list?'),
    });
    expect(await cli(['task', 'list', '--jsn'], {})).toMatchObject({
      code: 2,
      err: expect.stringContaining('Did you mean --json?'),
    });
    expect(await cli(['task', 'add', 'x', '--type', 'featre'], {})).toMatchObject({
      code: 2,
      err: expect.stringContaining('Did you mean feature?'),
    });
  });

  test('wrong usage with --json is one JSON document on standard output', async () => {
    const result = await cli(['task', 'show', '--json'], {});
    expect(result.code).toBe(2);
    expect(result.err).toBe('');
    expect(result.json()).toEqual({ error: { code: 'invalid', message: "missing required argument 'task'" } });
  });

  test('every verb has an example in its help', async () => {
    const { out, code } = await cli(['--help'], {});
    expect(code).toBe(0);
    const nouns = [...out.matchAll(/^ {2}([a-z]+) /gm)].map(([, noun]) => noun ?? '');
    expect(nouns).toEqual(expect.arrayContaining(['up', 'status', 'project', 'task', 'worktree', 'doctor', 'demo']));
    for (const noun of nouns.filter((n) => n !== 'help')) {
      const help = (await cli([noun, '--help'], {})).out;
      const verbs = help.includes('Commands:') ? [...help.matchAll(/^ {2}([a-z-]+) /gm)].map(([, v]) => v ?? '') : [''];
      for (const verb of verbs.filter((v) => v !== 'help' && !v.startsWith('-'))) {
        const text = (await cli([noun, verb, '--help'].filter(Boolean), {})).out;
        expect(text, `${noun} ${verb}`).toMatch(/Examples:\n {2}\$ .*sentra/);
      }
    }
  });
});

describe('exit codes', () => {
  const failing = (error: SentraError): Handlers => ({
    getTask: () => {
      throw error;
    },
  });
  const show = ['task', 'show', 'task-aaaa00000001'];

  test('1 for a failure, whose message goes to standard error', async () => {
    const result = await cli(show, failing(new SentraError('not_found', 'There is no such task.')));
    expect(result).toMatchObject({ code: 1, out: '', err: 'sentra: There is no such task.\n' });
  });

  test('4 when the token is wrong, as a document with --json', async () => {
    const stranger = createClient({ url: 'http://sentra.test', token: 'other', fetch: contractApi({}) });
    const result = await cli([...show, '--json'], {}, { client: async () => stranger });
    expect(result.code).toBe(4);
    expect(result.json()).toEqual({ error: { code: 'unauthorized', message: 'The token is wrong.' } });
  });

  test('130 when it was interrupted', async () => {
    const keyboard = new AbortController();
    const getTask = () => {
      keyboard.abort();
      return aTask({ status: 'running' });
    };
    const command = ['task', 'wait', 'task-aaaa00000001'];
    expect(await cli(command, { getTask }, { signal: keyboard.signal })).toMatchObject({ code: 130, out: '' });
  });

  test('what the server answers when it is stopped is the exit code of up', async () => {
    const demos: boolean[] = [];
    const start = async ({ demo }: { demo: boolean }) => demos.push(demo) && 130;
    expect((await cli(['up', '--demo'], {}, { start })).code).toBe(130);
    expect(demos).toEqual([true]);
  });

  test('1 when doctor finds a problem', async () => {
    const checks = [{ name: 'git', state: 'problem' as const, message: 'not found: install git' }];
    const result = await cli(['doctor'], {}, { doctor: async () => ({ ok: false, checks }) });
    expect(result).toMatchObject({ code: 1, out: expect.stringContaining('git: not found: install git') });
  });
});

describe('task', () => {
  test('add sends what its options say, to the project that is named', async () => {
    const sent: unknown[] = [];
    const handlers: Handlers = {
      ...withProject,
      listTasks: () => ({ items: [aTask({ id: 'task-bbbb00000001' })] }),
      createTask: ({ body }) => {
        sent.push(body);
        return aTask({ title: body.title });
      },
    };
    const options = ['--type', 'BUG', '--priority', 'high', '--workflow', 'plan', '--agent', 'claude', '--start'];
    const depends = ['--depends', 'bbbb', 'task-cccc00000001'];
    const command = [
      'task',
      'add',
      'Fix it',
      '--project',
      'shop',
      '--description',
      'long',
      ...options,
      ...depends,
      '--json',
    ];
    const result = await cli(command, handlers);
    expect(result.json()).toMatchObject({ id: 'task-aaaa00000001', title: 'Fix it' });
    expect(sent).toEqual([
      expect.objectContaining({
        projectId: project.id,
        title: 'Fix it',
        description: 'long',
        type: 'bug',
        priority: 'high',
        workflowType: 'plan',
        agent: 'claude',
        autoStart: true,
        dependencies: ['task-bbbb00000001', 'task-cccc00000001'],
      }),
    ]);
  });

  test('list goes on over all pages and prints a table for people', async () => {
    const pages = [
      { items: [aTask({ title: 'First\nof two\u001b[31m' })], nextCursor: 'more' },
      { items: [aTask({ id: 'task-bbbb00000001', title: 'Second', status: 'running', phase: 'CODE' as const })] },
    ];
    const handlers = {
      ...withProject,
      listTasks: ({ query }: { query: { cursor?: string } }) => pages[query.cursor ? 1 : 0],
    };
    const result = await cli(['task', 'list'], handlers as Handlers);
    expect(result.out.split('\n')).toEqual([
      'ID                 STATUS        TYPE     PRIORITY  TITLE',
      'task-aaaa00000001  pending       feature  medium    First of two',
      'task-bbbb00000001  running CODE  feature  medium    Second',
      '',
    ]);
  });

  test('an id may be shortened while it fits one task only', async () => {
    const tasks = [aTask({ id: 'task-abcd00000001' }), aTask({ id: 'task-abce00000001' })];
    const handlers: Handlers = {
      listTasks: () => ({ items: tasks }),
      getTask: ({ params }) => tasks.find((t) => t.id === params.id) ?? aTask(),
    };
    const show = async (id: string) => cli(['task', 'show', id, '--json'], handlers);
    expect((await show('abcd')).json()).toMatchObject({ id: 'task-abcd00000001' });
    expect((await show('task-abce')).json()).toMatchObject({ id: 'task-abce00000001' });
    expect(await show('abc')).toMatchObject({ code: 2, out: expect.stringContaining('fits 2 tasks') });
    expect(await show('zzz')).toMatchObject({ code: 1, out: expect.stringContaining('not_found') });
  });

  test('request-changes sends a comment with its place, and a line needs a path', async () => {
    const sent: unknown[] = [];
    const handlers: Handlers = {
      requestChanges: ({ body }) => {
        sent.push(body.comments);
        return aTask({ status: 'queued' });
      },
    };
    const command = ['task', 'request-changes', 'task-aaaa00000001', '--comment', 'Off by one', '--line', '12'];
    expect((await cli([...command, '--path', 'a.ts'], handlers)).code).toBe(0);
    expect(sent).toEqual([[{ body: 'Off by one', path: 'a.ts', line: 12 }]]);
    expect(await cli(command, handlers)).toMatchObject({
      code: 2,
      err: expect.stringContaining('--line needs --path'),
    });
  });

  test('start and retry pass workflow and phase on, in either case', async () => {
    const sent: unknown[] = [];
    const handlers: Handlers = {
      executeTask: ({ params, body }) => {
        sent.push(body);
        return { message: 'Workflow started', taskId: params.taskId, adwId: 'adw-000000000001' };
      },
      retryTask: ({ body }) => {
        sent.push(body);
        return aTask();
      },
    };
    expect((await cli(['task', 'start', 'task-aaaa00000001', '--workflow', 'plan'], handlers)).out).toBe(
      'Workflow started: task-aaaa00000001, run adw-000000000001\n',
    );
    await cli(['task', 'retry', 'task-aaaa00000001', '--from', 'code'], handlers);
    await cli(['task', 'retry', 'task-aaaa00000001', '--skip-failed'], handlers);
    expect(sent).toEqual([{ workflowType: 'plan' }, { fromPhase: 'CODE' }, { skipFailed: true }]);
    const both = await cli(['task', 'retry', 'task-aaaa00000001', '--from', 'code', '--skip-failed'], handlers);
    expect(both).toMatchObject({ code: 2, err: expect.stringContaining('fromPhase') });
  });

  test('logs reads page after page, with its filters', async () => {
    const line = { taskId: 'task-aaaa00000001', adwId: null, phase: 'CODE', level: 'info', metadata: {} } as const;
    const timestamp = '2026-01-01T00:00:00.000Z';
    const all = Array.from({ length: 5001 }, (_, i) => ({ ...line, seq: i + 1, message: `line ${i + 1}`, timestamp }));
    const handlers: Handlers = {
      listLogs: ({ query }) => {
        expect(query).toMatchObject({ phase: ['CODE', 'TEST'], level: ['info'], q: 'line' });
        const items = all.filter((l) => l.seq > (query.after ?? 0)).slice(0, query.limit);
        return { items, nextAfter: items.at(-1)?.seq ?? 0 };
      },
    };
    const options = ['--phase', 'code,test', '--level', 'info', '--search', 'line'];
    const result = await cli(['task', 'logs', 'task-aaaa00000001', ...options], handlers);
    expect(result.out.trim().split('\n')).toHaveLength(5001);
    expect(result.out).toContain('CODE   info  line 5001');
    expect((await cli(['task', 'logs', 'task-aaaa00000001', '--phase', 'COOD'], handlers)).code).toBe(2);
  });

  test('logs shows what stands around a line, and searches a whole project over its pages', async () => {
    const line = { taskId: 'task-aaaa00000001', adwId: null, phase: null, level: 'warn', metadata: {} } as const;
    const at = (seq: number) => ({ ...line, seq, message: `line ${seq}`, timestamp: '2026-01-01T00:00:00.000Z' });
    const asked: object[] = [];
    const handlers: Handlers = {
      listLogs: ({ query }) => {
        asked.push(query);
        return { items: [at(6), at(7), at(8)], nextAfter: 8 };
      },
      listProjects: () => ({ items: [aProject()] }),
      searchLogs: ({ query }) => {
        asked.push(query);
        const items = query.before ? [at(1)] : [{ ...at(2), message: 'ECONNREFUSED' }];
        return {
          items: items.map((own) => ({ ...own, taskTitle: 'Sort' })),
          nextBefore: query.before ? null : 'there',
        };
      },
    };
    const around = ['task', 'logs', 'task-aaaa00000001', '--around', '7', '--context', '1'];
    expect((await cli(around, handlers)).out).toContain('line 7');
    expect((await cli([...around.slice(0, 4), '70'], handlers)).err).toContain('no line 70');
    const found = await cli(
      ['project', 'logs', aProject().id, '--search', 'E\\w+', '--regex', '--since', '2026-01-01T00:00Z'],
      handlers,
    );
    expect(found.out).toMatch(/task-aaaa00000001 2 Sort\n.*ECONNREFUSED\n.* 1 Sort/s);
    expect(asked).toMatchObject([
      { after: 5, before: 9 },
      { after: 49, before: 91 },
      { q: 'E\\w+', regex: true, since: '2026-01-01T00:00:00.000Z', limit: 200 },
      { before: 'there', limit: 199 },
    ]);
    for (const wrong of [['--regex'], ['--since', 'soon'], ['--download', 'pdf'], ['--follow', '--since', '2h']])
      expect([wrong, (await cli(['task', 'logs', 'task-aaaa00000001', ...wrong], handlers)).code]).toEqual([wrong, 2]);
  });
});

describe('wait', () => {
  const wait = ['task', 'wait', 'task-aaaa00000001', '--timeout', '1', '--json'];
  const run = { adwId: 'adw-000000000001', taskId: 'task-aaaa00000001', workflowType: 'plan', error: null } as const;
  const times = { createdAt: 'x', startedAt: null, endedAt: null, peakMemory: 0, cpuSeconds: 0, phases: [] };

  test.each([
    ['completed', 0],
    ['in_review', 0],
    ['failed', 1],
    ['cancelled', 1],
    ['running', 8],
    ['blocked', 8],
  ] as const)('a task that is %s answers %i', async (status, code) => {
    const result = await cli(wait, { getTask: () => aTask({ status }) });
    expect(result.code).toBe(code);
    expect(result.json()).toMatchObject({ status });
  });

  test('a pending task has ended well when its newest run completed, and not before it had one', async () => {
    const pending = aTask({ status: 'pending', adwId: run.adwId });
    const handlers: Handlers = {
      getTask: () => pending,
      listRuns: () => ({ items: [{ ...run, ...times, status: 'completed' }] }),
    };
    expect((await cli(wait, handlers)).code).toBe(0);
    expect((await cli(wait, { getTask: () => aTask({ status: 'pending' }) })).code).toBe(8);
  });
});
