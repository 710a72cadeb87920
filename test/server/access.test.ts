/** Every route, socket and tool, with every kind of token that must not open it, and each role with what it may and may not. */
import { once } from 'node:events';
import http from 'node:http';
import path from 'node:path';
import { Client as McpClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import { createClient } from '#src/client/client.ts';
import { includesRole, type Role, roles } from '#src/domain/access-token.ts';
import type { RouteSpec } from '#src/domain/api/route.ts';
import { routes } from '#src/domain/api/routes.ts';
import { newAnalysisId } from '#src/domain/ids.ts';
import { startHookServer } from '#src/hooks/hook-server.ts';
import { createMcpHttpHandler } from '#src/mcp/http.ts';
import { accessOfSecret, createAccessToken, revokeAccessToken } from '#src/orchestrator/access-tokens.ts';
import { roleOf } from '#src/server/roles.ts';
import { listAccessTokens } from '#src/store/access-tokens.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { makeFolder } from '../helpers/repository.ts';
import { projectId, serve, taskId, token } from './serve.ts';

let store: Awaited<ReturnType<typeof createTestDatabase>>;
let server: Awaited<ReturnType<typeof serve>>;
const secrets = {} as Record<Role | 'expired' | 'revoked', string>;
beforeAll(async () => {
  store = await createTestDatabase();
  const { db } = store.database;
  for (const role of roles) secrets[role] = (await createAccessToken(db, { name: role, role })).token;
  secrets.expired = (await createAccessToken(db, { name: 'old', role: 'admin', days: 1e-9 })).token;
  const revoked = await createAccessToken(db, { name: 'gone', role: 'admin' });
  await revokeAccessToken(db, revoked.id);
  secrets.revoked = revoked.token;
  const inside = (secret = token) =>
    createClient({
      url: 'http://sentra',
      token: secret,
      fetch: (request) => fetch(new Request(request.url.replace('http://sentra', server.url), request)),
    });
  server = await serve(
    { getTask: async () => ({ id: taskId }) as never },
    {
      auth: { token, accessOf: (secret) => accessOfSecret(db, secret) },
      mcp: createMcpHttpHandler(inside, '1.2.3'),
      metrics: async () => 'figures',
    },
  );
});
afterAll(async () => {
  await server?.close();
  await store?.drop();
});
beforeEach(() => server.calls.splice(0));

type Sent = {
  method: string;
  path: string;
  secret?: string | undefined;
  headers?: Record<string, string>;
  body?: string;
};

/** With any header at all. */
function send({
  method,
  path: where,
  secret,
  headers = {},
  body,
}: Sent): Promise<{ status: number; headers: http.IncomingHttpHeaders }> {
  const authorization = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
  return new Promise((done, fail) => {
    const options = { host: '127.0.0.1', port: server.port, method, path: where, agent: false };
    const request = http.request({ ...options, headers: { ...authorization, ...headers } });
    request.on('error', fail);
    request.on('response', (response) => {
      response.resume().on('end', () => done({ status: response.statusCode ?? 0, headers: response.headers }));
    });
    request.end(body);
  });
}

const strangers = () => ({
  missing: undefined,
  empty: '',
  wrong: 'wrong',
  'one letter short': token.slice(0, -1),
  'one letter long': `${secrets.admin}x`,
  'a hash': Buffer.from(secrets.admin).toString('base64'),
  expired: secrets.expired,
  revoked: secrets.revoked,
});

const filled = (where: string) =>
  where
    .replace('{id}', where.includes('projects') ? projectId : where.includes('tokens') ? 'tok-000000000000' : taskId)
    .replace('{taskId}', taskId)
    .replace(/\{\w+\}/g, 'x');
const others = ['/metrics', '/openapi.json', '/api/nothing', '/logs/x', '/mcp'].map((where) => ({
  method: 'GET',
  where,
}));
const all = (Object.values(routes) as RouteSpec[])
  .filter(({ path: where }) => where !== routes.login.path)
  .map((spec) => ({ method: spec.method.toUpperCase(), where: filled(spec.path), spec }));

test.each([...all, ...others])(
  '$method $where opens to no token that is missing, wrong, expired or revoked',
  async ({ method, where }) => {
    for (const [name, secret] of Object.entries(strangers())) {
      const large = { 'content-type': 'text/plain', 'content-length': '99999999' };
      expect([name, (await send({ method, path: where, secret })).status]).toEqual([name, 401]);
      if (method !== 'GET')
        expect([
          name,
          (await send({ method, path: where, secret, headers: large }).catch(() => ({ status: 401 }))).status,
        ]).toEqual([name, 401]);
    }
    for (const path of [`${where}?token=${token}`, `${where}?access_token=${secrets.admin}`])
      expect((await send({ method, path })).status).toBe(401);
    for (const headers of [
      { cookie: `sentra=${secrets.admin}` },
      { 'x-api-key': token },
      { authorization: `Basic ${btoa(`x:${token}`)}` },
    ] as Record<string, string>[])
      expect((await send({ method, path: where, headers })).status).toBe(401);
    expect(server.calls).toEqual([]);
  },
);

test.each(all)('$method $where takes the role that it needs and no lesser one', async ({ method, where, spec }) => {
  const needed = roleOf(spec);
  for (const role of roles) {
    server.calls.splice(0);
    const { status } = await send({
      method,
      path: where,
      secret: secrets[role],
      headers: { 'content-type': 'text/html', 'transfer-encoding': 'chunked' },
      body: 'x',
    });
    if (includesRole(role, needed)) expect([role, status]).not.toEqual([role, 403]);
    else expect([role, status, server.calls]).toEqual([role, 403, []]); // before 415
  }
});

test('what decides about Sentra itself is for an admin alone', () => {
  const admins = (Object.entries(routes) as [string, RouteSpec][]).filter(([, spec]) => roleOf(spec) === 'admin');
  expect(admins.map(([name]) => name)).toEqual(
    expect.arrayContaining([
      ...['addProject', 'removeProject', 'trustProject', 'distrustProject', 'drainWorker'],
      ...['createLoginLink', 'createToken', 'listTokens', 'revokeToken'],
    ]),
  );
});

test('every answer forbids frames, sniffing and keeping', async () => {
  for (const { method, where } of [...all, ...others])
    for (const headers of [{}, { host: 'evil.test' }] as Record<string, string>[]) {
      const answer = await send({ method, path: where, headers });
      expect(answer.headers['content-security-policy'], where).toMatch(/frame-ancestors 'none'/);
      expect(answer.headers['x-content-type-options'], where).toBe('nosniff');
      expect(answer.headers['access-control-allow-origin'], where).toBeUndefined();
      if (!headers.host) expect(answer.headers['cache-control'], where).toBe('no-store');
    }
});

type Offer = { path: string; protocols?: string[]; headers?: Record<string, string> };
const upgrade = ({ path: where, protocols = [], headers = {} }: Offer): Promise<number> =>
  new Promise((done, fail) => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${where}`, protocols, { headers });
    socket.on('unexpected-response', (_request, response) => done(response.statusCode ?? 0));
    socket.on('open', () => {
      done(101);
      socket.close();
    });
    socket.on('error', fail);
  });

test.each([`/logs/${taskId}`, '/api/events', '/api/streams'])(
  'a socket to %s opens to every role, and to no stranger',
  async (where) => {
    for (const [name, secret] of Object.entries(strangers())) {
      if (secret)
        expect([name, await upgrade({ path: where, headers: { authorization: `Bearer ${secret}` } })]).toEqual([
          name,
          401,
        ]);
      if (secret && /^[\w.-]+$/.test(secret))
        expect([name, await upgrade({ path: where, protocols: ['sentra', `bearer.${secret}`] })]).toEqual([name, 401]);
    }
    expect(await upgrade({ path: where })).toBe(401);
    expect(await upgrade({ path: `${where}?token=${token}` })).toBe(401);
    for (const role of roles)
      expect(await upgrade({ path: where, protocols: ['sentra', `bearer.${secrets[role]}`] })).toBe(101);
  },
);

test('a socket is closed soon after its token was revoked, and those of others stay', async () => {
  const { db } = store.database;
  const made = await createAccessToken(db, { name: 'for a while', role: 'viewer' });
  const open = async (secret: string) => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}/api/events`, ['sentra', `bearer.${secret}`]);
    await once(socket, 'open');
    return socket;
  };
  const [theirs, own, operators] = await Promise.all([made.token, token, secrets.operator].map(open));
  await revokeAccessToken(db, made.id);
  const [code] = await once(theirs as WebSocket, 'close');
  expect([code, own?.readyState, operators?.readyState]).toEqual([1008, WebSocket.OPEN, WebSocket.OPEN]);
  for (const socket of [own, operators]) socket?.close();
});

const analysisId = newAnalysisId();

/** Something that each tool takes. */
const samples: Record<string, Record<string, unknown>> = {
  ...Object.fromEntries(
    [
      ...[
        'get_task',
        'get_environment',
        'get_evidence',
        'get_timeline',
        'get_logs',
        'get_diff',
        'why',
        'create_worktree',
      ],
      ...['remove_worktree', 'cancel_task', 'retry_task', 'merge_task', 'start_dev_servers', 'stop_dev_servers'],
    ].map((name) => [name, { taskId }]),
  ),
  ...Object.fromEntries(['list_tasks', 'list_workflows', 'get_costs', 'get_resources'].map((name) => [name, {}])),
  create_task: { projectId, title: 'one' },
  create_tasks: { projectId, tasks: [{ key: 'a', title: 'one' }] },
  update_task: { taskId, title: 'two' },
  execute_workflow: { taskId, workflowName: 'code' },
  search_logs: { projectId, q: 'x' },
  send_message: { taskId, text: 'hello' },
  analyze: { projectId, specification: '# A harbor' },
  ...Object.fromEntries(['get_analysis', 'approve_analysis'].map((name) => [name, { analysisId }])),
  edit_analysis: { analysisId, tasks: [{ key: 'a', title: 'one' }] },
};

describe('tools', () => {
  const connect = async (secret: string) => {
    const client = new McpClient({ name: 'test', version: '1' });
    const headers = { authorization: `Bearer ${secret}` };
    await client.connect(new StreamableHTTPClientTransport(new URL(`${server.url}/mcp`), { requestInit: { headers } }));
    return client;
  };
  const call = (name: string, secret: string | undefined) =>
    send({
      method: 'POST',
      path: '/mcp',
      secret,
      headers: { 'content-type': 'application/json', accept: 'application/json, text/event-stream' },
      body: JSON.stringify({ jsonrpc: '2.0', id: 1, method: 'tools/call', params: { name, arguments: { taskId } } }),
    });

  test('are called by nobody without a right token', async () => {
    const client = await connect(token);
    const { tools } = await client.listTools();
    await client.close();
    expect(tools.length).toBeGreaterThan(20);
    for (const { name } of tools) {
      for (const [kind, secret] of Object.entries(strangers()))
        expect([name, kind, (await call(name, secret)).status]).toEqual([name, kind, 401]);
    }
    expect(server.calls).toEqual([]);
  });

  test('let each role do what it may on the routes that they call, and no more', async () => {
    for (const role of roles) {
      const client = await connect(secrets[role]);
      const { tools } = await client.listTools();
      expect(Object.keys(samples).sort()).toEqual(tools.map(({ name }) => name).sort());
      for (const { name, annotations } of tools) {
        server.calls.splice(0);
        const { content } = await client.callTool({ name, arguments: samples[name] ?? {} });
        const said = (content as { text?: string }[])[0]?.text ?? '';
        const may = role !== 'viewer' || annotations?.readOnlyHint === true;
        if (may)
          expect([role, name, said]).toEqual([role, name, expect.not.stringMatching(/^(forbidden|invalid|Input)/)]);
        else
          expect([role, name, said]).toEqual([
            role,
            name,
            expect.stringMatching(/^forbidden: .*takes the role operator/),
          ]);
        if (!may) expect(server.calls).toEqual([]);
      }
      await client.close();
    }
  });
});

test('what is kept of a token does not open anything', async () => {
  const { db } = store.database;
  const listed = JSON.stringify(await listAccessTokens(db));
  for (const secret of Object.values(secrets)) expect(listed).not.toContain(secret);
  const { rows } = await store.database.pool.query('select hash from sentra.access_tokens');
  for (const { hash } of rows as { hash: string }[])
    expect((await send({ method: 'GET', path: '/api/tasks', secret: hash })).status).toBe(401);
});

test("the socket of a session's hooks opens to its own token, not to another session's nor to the server's", async () => {
  const folder = makeFolder('hooks');
  const desk = {
    report: () => true,
    state: async () => ({}) as never,
    messages: async () => [],
    goOn: async () => ({ goOn: true }) as never,
  };
  const start = (name: string) =>
    startHookServer({ socketPath: path.join(folder, name), token: `token of ${name}`, desk });
  const opened = await Promise.all(['a', 'b'].map(start));
  const ask = (secret: string | undefined, method: string, where: string) =>
    new Promise<number>((done, fail) => {
      const headers = secret === undefined ? {} : { authorization: `Bearer ${secret}` };
      const request = http.request({ socketPath: path.join(folder, 'a'), method, path: where, headers, agent: false });
      request
        .on('error', fail)
        .on('response', (response) => response.resume().on('end', () => done(response.statusCode ?? 0)));
      request.end();
    });
  for (const [method, where] of [
    ['POST', '/events'],
    ['GET', '/state'],
    ['GET', '/messages'],
    ['GET', '/go-on'],
  ] as const) {
    for (const secret of [undefined, 'wrong', 'token of b', token, secrets.admin])
      expect(await ask(secret, method, where)).toBe(401);
    expect(await ask('token of a', method, where)).not.toBe(401);
  }
  for (const one of opened) await one.close();
});
