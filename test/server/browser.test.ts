/** Attacks from pages of strangers in a real Chromium: nothing that the server does is called, and nothing is read. */
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import type { Browser, BrowserContext, Page } from 'playwright-core';
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { WebSocketServer } from 'ws';
import { createClient } from '#src/client/client.ts';
import { openBrowser } from '../helpers/browser.ts';
import { until } from '../helpers/sentra.ts';
import { type Attack, attacks } from './attacks.ts';
import { projectId, serve, task, taskId, token } from './serve.ts';

const secret = 'LEAK-ME';
let browser: Browser;
let context: BrowserContext;
let page: Page;
let guarded: Awaited<ReturnType<typeof serve>>;
/** A server like so many on people's machines: it believes that whoever reaches it is the person. */
let naive: Server;
let evil: Server;
let arrived: string[] = [];
let streams = 0;

const portOf = (server: Server) => (server.address() as AddressInfo).port;
const listen = (server: Server) => new Promise<void>((done) => server.listen(0, done));
const leak = { ...task, title: secret };

beforeAll(async () => {
  const stream = async () => {
    streams += 1;
  };
  guarded = await serve(
    {
      listTasks: async () => ({ items: [leak] }),
      createTask: async () => leak,
      getTask: async () => leak,
      listDevServers: async () => ({ items: [{ name: 'web', url: null } as never] }),
    },
    {
      logStream: stream,
      eventStream: stream,
      mcp: async () => Response.json({ secret }),
      metrics: async () => secret,
      devServers: { open: async () => ({ socket: connect(portOf(evil), '127.0.0.1') }) },
    },
  );
  naive = createServer((request, response) => {
    arrived.push(`${request.method} ${request.url}`);
    response.setHeader('access-control-allow-origin', request.headers.origin ?? '*');
    response.setHeader('access-control-allow-credentials', 'true');
    response.setHeader('access-control-allow-methods', 'PATCH, DELETE');
    response.setHeader('access-control-allow-headers', 'content-type, authorization, x-http-method-override');
    response.end(secret);
  });
  new WebSocketServer({ server: naive }).on('connection', (socket, request) => {
    arrived.push(`WS ${request.url}`);
    socket.on('message', () => socket.send(secret));
  });
  evil = createServer((_, response) => response.setHeader('content-type', 'text/html').end('<body>')); // any page
  await Promise.all([listen(naive), listen(evil)]);
  browser = await openBrowser(['--host-resolver-rules=MAP *.test 127.0.0.1']);
  context = await browser.newContext();
  page = await context.newPage();
});
beforeEach(() => {
  arrived = [];
  streams = 0;
});
afterAll(async () => {
  await browser?.close();
  await guarded?.close();
  for (const server of [naive, evil]) {
    server?.closeAllConnections();
    server?.close();
  }
});

/** The person is logged in, under both names of this machine. */
async function logIn(): Promise<void> {
  for (const name of ['127.0.0.1', 'localhost']) {
    const code = new URL(guarded.createLoginLink().url).hash.slice('#code='.length);
    await page.goto(`http://${name}:${guarded.port}/healthz`);
    const status = await page.evaluate(
      (body) =>
        fetch('/api/login', { method: 'POST', headers: { 'content-type': 'application/json' }, body }).then(
          (x) => x.status,
        ),
      JSON.stringify({ code }),
    );
    expect(status).toBe(200);
  }
}

/** What the attack got to read. */
async function attack({ run, from = 'port' }: Attack, target: string): Promise<string> {
  const name = from === 'port' ? '127.0.0.1' : from;
  const filled = run.replaceAll('TASK', taskId).replaceAll('PROJECT', projectId);
  await page.goto(`http://${name}:${portOf(evil)}/`);
  return page.evaluate(
    `(async () => {
      const target = ${JSON.stringify(target)};
      const moment = () => new Promise((done) => setTimeout(done, 300));
      const settled = (one) => Promise.race([moment(), new Promise((done) => { one.onload = one.onerror = () => done(); })]).then(() => {
        try { return one.contentDocument?.body?.innerText ?? '' } catch { return '' }
      });
      const work = async () => { ${filled} };
      return String(await Promise.race([work().catch(() => ''), moment()]) ?? '');
    })()`,
  );
}

test.each(attacks)('$name', async (one) => {
  if (one === attacks[0]) await logIn();
  guarded.calls.splice(0);
  const read = await attack(one, guarded.url);
  const readThere = await attack(one, `http://127.0.0.1:${portOf(naive)}`);
  await until(
    () => arrived.length > 0,
    10_000,
    () => 'it did not even reach a server that lets everybody in',
  );
  expect({ calls: guarded.calls, streams, read }).toEqual({
    calls: [],
    streams: 0,
    read: expect.not.stringContaining('LEAK'),
  });
  for (const other of context.pages()) if (other !== page) await other.close();
  expect(readThere).toBeTypeOf('string');
});

const ask = (path: string, init = '{}') =>
  page.evaluate<string>(`fetch(${JSON.stringify(path)}, ${init}).then((x) => x.text()).catch(() => '')`);

test('the person reads all of it, also where a stranger laid a cookie over theirs', async () => {
  await page.goto(`http://127.0.0.1:${portOf(evil)}/`);
  await page.evaluate("document.cookie = 'sentra=evil; path=/api'");
  await page.goto(`${guarded.url}/healthz`);
  expect(await ask('/api/tasks')).toContain(secret);
});

test('a login code that a stranger sends is not used up', async () => {
  const code = new URL(guarded.createLoginLink().url).hash.slice('#code='.length);
  const body = JSON.stringify(JSON.stringify({ code }));
  const headers = "{ 'content-type': 'application/json' }";
  await page.goto(`http://127.0.0.1:${portOf(evil)}/`);
  for (const mode of ['no-cors', 'cors'])
    await ask(`${guarded.url}/api/login`, `{ method: 'POST', mode: '${mode}', body: ${body} }`);
  await page.goto(`${guarded.url}/healthz`);
  expect(await ask('/api/login', `{ method: 'POST', headers: ${headers}, body: ${body} }`)).toBe('{"ok":true}');
});

test('a name of a stranger that leads here is answered nothing, under whatever it asks', async () => {
  guarded.calls.splice(0);
  const answer = await page.goto(`http://rebound.test:${guarded.port}/`);
  expect(answer?.status()).toBe(421);
  expect(await ask('/api/tasks')).not.toContain(secret);
  expect(
    await ask('/api/tasks', "{ method: 'POST', headers: { 'content-type': 'application/json' }, body: '{}' }"),
  ).not.toContain(secret);
  const opened = await page.evaluate(
    "new Promise((done) => { const s = new WebSocket(location.origin.replace('http', 'ws') + '/api/events'); s.onopen = () => done(true); s.onerror = () => done(false) })",
  );
  expect({ opened, calls: guarded.calls, streams }).toEqual({ opened: false, calls: [], streams: 0 });
  await page.goto(`http://rebound.test:${portOf(naive)}/`);
  expect(await ask('/api/tasks')).toContain(secret);
});

test('the page of a dev server, which is the work of an agent, gets nothing of Sentra', async () => {
  const { url } = await createClient({ url: guarded.url, token }).createDevServerLink({
    params: { id: taskId, name: 'web' },
  });
  await page.goto(url);
  await page.waitForURL((there) => there.pathname === '/');
  expect(new URL(page.url()).hostname).toMatch(/\.localhost$/);
  guarded.calls.splice(0);
  for (const target of [`http://localhost:${guarded.port}`, guarded.url])
    for (const init of [
      "{ credentials: 'include' }",
      "{ credentials: 'include', method: 'POST', mode: 'no-cors', body: '{}' }",
    ])
      expect(await ask(`${target}/api/tasks`, init)).not.toContain(secret);
  expect(await page.evaluate('document.cookie')).toBe('');
  const framed = await page.evaluate<string>(
    `new Promise((done) => { const f = document.createElement('iframe'); f.src = 'http://localhost:${guarded.port}/'; f.onload = () => done('' + f.contentDocument?.body.innerText); document.body.append(f) })`,
  );
  expect(framed).not.toContain(secret);
  expect({ calls: guarded.calls, streams }).toEqual({ calls: [], streams: 0 });
});
