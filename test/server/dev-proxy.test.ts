import { createHash, createHmac } from 'node:crypto';
import http from 'node:http';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { WebSocket } from 'ws';
import type { DevServer } from '#src/domain/dev-server.ts';
import { newTaskId } from '#src/domain/ids.ts';
import { connectLoopback } from '#src/environment/dev-door.ts';
import { endTree, start } from '#src/process.ts';
import { openBrowser } from '../helpers/browser.ts';
import { makeFolder } from '../helpers/repository.ts';
import { bearer, serve, taskId, token } from './serve.ts';

const fixture = path.resolve(import.meta.dirname, '../fixtures/dev-server.mjs');
const port = 20_090;
const other = newTaskId();
const cwd = makeFolder('dev');
let server: Awaited<ReturnType<typeof serve>>;
let browser: Browser;
let state: DevServer['state'] = 'ready';
const errors: unknown[] = [];

const web = (): DevServer => ({
  ...{ name: 'web', port, state, requested: true, restarts: 0, message: '<b>boom</b>' },
  url: `http://${taskId}.localhost:${server.port}/`,
});
const dev = start({
  ...{ command: process.execPath, args: [fixture, `${port}`], cwd },
  env: { PATH: process.env.PATH ?? '', HOME: cwd },
});

beforeAll(async () => {
  const open = async (id: string, name?: string) => {
    if (id !== taskId || (name !== undefined && name !== 'web')) return {};
    return { server: web(), ...(state === 'ready' ? { socket: await connectLoopback(port) } : {}) };
  };
  const listDevServers = async () => ({ items: [web()] });
  const listProjects = async () => ({ items: [] });
  server = await serve(
    { listDevServers, listProjects },
    { devServers: { open }, onRequestError: (e) => errors.push(e) },
  );
  browser = await openBrowser();
  await vi.waitFor(async () => (await connectLoopback(port)).destroy());
});
afterAll(async () => {
  await browser?.close();
  await server?.close();
  await endTree(dev);
  expect(errors).toEqual([]);
});

type Sent = { host?: string; path?: string; headers?: Record<string, string>; method?: string; body?: string };
type Answer = { status: number; headers: http.IncomingHttpHeaders; text: string };

const hostOf = (name = taskId) => `${name}.localhost:${server.port}`;

function send({ host = hostOf(), path = '/', headers = {}, method = 'GET', body }: Sent = {}): Promise<Answer> {
  return new Promise((done, fail) => {
    const all = { host, ...headers };
    const request = http.request({ host: '127.0.0.1', port: server.port, method, path, headers: all, agent: false });
    request.on('error', fail);
    request.on('response', async (response) => {
      const text = Buffer.concat(await response.toArray()).toString();
      done({ status: response.statusCode ?? 0, headers: response.headers, text });
    });
    request.end(body);
  });
}

async function link(): Promise<URL> {
  const answer = await send({
    host: `127.0.0.1:${server.port}`,
    path: `/api/tasks/${taskId}/dev-servers/web/links`,
    method: 'POST',
    headers: bearer,
  });
  expect(answer.status).toBe(201);
  return new URL(JSON.parse(answer.text).url);
}

/** The cookie that a link gives. */
async function letIn(): Promise<string> {
  const url = await link();
  const { headers } = await send({ host: url.host, path: url.pathname + url.search });
  return `${headers['set-cookie']}`.split(';', 1)[0] ?? '';
}

test('a link lets one browser in, once, by a strict cookie of that host alone', async () => {
  const url = await link();
  expect(url.host).toBe(hostOf());
  const first = await send({ path: url.pathname + url.search });
  expect(first.headers['set-cookie']).toEqual([
    expect.stringMatching(/^sentra-dev=[\w-]+; HttpOnly; SameSite=Strict; Path=\/; Max-Age=\d+$/),
  ]);
  expect(first.text).toContain('http-equiv="refresh" content="0; url=/"');
  const again = await send({ path: url.pathname + url.search });
  expect([again.status, again.headers['set-cookie']]).toEqual([401, undefined]);
  const elsewhere = await link();
  expect((await send({ host: hostOf(other), path: elsewhere.pathname + elsewhere.search })).status).toBe(401);
});

test('without its own cookie a dev server is closed, whatever else is shown', async () => {
  const session = createHmac('sha256', token).update('sentra session 1').digest('base64url');
  const cookie = await letIn();
  const tries: Sent[] = [
    {},
    { headers: bearer },
    { headers: { cookie: `sentra=${session}` } },
    { headers: { cookie: `sentra-dev=${session}` } },
    { headers: { cookie: `sentra-dev=${token}` } },
    { host: hostOf(other), headers: { cookie } },
    { host: hostOf(`web.${taskId}`), headers: { cookie } },
  ];
  for (const sent of tries) {
    const answer = await send(sent);
    expect(answer.status, JSON.stringify(sent)).toBe(401);
    expect(answer.text).toContain(`href="http://127.0.0.1:${server.port}/tasks/`);
  }
  expect((await send({ headers: { cookie } })).text).toContain('<h1>empty</h1>');
  expect((await send({ path: '//', headers: {} })).status).toBe(401); // no address at all
});

test('only hosts of tasks, on this port, lead to dev servers', async () => {
  const cookie = await letIn();
  const strangers = [
    `${taskId}.localhost`,
    `${taskId}.localhost:${server.port + 1}`,
    `${taskId}.localhost.evil.test:${server.port}`,
    `${taskId}.localhost.:${server.port}`,
    `x.y.${taskId}.localhost:${server.port}`,
    `evil.localhost:${server.port}`,
    `task-1.localhost:${server.port}`,
    `.${taskId}.localhost:${server.port}`,
  ];
  for (const host of strangers) expect((await send({ host, headers: { cookie } })).status, host).toBe(421);
});

test('pages of other origins are refused, also with the cookie', async () => {
  const cookie = await letIn();
  const from = (headers: Record<string, string>) => send({ headers: { cookie, ...headers } });
  expect((await from({ origin: 'http://evil.test' })).status).toBe(403);
  expect((await from({ origin: `http://127.0.0.1:${server.port}` })).status).toBe(403);
  expect((await from({ origin: `http://${hostOf(other)}` })).status).toBe(403);
  expect((await from({ origin: 'null' })).status).toBe(403);
  expect((await from({ 'sec-fetch-site': 'cross-site' })).status).toBe(403);
  expect((await from({ origin: 'null', 'sec-fetch-site': 'same-origin' })).status).toBe(200);
  expect((await from({ origin: `http://${hostOf(`web.${taskId}`)}`, 'sec-fetch-site': 'same-site' })).status).toBe(200);
});

test('the cookie of a dev server opens no route of Sentra, and its host has none', async () => {
  const cookie = await letIn();
  const value = cookie.slice(cookie.indexOf('=') + 1);
  const host = `127.0.0.1:${server.port}`;
  for (const stolen of [cookie, `sentra=${value}`])
    expect((await send({ host, path: '/api/projects', headers: { cookie: stolen } })).status).toBe(401);
  server.calls.splice(0);
  for (const path of ['/api/projects', '/healthz', '/openapi.json'])
    expect((await send({ path, headers: { cookie, ...bearer } })).text).toContain('<title>Harbor</title>');
  expect(server.calls).toEqual([]);
});

test('nothing of Sentra goes on to the dev server, and it sets no cookie of Sentra', async () => {
  const cookie = await letIn();
  const headers = { cookie: `own=1; ${cookie}; sentra=x; b=2`, ...bearer, 'x-note': `the ${token}`, 'x-own': 'kept' };
  const seen = JSON.parse((await send({ path: '/headers', headers })).text);
  expect(seen).toEqual({ host: hostOf(), cookie: 'own=1; b=2', 'x-own': 'kept', connection: 'close' });
  const own = JSON.parse((await send({ path: '/headers', headers: { cookie, authorization: 'Basic eDp5' } })).text);
  expect(own).toEqual({ host: hostOf(), authorization: 'Basic eDp5', connection: 'close' });
  expect((await send({ path: '/cookies', headers: { cookie } })).headers['set-cookie']).toEqual(['own=1; Path=/']);
});

test('bodies of any size and answers that take their time pass as streams', async () => {
  const cookie = await letIn();
  const body = 'x'.repeat(3_000_000);
  const sum = (text: string) => createHash('sha256').update(text).digest('hex');
  const kinds: Record<string, string>[] = [{ cookie }, { cookie, 'transfer-encoding': 'chunked' }];
  for (const headers of kinds)
    expect(sum((await send({ path: '/echo', method: 'POST', headers, body })).text)).toBe(sum(body));
  const request = http.get({
    ...{ host: '127.0.0.1', port: server.port, path: '/stream' },
    headers: { host: hostOf(), cookie },
  });
  const response = await new Promise<http.IncomingMessage>((done) => request.once('response', done));
  const [first] = await new Promise<Buffer[]>((done) => response.once('data', (chunk) => done([chunk])));
  expect(`${first}`).toBe('first\n'); // the second part comes a second later
  request.destroy();
});

test('a dev server that is not up is told with the next step, and its words are no markup', async () => {
  const cookie = await letIn();
  const say = async () => (await send({ headers: { cookie } })).text;
  state = 'starting';
  expect(await say()).toMatch(/refresh" content="2".*web is starting/s);
  state = 'failed';
  const failed = await send({ headers: { cookie } });
  expect(failed.status).toBe(502);
  expect(failed.text).toContain('web was given up');
  expect(failed.text).toContain('&#60;b&#62;boom&#60;/b&#62;');
  expect(failed.text).toContain(`href="http://127.0.0.1:${server.port}/tasks/${taskId}"`);
  state = 'ready';
});

test('a WebSocket needs the same cookie and origin, and carries texts both ways', async () => {
  const cookie = await letIn();
  const connect = (headers: Record<string, string>, target = '/hmr') => {
    const socket = new WebSocket(`ws://127.0.0.1:${server.port}${target}`, { headers: { host: hostOf(), ...headers } });
    return new Promise<string>((done, fail) => {
      socket.on('unexpected-response', (_request, response) => done(`${response.statusCode}`));
      socket.on('open', () => socket.send('ping'));
      socket.on('message', (data) => {
        done(`${data}`);
        socket.close();
      });
      socket.on('error', fail);
    });
  };
  expect(await connect({})).toBe('401');
  expect(await connect({ cookie, origin: 'http://evil.test' })).toBe('403');
  expect(await connect({ cookie, host: hostOf(other) })).toBe('401');
  expect(await connect({ cookie: `${cookie}; own=1` })).toBe('hot ping; cookie own=1');
  expect(await connect({ cookie }, '/refused')).toBe('403');
});

/** What a page of a dev server tries, as the browser runs it. */
const attackOn = (own: number) => `(async () => {
  document.cookie = 'sentra=tossed; Domain=localhost; Path=/';
  document.cookie = 'sentra-dev=tossed; Path=/api';
  const tried = { cookies: document.cookie };
  const ask = async (name, url, init) => {
    tried[name] = await fetch(url, { credentials: 'include', ...init }).then(
      async (r) => r.status + ' ' + await r.text(),
      () => 'failed',
    );
  };
  for (const host of ['127.0.0.1', 'localhost']) {
    const place = host + ':${own}';
    await ask(host + ' read', 'http://' + place + '/api/projects', {});
    await ask(host + ' write', 'http://' + place + '/api/projects', { method: 'POST', mode: 'no-cors', body: '{}' });
    tried[host + ' socket'] = await new Promise((done) => {
      const socket = new WebSocket('ws://' + place + '/api/events');
      socket.onopen = () => done('open');
      socket.onerror = () => done('failed');
    });
  }
  return tried;
})()`;

test('in a browser the link opens the page with its hot reload, and the page reaches no route of Sentra', async () => {
  const context = await browser.newContext();
  const dashboard = `http://127.0.0.1:${server.port}`;
  const session = createHmac('sha256', token).update('sentra session 1').digest('base64url');
  await context.addCookies([
    { name: 'sentra', value: session, url: dashboard, httpOnly: true, sameSite: 'Strict' },
    { name: 'sentra', value: session, url: `http://localhost:${server.port}`, httpOnly: true, sameSite: 'Strict' },
  ]);
  const page = await context.newPage();
  await page.goto(`${dashboard}/healthz`);
  expect(await page.evaluate(`fetch('/api/projects').then((r) => r.status)`)).toBe(200); // as the dashboard may
  await page.setContent(`<a rel="noopener" href="${dashboard}/api/tasks/${taskId}/dev-servers/web/open">open</a>`);
  await page.getByText('open').click();
  await page.getByText('hot ping; cookie none').waitFor();
  expect(page.url()).toBe(`http://${hostOf()}/`);

  server.calls.splice(0);
  const attack = await page.evaluate(attackOn(server.port));
  expect(attack).toEqual({
    cookies: '',
    '127.0.0.1 read': 'failed',
    '127.0.0.1 write': 'failed',
    '127.0.0.1 socket': 'failed',
    'localhost read': 'failed',
    'localhost write': 'failed',
    'localhost socket': 'failed',
  });
  expect(server.calls).toEqual([]);
  expect((await context.cookies(`http://localhost:${server.port}`)).map(({ value }) => value)).toEqual([session]);

  const foreign = await page.evaluate(
    `fetch('http://${hostOf(other)}/', { credentials: 'include' }).then((r) => r.text(), () => 'failed')`,
  );
  expect(foreign).toBe('failed');
  await page.reload();
  await page.getByText('hot ping; cookie none').waitFor(); // the cookie stays
});
