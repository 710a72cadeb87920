import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createClient } from '#src/client/client.ts';
import { routes } from '#src/domain/api/routes.ts';
import { newTaskId } from '#src/domain/ids.ts';
import { SentraError } from '#src/errors.ts';
import { bearer, line, serve, task, taskId, token } from './serve.ts';

let webRoot: string;
let server: Awaited<ReturnType<typeof serve>>;
const seen: unknown[] = [];
const bugs: unknown[] = [];
beforeAll(async () => {
  webRoot = await mkdtemp(path.join(os.tmpdir(), 'sentra-page-'));
  await mkdir(path.join(webRoot, 'assets'));
  await writeFile(path.join(webRoot, 'index.html'), '<title>Sentra</title>');
  await writeFile(path.join(webRoot, 'assets', 'app-1a2b.js'), 'run()');
  server = await serve(
    {
      getTask: async ({ params }) => {
        if (params.id !== taskId) throw new SentraError('not_found', `There is no task ${params.id}.`);
        return task;
      },
      listTasks: async ({ query }) => {
        seen.push(query);
        return { items: [task] };
      },
      createTask: async ({ body }, context) => {
        seen.push(body, context.idempotencyKey);
        return task;
      },
      executeTask: async ({ params, body }) => {
        seen.push(body);
        return { message: 'Workflow started', taskId: params.taskId, adwId: 'adw-0123456789ab' };
      },
      getSystem: async () => {
        throw new Error('password=hunter2');
      },
      listProjects: async () => {
        throw Object.assign(new Error('connect ECONNREFUSED'), { code: 'ECONNREFUSED' });
      },
    },
    {
      webRoot,
      onRequestError: (e) => bugs.push(e),
      logStream: async ({ filter, send, signal }) => {
        for (let seq = (filter?.after ?? 0) + 1; !signal.aborted && seq <= 50_000; seq++) await send([line(seq)]);
      },
    },
  );
});
afterAll(async () => {
  await server.close();
  await rm(webRoot, { recursive: true });
});

const client = () => createClient({ url: server.url, token });
const get = (where: string, headers: Record<string, string> = bearer) => fetch(`${server.url}${where}`, { headers });

test('the typed client reaches handlers with parsed input', async () => {
  expect(await client().getTask({ params: { id: taskId } })).toEqual(task);
  expect(await client().listTasks({ query: { status: 'running', limit: 7 } })).toEqual({ items: [task] });
  expect(seen.at(-1)).toEqual({ status: 'running', limit: 7 });
  await client().createTask({ body: { projectId: task.projectId, title: 'one' } }, { idempotencyKey: 'k1' });
  expect(seen.at(-1)).toBe('k1');
});

test('an expected failure keeps its code and message, an unexpected one leaks nothing and is reported', async () => {
  await expect(client().getTask({ params: { id: newTaskId() } })).rejects.toMatchObject({ code: 'not_found' });
  const answer = await get('/api/system');
  expect(answer.status).toBe(500);
  expect(await answer.text()).not.toContain('hunter2');
  expect(bugs).toEqual([expect.objectContaining({ message: 'password=hunter2' })]);
});

test('a database that is away answers 503', async () => {
  expect((await get('/api/projects')).status).toBe(503);
});

test('a wrong workflow type is refused with the valid ones, and a missing body means the default', async () => {
  const execute = (body?: string) =>
    fetch(`${server.url}/api/tasks/${taskId}/execute`, {
      method: 'POST',
      headers: { ...bearer, ...(body ? { 'content-type': 'application/json' } : {}) },
      ...(body ? { body } : {}),
    });
  const wrong = await execute('{"workflowType":"nope"}');
  expect(wrong.status).toBe(400);
  expect(((await wrong.json()) as { error: { message: string } }).error.message).toMatch(
    /workflowType.*plan_code.*iterative_code_test.*full_sdlc/,
  );
  expect((await execute('{')).status).toBe(400);
  expect((await execute()).status).toBe(202);
  expect(seen.at(-1)).toEqual({});
});

test('what is missing of a body is called that, by its name', async () => {
  const create = async (body: string) => {
    const answer = await fetch(`${server.url}/api/tasks`, {
      method: 'POST',
      headers: { ...bearer, 'content-type': 'application/json' },
      body,
    });
    return ((await answer.json()) as { error: { message: string } }).error.message;
  };
  expect(await create('{"title": "one"}')).toBe('projectId: is missing, a string is needed.');
  expect(await create('')).toBe('body: is missing, an object is needed.');
  expect(await create('{"title": 5, "projectId": "p"}')).toContain(
    'title: Invalid input: expected string, received number',
  );
});

test('OpenAPI describes every route with named schemas', async () => {
  const document = (await (await get('/openapi.json')).json()) as {
    openapi: string;
    paths: Record<string, Record<string, { operationId: string }>>;
    components: { schemas: object };
  };
  expect(document.openapi).toBe('3.1.0');
  const described = Object.values(document.paths).flatMap((methods) =>
    Object.values(methods).map((m) => m.operationId),
  );
  expect(described.sort()).toEqual(Object.keys(routes).sort());
  expect(Object.keys(document.components.schemas)).toEqual(expect.arrayContaining(['Task', 'LogLine', 'Error']));
});

test('a login link works once, and its cookie opens the API without being the token', async () => {
  const { url } = await client().createLoginLink();
  const code = url.split('#code=')[1];
  const login = () =>
    fetch(`${server.url}/api/login`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ code }),
    });
  const first = await login();
  expect(first.status).toBe(200);
  const cookie = first.headers.get('set-cookie') ?? '';
  expect(cookie).toMatch(/^sentra=[\w-]+;.*Path=\/;.*HttpOnly; SameSite=Strict/);
  expect(cookie).not.toContain(token);
  expect((await get('/api/tasks', { cookie: cookie.split(';')[0] ?? '' })).status).toBe(200);
  expect((await login()).status).toBe(401);
});

test('guessing login codes ends after some tries', async () => {
  const own = await serve();
  const guess = async () =>
    (
      await fetch(`${own.url}/api/login`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: '{"code":"guess"}',
      })
    ).status;
  const answers = [];
  for (let n = 0; n < 25; n++) answers.push(await guess());
  expect(answers.slice(0, 20)).toEqual(Array(20).fill(401));
  expect(answers.slice(20)).toEqual(Array(5).fill(403));
  await own.close();
});

test('the page answers every path of its own, hashed files are kept for long, and missing ones are 404', async () => {
  for (const where of ['/', '/tasks/task-1', '/login']) {
    const page = await get(where, {});
    expect(await page.text()).toContain('<title>Sentra</title>');
    expect(page.headers.get('cache-control')).toBe('no-cache');
  }
  const asset = await get('/assets/app-1a2b.js', {});
  expect(asset.headers.get('cache-control')).toContain('immutable');
  expect((await get('/assets/none.js', {})).status).toBe(404);
  for (const outside of ['/..%2f..%2f..%2fetc%2fpasswd', '/assets/..%2f..%2f..%2f..%2fetc%2fpasswd'])
    expect(await (await get(outside, {})).text()).not.toContain('root:');
});

test('without a built page the answer says how to build it', async () => {
  const own = await serve();
  const answer = await fetch(own.url);
  expect(answer.status).toBe(503);
  expect(await answer.text()).toContain('npm run build');
  await own.close();
});

test('a log stream sends one object a message from the cursor on, also to a client that pauses', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/logs/${taskId}?after=10`, { headers: bearer });
  const seqs: number[] = [];
  const closed = new Promise((done) => socket.on('close', done));
  socket.on('message', (data) => {
    seqs.push((JSON.parse(String(data)) as { seq: number }).seq);
    if (seqs.length === 5) {
      socket.pause();
      setImmediate(() => socket.resume());
    }
  });
  await closed;
  expect(seqs).toEqual(Array.from({ length: 49_990 }, (_, at) => at + 11));
});

test('a log stream of an unknown task is 404 before the upgrade', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/logs/${newTaskId()}`, { headers: bearer });
  const status = await new Promise((done) =>
    socket.on('unexpected-response', (_q, response) => done(response.statusCode)),
  );
  expect(status).toBe(404);
});

test('closing the server ends its streams', async () => {
  const own = await serve({ getTask: async () => task });
  const socket = new WebSocket(`ws://127.0.0.1:${own.port}/api/events`, { headers: bearer });
  await new Promise((open) => socket.on('open', open));
  const closed = new Promise((done) => socket.on('close', done));
  await own.close();
  await closed;
});
