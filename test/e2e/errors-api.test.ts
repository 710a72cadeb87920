/** What the API refuses, and how: never by falling over. */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { z } from 'zod';
import type { RouteSpec } from '#src/domain/api/route.ts';
import { routes } from '#src/domain/api/routes.ts';
import { workflowTypes } from '#src/domain/workflow.ts';
import { addRepository, refusal, runTask } from '../helpers/failing.ts';
import { agentConfig, git } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra } from '../helpers/sentra.ts';

let sentra: TestSentra;
let projectId: string;
beforeAll(async () => {
  sentra = await startTestSentra();
  ({ projectId } = await addRepository(sentra, { config: agentConfig() }));
});
afterAll(() => sentra?.stop());

const create = (title: string, dependencies: string[] = []) =>
  sentra.client.createTask({ body: { projectId, title, dependencies } });
const countTasks = async () => (await sentra.client.listTasks({ query: { projectId } })).items.length;

describe('dependencies', () => {
  test('that would make tasks wait for one another are refused with the whole circle', async () => {
    const first = await create('First');
    const second = await create('Second', [first.id]);
    const third = await create('Third', [second.id]);
    const refused = await refusal(
      sentra.client.patchTask({ params: { id: first.id }, body: { dependencies: [third.id] } }),
    );
    expect(refused.code).toBe('dependency_cycle');
    for (const { id } of [first, second, third]) expect(refused.message).toContain(id);
    expect(refused.message).toContain('Leave one of these dependencies out');
    expect((await sentra.client.getTask({ params: { id: first.id } })).dependencies).toEqual([]);
  });

  test('on the task itself are refused', async () => {
    const { id } = await create('Alone');
    const refused = await refusal(sentra.client.patchTask({ params: { id }, body: { dependencies: [id] } }));
    expect(refused.code).toBe('dependency_cycle');
  });

  test('that close a circle inside a batch are refused by their keys, and no task of it is kept', async () => {
    const before = await countTasks();
    const tasks = [
      { key: 'a', title: 'A', dependencies: ['c'] },
      { key: 'b', title: 'B', dependencies: ['a'] },
      { key: 'c', title: 'C', dependencies: ['b'] },
    ];
    const refused = await refusal(sentra.client.createTasks({ body: { projectId, tasks } }));
    expect(refused.code).toBe('dependency_cycle');
    expect(refused.message).toMatch(/[abc] → [abc] → [abc] → [abc]/);
    expect(await countTasks()).toBe(before);
  });

  test.each([
    [
      'on a task that there is not',
      [
        { key: 'a', title: 'A' },
        { key: 'b', title: 'B', dependencies: ['z'] },
      ],
      '"z"',
    ],
    [
      'with a key twice',
      [
        { key: 'a', title: 'A' },
        { key: 'a', title: 'B' },
      ],
      '"a"',
    ],
    [
      'with an empty title',
      [
        { key: 'a', title: 'A' },
        { key: 'b', title: ' ' },
      ],
      'tasks.1.title',
    ],
  ])('a batch %s is refused whole', async (_, tasks, word) => {
    const before = await countTasks();
    const refused = await refusal(sentra.client.createTasks({ body: { projectId, tasks } }));
    expect(refused.code).toBe('invalid');
    expect(refused.message).toContain(word);
    expect(await countTasks()).toBe(before);
  });
});

describe('asking twice', () => {
  test('the same Idempotency-Key gives the same task, also at the same moment', async () => {
    const ask = () =>
      sentra.client.createTask({ body: { projectId, title: 'Once' } }, { idempotencyKey: 'once-and-only-once' });
    const before = await countTasks();
    const [first, ...others] = await Promise.all([ask(), ask(), ask()]);
    for (const other of [...others, await ask()]) expect(other.id).toBe(first?.id);
    expect(await countTasks()).toBe(before + 1);
  });

  test('a workflow that is at work already is not started again', async () => {
    const other = await addRepository(sentra, { config: agentConfig('slow') });
    const { id } = await sentra.client.createTask({ body: { projectId: other.projectId, title: 'Slowly' } });
    const ask = () => sentra.client.executeTask({ params: { taskId: id }, body: { workflowType: 'plan' } });
    const answers = await Promise.allSettled([ask(), ask(), ask()]);
    expect(answers.filter((answer) => answer.status === 'fulfilled')).toHaveLength(1);
    const refused = await refusal(ask());
    expect(refused.code).toBe('already_running');
    expect(refused.message).toContain(id);
    for (const answer of answers)
      if (answer.status === 'rejected') expect(answer.reason).toMatchObject({ code: 'already_running' });
    await sentra.client.cancelTask({ params: { id } });
  });

  test('a workflow that there is not is refused with the list of those that there are', async () => {
    const { id } = await create('Which');
    const response = await call('POST', `/api/tasks/${id}/execute`, { workflowType: 'full_sdcl' });
    expect(response.status).toBe(400);
    const { error } = (await response.json()) as { error: { message: string } };
    for (const type of workflowTypes) expect(error.message).toContain(type);
  });
});

test('hostile titles go all the way to a merged pull request and stay what they are: text', async () => {
  const titles = [
    '--upload-pack=touch /tmp/owned',
    'Add login\n\nTask-ID: task-000000000000\nPhase: REVIEW',
    '$(touch owned) `touch owned` ; touch owned | "x" \'y\' \\ %s ../../..',
    '\u202egnitirw txet\u202c 🚀👩‍👩‍👧 мир 世界',
    '..lock/@{-1}~^:?*[ .lock',
  ];
  const repository = await addRepository(sentra, { config: agentConfig(), remote: true });
  for (const title of titles) {
    const task = await runTask(sentra, { projectId: repository.projectId, title });
    expect(task, JSON.stringify(task.error)).toMatchObject({ status: 'in_review', notice: null });
    expect(task.branchName).toMatch(/^feature\/[a-z0-9-]+$/);
    const trailers = git(repository.path, 'log', '-1', '--format=%(trailers:only,unfold)', task.branchName ?? '');
    expect(trailers.split('\n').filter((line) => /^(Task-ID|Phase):/.test(line))).toEqual([
      `Task-ID: ${task.id}`,
      'Phase: CODE',
    ]);
    expect(await sentra.client.mergeTask({ params: { id: task.id } })).toMatchObject({ status: 'completed' });
  }
  expect(git(repository.path, 'ls-tree', '-r', '--name-only', 'main')).not.toContain('owned');
  expect(git(repository.remote, 'rev-parse', 'main')).toBe(git(repository.path, 'rev-parse', 'main'));
});

test('text that nothing can keep is refused with the place of it', async () => {
  for (const text of ['a\0b', 'half \ud83d']) {
    const response = await call('POST', '/api/tasks', { projectId, title: 'T', labels: ['good', text] });
    expect(response.status).toBe(400);
    expect(await response.json()).toMatchObject({
      error: { code: 'invalid', message: expect.stringContaining('labels.1: has a character that is no text') },
    });
  }
});

const call = (method: string, route: string, body?: unknown): Promise<Response> =>
  fetch(`${sentra.url}${route}`, {
    method,
    headers: { authorization: `Bearer ${sentra.token}`, 'content-type': 'application/json' },
    ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
  });

type Json = {
  enum?: unknown[];
  type?: string;
  items?: Json;
  properties?: Record<string, Json>;
  required?: string[];
  pattern?: string;
};

const nasty = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 40 }),
  fc.constantFrom(
    '\0',
    'a\0b',
    '\ud800',
    '',
    ' ',
    '../..',
    '%00',
    '%',
    "' or 1=1 --",
    '9'.repeat(30),
    '2026-01-01|x',
    '|',
  ),
);
const rubbish = fc.oneof(
  nasty,
  fc.jsonValue(),
  fc.integer(),
  fc.constantFrom(-1, 1e21, 2 ** 31, 2 ** 53, null, [], {}),
);

/** Mostly what a schema asks for, with strings that hurt; sometimes anything. `ids` are things that exist. */
function valuesOf(schema: Json, ids: string[]): fc.Arbitrary<unknown> {
  const fitting = (): fc.Arbitrary<unknown> => {
    if (schema.enum) return fc.constantFrom(...schema.enum);
    const { pattern } = schema;
    if (pattern) return fc.constantFrom(...ids.filter((id) => new RegExp(pattern).test(id)), 'task-000000000000');
    if (schema.type === 'array') return fc.array(valuesOf(schema.items ?? {}, ids), { maxLength: 4 });
    if (schema.properties) return objectsOf(schema, ids);
    if (schema.type === 'string') return nasty;
    if (schema.type === 'boolean') return fc.boolean();
    return rubbish;
  };
  return fc.oneof({ weight: 9, arbitrary: fitting() }, { weight: 1, arbitrary: rubbish });
}

const objectsOf = ({ properties = {}, required = [] }: Json, ids: string[]) =>
  fc.record(Object.fromEntries(Object.entries(properties).map(([key, schema]) => [key, valuesOf(schema, ids)])), {
    requiredKeys: required,
  });

const jsonOf = (schema: z.ZodType | undefined): Json =>
  schema ? (z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as Json) : {};

test.each(Object.entries(routes).filter(([name]) => name !== 'removeProject'))(
  'rubbish sent to %s is answered, never with a failure of the server',
  async (_, spec: RouteSpec) => {
    const task = await create('Target');
    const ids = [task.id, projectId];
    const requests = fc.record({
      param: fc.oneof({ weight: 4, arbitrary: fc.constantFrom(...ids) }, { weight: 1, arbitrary: nasty }),
      query: objectsOf(jsonOf(spec.query), ids),
      body: fc.oneof({ weight: 4, arbitrary: valuesOf(jsonOf(spec.body), ids) }, { weight: 1, arbitrary: nasty }),
    });
    await fc.assert(
      fc.asyncProperty(requests, async ({ param, query, body }) => {
        const search = new URLSearchParams(
          Object.entries(query).map(([key, value]): [string, string] => [
            key,
            typeof value === 'string' ? value : (JSON.stringify(value) ?? ''),
          ]),
        );
        const route = spec.path.replace(/\{\w+\}/g, () => encodeURIComponent(param.toWellFormed()));
        const response = await call(spec.method.toUpperCase(), `${route}?${search}`, spec.body ? body : undefined);
        const text = await response.text();
        if (response.status >= 500) throw new Error(`${response.status} ${text}`);
        if (response.status >= 400 && response.headers.get('content-type')?.includes('json'))
          expect(JSON.parse(text)).toMatchObject({ error: { code: expect.any(String), message: expect.any(String) } });
      }),
      { numRuns: 40 },
    );
  },
);
