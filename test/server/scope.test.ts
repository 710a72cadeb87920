/** A token for one project, on every route, socket and tool: what is about that project opens, what is of others or of all does not. */
import { once } from 'node:events';
import { Client as McpClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, beforeEach, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import { createClient } from '#src/client/client.ts';
import type { RouteSpec } from '#src/domain/api/route.ts';
import { routes } from '#src/domain/api/routes.ts';
import { newAdwId, newAnalysisId, newProjectId, newTaskId } from '#src/domain/ids.ts';
import { SentraError } from '#src/errors.ts';
import { createMcpHttpHandler } from '#src/mcp/http.ts';
import { accessOfSecret, createAccessToken } from '#src/orchestrator/access-tokens.ts';
import type { Handlers } from '#src/server/api.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { projectId, serve, taskId, token } from './serve.ts';

const other = { projectId: newProjectId(), taskId: newTaskId(), analysisId: newAnalysisId() };
const own = { projectId, taskId, analysisId: newAnalysisId() };
const seen: object[] = [];
const handlers: Partial<Handlers> = {
  getTask: async ({ params: { id } }) => {
    const found = [own, other].find((one) => one.taskId === id);
    if (!found) throw new SentraError('not_found', `There is no task ${id}.`);
    return { id, projectId: found.projectId } as never;
  },
  getAnalysis: async ({ params: { id } }) => {
    const found = [own, other].find((one) => one.analysisId === id);
    if (!found) throw new SentraError('not_found', `There is no analysis ${id}.`);
    return { id, projectId: found.projectId } as never;
  },
  listProjects: async () => ({ items: [{ id: projectId }, { id: other.projectId }] as never }),
  listTasks: async ({ query }) => {
    seen.push(query);
    return { items: [] };
  },
  createTask: async () => ({ id: other.taskId, projectId: other.projectId }) as never, // of a key that was used there
};
const event = (about: object) => ({ id: 1, type: 'run.changed', projectId: null, taskId: null, data: {}, ...about });

let store: Awaited<ReturnType<typeof createTestDatabase>>;
let server: Awaited<ReturnType<typeof serve>>;
let [one, both] = ['', ''];
beforeAll(async () => {
  store = await createTestDatabase();
  const { db } = store.database;
  for (const id of [projectId, other.projectId])
    await store.database.pool.query(
      `insert into sentra.projects (id, name, path, base_branch, git_dir) values ($1, $1, '/' || $1, 'main', '/.git')`,
      [id],
    );
  const make = async (name: string, projects: string[]) =>
    (await createAccessToken(db, { name, role: 'admin', projects })).token;
  [one, both] = [await make('one', [projectId]), await make('both', [projectId, other.projectId])];
  const clientOf = (secret = token) =>
    createClient({
      url: 'http://sentra',
      token: secret,
      fetch: (request) => fetch(new Request(request.url.replace('http://sentra', server.url), request)),
    });
  server = await serve(handlers, {
    auth: { token, accessOf: (secret) => accessOfSecret(db, secret) },
    mcp: createMcpHttpHandler(clientOf, '1.2.3'),
    metrics: async () => 'figures',
    eventStream: async ({ send }) =>
      send([
        ...[own, other].flatMap((about) => [event({ taskId: about.taskId }), event({ projectId: about.projectId })]),
        event({ taskId: newTaskId() }),
        event({}),
      ] as never),
  });
});
afterAll(async () => {
  await server?.close();
  await store?.drop();
});
beforeEach(() => {
  server.calls.splice(0);
  seen.splice(0);
});

const send = async (method: string, path: string, { secret = one, body }: { secret?: string; body?: object } = {}) => {
  const json = body && { 'content-type': 'application/json' };
  const headers = { authorization: `Bearer ${secret}`, ...json };
  const answer = await fetch(server.url + path, {
    method: method.toUpperCase(),
    headers,
    ...(body ? { body: JSON.stringify(body) } : {}),
  });
  return { status: answer.status, text: await answer.text() };
};

type About = typeof own;
const table = (Object.entries(routes) as [string, RouteSpec][]).filter(([name]) => name !== 'login');
const pathOf = ({ path }: RouteSpec, about: About) =>
  path
    .replace(/(projects\/)\{id\}/, `$1${about.projectId}`)
    .replace(/(tasks\/)\{id\}/, `$1${about.taskId}`)
    .replace(/(analyses\/)\{id\}/, `$1${about.analysisId}`)
    .replace('{taskId}', about.taskId)
    .replace(/tokens\/\{id\}/, 'tokens/tok-000000000000')
    .replace('{adwId}', newAdwId())
    .replace('{role}', 'PLAN')
    .replace('{seq}', '1')
    .replace('artifacts/{name}', 'artifacts/adw-0123456789ab-1-1.png')
    .replace(/\{\w+\}/g, 'x');
const takes = (spec: RouteSpec, name: string) => Boolean(spec.query?.shape[name]);
/** Something that each field takes. */
const valid: Record<string, unknown> = {
  ...{
    title: 'one',
    name: 'one',
    path: '/one',
    text: 'one',
    plan: 'one',
    hash: 'a'.repeat(64),
    model: 'one',
    role: 'viewer',
  },
  ...{ fields: {}, tasks: [{ key: 'a', title: 'one' }], comments: [{ body: 'one' }], inputUsd: 1, outputUsd: 1 },
};
const bodyOf = (spec: RouteSpec, about: About) => {
  if (spec.path === routes.patchBudget.path) return { projectId: about.projectId, taskUsd: 1 };
  const shape = (spec.body as { shape?: object } | undefined)?.shape ?? {};
  const values = { ...valid, ...about } as Record<string, unknown>;
  return Object.fromEntries(Object.keys(shape).flatMap((key) => (key in values ? [[key, values[key]]] : [])));
};
const ask = (spec: RouteSpec, about: About) => {
  const query = takes(spec, 'projectId') ? `?projectId=${about.projectId}` : '';
  return send(spec.method, pathOf(spec, about) + query, spec.body ? { body: bodyOf(spec, about) } : {});
};

test.each(table)('%s shows and changes nothing of another project', async (name, spec) => {
  const { status, text } = await ask(spec, other);
  if (name !== 'listProjects') expect([403, 404]).toContain(status);
  expect(
    server.calls.filter((call) => call === name && !['getTask', 'getAnalysis', 'listProjects'].includes(name)),
  ).toEqual([]);
  if (name === 'listProjects') expect(JSON.parse(text)).toEqual({ items: [{ id: projectId }] });
});

test('what is about its project opens; what is about all of Sentra does not', async () => {
  const [opened, closed]: [string[], string[]] = [[], []];
  for (const [name, spec] of table) {
    const { status } = await ask(spec, own);
    (status === 403 ? closed : opened).push(name);
    expect([name, status]).not.toEqual([name, 404]);
  }
  expect(closed.sort()).toEqual(
    [
      ...['addProject', 'listBreakers', 'listTemplates', 'createTemplate', 'patchTemplate', 'removeTemplate'],
      ...['listWorktrees', 'cleanWorktrees', 'listSaved', 'getResources', 'getSystem', 'listAgents', 'verify'],
      ...['listWorkers', 'drainWorker', 'createLoginLink', 'createToken', 'listTokens', 'revokeToken'],
    ].sort(),
  );
  for (const path of ['/metrics', '/api/nothing', `/api/tasks/${taskId}/dev-servers/web/open`])
    expect([path, (await send('GET', path)).status]).toEqual([path, 403]);
});

test('a list without a project is that of its only one; with several the project is named', async () => {
  expect((await send('GET', '/api/tasks')).status).toBe(200);
  expect(seen).toMatchObject([{ projectId }]);
  expect(await send('GET', '/api/tasks', { secret: both })).toMatchObject({
    status: 403,
    text: expect.stringContaining('name a project (projectId)'),
  });
  expect((await send('GET', `/api/tasks?projectId=${other.projectId}`, { secret: both })).status).toBe(200);
});

test('an Idempotency-Key that was used in another project tells nothing of it', async () => {
  const { status, text } = await send('POST', '/api/tasks', { body: { projectId, title: 'one' } });
  expect([status, text.includes(other.taskId)]).toEqual([409, false]);
});

test('sockets show its tasks and events alone', async () => {
  const open = (path: string) => new WebSocket(`ws://127.0.0.1:${server.port}${path}`, ['sentra', `bearer.${one}`]);
  const foreign = open(`/logs/${other.taskId}`);
  const [, answer] = await once(foreign, 'unexpected-response');
  expect(answer.statusCode).toBe(404);
  await once(open(`/logs/${taskId}`), 'open');

  const events: { taskId: string; projectId: string }[] = [];
  const socket = open('/api/events');
  socket.on('message', (data) => events.push(JSON.parse(String(data))));
  await once(socket, 'close');
  const about = [
    { taskId, projectId: null },
    { taskId: null, projectId },
  ];
  expect(events.map(({ taskId, projectId }) => ({ taskId, projectId }))).toEqual(about);

  const many = open('/api/streams');
  const said: string[] = [];
  many.on('message', (data) => said.push(String(data)));
  await once(many, 'open');
  many.send(JSON.stringify({ follow: 'a', logs: { taskId: other.taskId } }));
  many.send(JSON.stringify({ follow: 'b', events: {} }));
  await vi.waitFor(() => expect(said).toHaveLength(2));
  expect(said.join()).toContain('not_found');
  expect(said.join()).not.toContain(other.projectId);
  many.close();
});

test('tools reach what their routes reach', async () => {
  const client = new McpClient({ name: 'test', version: '1' });
  const headers = { authorization: `Bearer ${one}` };
  await client.connect(new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`), { requestInit: { headers } }));
  const call = async (name: string, args: Record<string, unknown>) => {
    const { content } = await client.callTool({ name, arguments: args });
    return (content as { text: string }[])[0]?.text ?? '';
  };
  expect(await call('get_task', { taskId: other.taskId })).toMatch(/^not_found/);
  expect(await call('cancel_task', { taskId: other.taskId })).toMatch(/^not_found/);
  expect(await call('create_task', { projectId: other.projectId, title: 'x' })).toMatch(/^not_found/);
  for (const name of ['get_analysis', 'approve_analysis'])
    expect(await call(name, { analysisId: other.analysisId })).toMatch(/^not_found/);
  expect(await call('analyze', { projectId: other.projectId })).toMatch(/^not_found/);
  expect(await call('get_resources', {})).toMatch(/^forbidden: This token is for /);
  expect(await call('list_tasks', {})).toBe('{"items":[]}');
  await client.close();
});

test('a token for a project that there is not is refused', async () => {
  const wanted = { name: 'x', role: 'viewer' as const, projects: [newProjectId()] };
  await expect(createAccessToken(store.database.db, wanted)).rejects.toMatchObject({ code: 'not_found' });
});
