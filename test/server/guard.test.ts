import http from 'node:http';
import net from 'node:net';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { WebSocket } from 'ws';
import type { RouteSpec } from '#src/domain/api/route.ts';
import { routes } from '#src/domain/api/routes.ts';
import { startServer } from '#src/server/server.ts';
import { bearer, projectId, serve, taskId, token } from './serve.ts';

let server: Awaited<ReturnType<typeof serve>>;
beforeAll(async () => {
  server = await serve({ getTask: async () => ({ id: taskId }) as never });
});
afterAll(() => server.close());
beforeEach(() => server.calls.splice(0));

type Sent = { method?: string; path: string; headers?: Record<string, string>; body?: string };
type Answer = { status: number; code: string | undefined; headers: http.IncomingHttpHeaders };

/** With any header at all: fetch would not let Host or Origin through. */
function send({ method = 'GET', path, headers = {}, body }: Sent): Promise<Answer> {
  return new Promise((done, fail) => {
    const request = http.request({ host: '127.0.0.1', port: server.port, method, path, headers, agent: false });
    request.on('error', fail);
    request.on('response', async (response) => {
      const text = Buffer.concat(await response.toArray()).toString();
      const code = text.startsWith('{') ? JSON.parse(text).error?.code : undefined;
      done({ status: response.statusCode ?? 0, code, headers: response.headers });
    });
    request.end(body);
  });
}

const filled = (path: string) =>
  path
    .replace('{taskId}', taskId)
    .replace('{name}', 'web')
    .replace('{id}', path.includes('projects') ? projectId : taskId);
const json = { 'content-type': 'application/json' };
const tooLarge = (name: string) => 'x'.repeat((name === 'createTasks' ? 16 : 1) * 1024 * 1024 + 1);
const cases = (Object.entries(routes) as [string, RouteSpec][]).map(([name, spec]) => ({ name, spec }));

test.each(cases)('$name is refused for Host, Origin, token, size and type, in this order', async ({ name, spec }) => {
  const request = { method: spec.method.toUpperCase(), path: filled(spec.path) };
  const hasBody = ['post', 'put', 'patch'].includes(spec.method);
  const bad = { host: 'evil.test', origin: 'http://evil.test', 'content-type': 'text/plain' };
  const host = `127.0.0.1:${server.port}`;
  const body = hasBody ? { body: tooLarge(name) } : {};
  const status = async (headers: Record<string, string>, sent: { body?: string } = body) =>
    (await send({ ...request, ...sent, headers })).status;

  expect(await status(bad)).toBe(421);
  expect(await status({ ...bad, host })).toBe(403);
  expect(await status({ host, 'sec-fetch-site': 'cross-site' })).toBe(403);
  expect(await status({ host, 'sec-fetch-site': 'same-site', ...bearer })).toBe(403);
  if (name !== 'login') {
    expect(await status({ host, 'content-type': 'text/plain' })).toBe(401);
    expect(await status({ host, ...json, authorization: 'Bearer wrong' })).toBe(401);
    expect(await status({ host, ...json, cookie: `sentra=${token}` })).toBe(401);
  }
  if (hasBody) {
    expect(await status({ host, ...bearer, 'content-type': 'text/plain' })).toBe(413);
    expect(await status({ host, ...bearer, ...json, 'transfer-encoding': 'chunked' })).toBe(413);
    expect(await status({ host, ...bearer, 'content-type': 'text/plain' }, { body: '{}' })).toBe(415);
  }
  if (spec.body) expect(await status({ host, ...bearer, ...json }, { body: '{"none":1}' })).toBe(400);
  expect(server.calls).toEqual([]);
});

test.each(['/api/nothing', '/logs/x', '/mcp', '/metrics', '/openapi.json'])('%s wants a token too', async (path) => {
  expect((await send({ path })).status).toBe(401);
  expect((await send({ path, headers: { ...bearer, origin: 'null' } })).status).toBe(403);
});

test('an unknown API route is a JSON 404, also without a page', async () => {
  expect(await send({ path: '/api/nothing', headers: bearer })).toMatchObject({ status: 404, code: 'not_found' });
});

test('healthz is open, but not under a foreign name', async () => {
  expect((await send({ path: '/healthz' })).status).toBe(200);
  expect((await send({ path: '/healthz', headers: { host: 'evil.test' } })).status).toBe(421);
});

test('every answer tells the browser to run and frame nothing of others', async () => {
  const { headers } = await send({ path: '/' });
  expect(headers['content-security-policy']).toMatch(/default-src 'self';.*frame-ancestors 'none'/);
  expect(headers['x-content-type-options']).toBe('nosniff');
  expect(headers['referrer-policy']).toBe('no-referrer');
});

type Offer = { protocols?: string[]; headers?: Record<string, string>; origin?: string; path?: string };
const upgrade = ({ protocols = [], headers = {}, origin, path = `/logs/${taskId}` }: Offer): Promise<number> =>
  new Promise((done, fail) => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${path}`, protocols, {
      headers,
      ...(origin ? { origin } : {}),
    });
    socket.on('unexpected-response', (_request, response) => done(response.statusCode ?? 0));
    socket.on('open', () => {
      done(101);
      socket.close();
    });
    socket.on('error', fail);
  });

test.each([`/logs/${taskId}`, '/api/events'])('a WebSocket to %s is refused before the upgrade', async (path) => {
  expect(await upgrade({ path })).toBe(401);
  expect(await upgrade({ path, headers: { ...bearer, host: 'evil.test' } })).toBe(421);
  expect(await upgrade({ path, headers: bearer, origin: 'http://evil.test' })).toBe(403);
  expect(await upgrade({ path, headers: { authorization: 'Bearer wrong' } })).toBe(401);
  expect(await upgrade({ path, protocols: ['sentra', 'bearer.wrong'] })).toBe(401);
  expect(await upgrade({ path: `${path}?after=-1`, headers: bearer })).toBe(400);
  expect(await upgrade({ path, headers: bearer })).toBe(101);
  expect(await upgrade({ path, protocols: ['sentra', `bearer.${token}`] })).toBe(101);
});

test('an upgrade to something else is answered like any request', async () => {
  const socket = net.connect(server.port, '127.0.0.1');
  socket.write(
    `GET /healthz HTTP/1.1\r\nHost: 127.0.0.1:${server.port}\r\nConnection: Upgrade\r\nUpgrade: h2c\r\n\r\n`,
  );
  const [first] = await new Promise<Buffer[]>((done) => socket.once('data', (chunk) => done([chunk])));
  expect(first?.toString()).toMatch(/^HTTP\/1.1 200/);
  socket.destroy();
});

test('an address that others could reach is refused, and a taken port is named', async () => {
  const streams = { logStream: never, eventStream: never, devServers: { open: async () => ({}) } };
  const parts = { handlers: {} as never, auth: { token }, version: '0', ...streams };
  await expect(startServer({ ...parts, host: '0.0.0.0', port: 0 })).rejects.toMatchObject({ code: 'invalid' });
  await expect(startServer({ ...parts, host: '127.0.0.1', port: server.port })).rejects.toMatchObject({
    code: 'server_unavailable',
    message: expect.stringMatching(new RegExp(`${server.port}.*SENTRA_PORT=0`)),
  });
});

const never = async () => {};
