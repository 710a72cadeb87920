import { createServer, type IncomingHttpHeaders, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ModelAccess, startGateway } from '#src/agents/gateway.ts';
import type { Provider } from '#src/agents/provider.ts';
import { createGateways } from '#src/agents/session-gateway.ts';

const seen: { url: string; headers: IncomingHttpHeaders; body: string }[] = [];
const release = Promise.withResolvers<void>();
const upstream = createServer(async (incoming, response) => {
  let body = '';
  for await (const chunk of incoming) body += chunk;
  seen.push({ url: incoming.url ?? '', headers: incoming.headers, body });
  const limit = /limited\?(.+)=(.+)/.exec(decodeURIComponent(incoming.url ?? ''));
  if (limit) return void response.writeHead(429, { [limit[1] ?? '']: limit[2] }).end();
  response.writeHead(incoming.url === '/base/broken' ? 529 : 200, { 'content-type': 'text/event-stream' });
  response.write('first ');
  if (incoming.url === '/base/slow') await release.promise;
  response.end('last');
});
let baseUrl: string;
beforeAll(async () => {
  await new Promise<void>((done) => upstream.listen(0, '127.0.0.1', done));
  baseUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}/base/`;
});
afterAll(() => void upstream.close());

const access = (credential: ModelAccess['credential']) => async () => ({ baseUrl, credential });
const agentHeaders = { 'x-api-key': 'from-the-agent', authorization: 'Bearer from-the-agent', 'anthropic-beta': 'b' };

test('an API key and a token replace whatever the agent sent', async () => {
  for (const kind of ['api_key', 'auth_token', 'oauth'] as const) {
    const gateway = await startGateway(access({ kind, secret: 'real' }), 'loopback');
    const response = await fetch(`${gateway.address}/v1/messages?x=1`, {
      method: 'POST',
      headers: agentHeaders,
      body: 'q',
    });
    expect(await response.text()).toBe('first last');
    const { 'x-api-key': key, authorization, 'anthropic-beta': beta } = seen.at(-1)?.headers ?? {};
    expect([key, authorization]).toEqual(kind === 'api_key' ? ['real', undefined] : [undefined, 'Bearer real']);
    expect(seen.at(-1)).toMatchObject({ url: '/base/v1/messages?x=1', body: 'q' });
    expect(beta).toBe('b');
    await gateway.close();
  }
});

test('an answer streams through before it has ended', async () => {
  const gateway = await startGateway(access(null), 'socket');
  const text = await new Promise<string>((done, fail) => {
    request({ socketPath: gateway.address, path: '/slow' }, async (response) => {
      let all = '';
      for await (const chunk of response) {
        all += chunk;
        release.resolve();
      }
      done(all);
    })
      .on('error', fail)
      .end();
  });
  expect(text).toBe('first last');
  await gateway.close();
});

test('on loopback nothing is answered without the random path', async () => {
  const gateway = await startGateway(access({ kind: 'api_key', secret: 'real' }), 'loopback');
  const count = seen.length;
  expect((await fetch(`${new URL(gateway.address).origin}/v1/messages`)).status).toBe(404);
  expect(seen.length).toBe(count);
  await gateway.close();
});

test("the model's own errors pass, and a model that is not there is told", async () => {
  const gateway = await startGateway(access(null), 'loopback');
  expect((await fetch(`${gateway.address}/broken`)).status).toBe(529);
  await gateway.close();
  const nowhere = await startGateway(async () => ({ baseUrl: 'http://127.0.0.1:1', credential: null }), 'loopback');
  const response = await fetch(`${nowhere.address}/v1/messages`);
  expect(response.status).toBe(502);
  expect(await response.text()).toMatch(/The model cannot be reached: .*ECONNREFUSED/);
  await nowhere.close();
});

const inTwoHours = new Date(Date.now() + 7_200_000).toISOString();

test.each([
  ['retry-after', '7200', true],
  ['anthropic-ratelimit-unified-reset', inTwoHours, true],
  ['retry-after', '2', false], // the agent itself waits so long
  ['retry-after', 'soon', false],
  ['retry-after', '9'.repeat(30), false],
  ['anthropic-ratelimit-unified-reset', '9'.repeat(30), false],
])('after 429 with %s: %s the model is left alone: %s', async (name, value, isLimited) => {
  const gateway = await startGateway(access(null), 'loopback');
  const first = await fetch(`${gateway.address}/limited?${name}=${encodeURIComponent(value)}`);
  expect(first.status).toBe(429);
  const asked = seen.length;
  expect((await fetch(`${gateway.address}/v1/messages`)).status).toBe(isLimited ? 429 : 200);
  expect(seen.length - asked).toBe(isLimited ? 0 : 1);
  expect(gateway.limitedUntil() !== undefined).toBe(isLimited);
  await gateway.close();
});

const asks: [Provider, string, boolean][] = [
  ['anthropic', 'POST /v1/messages?beta=true', true],
  ['anthropic', 'POST /v1/messages/count_tokens', true],
  ['anthropic', 'GET /v1/models', true],
  ['anthropic', 'POST /v1/messages/batches', false],
  ['anthropic', 'GET /v1/messages', false],
  ['anthropic', 'POST /v1/files', false],
  ['anthropic', 'GET /v1/organizations/users', false],
  ['anthropic', 'POST /v1/messages/../files', false],
  ['anthropic', 'POST /v1/messages/%2e%2e/files', false],
  ['anthropic', 'POST /../../secret', false],
  ['anthropic', 'DELETE /v1/models/x', false],
  ['openai', 'POST /responses', true],
  ['openai', 'POST /chat/completions', true],
  ['openai', 'POST /batches', false],
  ['openai', 'POST /fine_tuning/jobs', false],
  ['openai', 'GET /responses/resp_1', false],
  ['google', 'POST /v1beta/models/gemini-x:streamGenerateContent?alt=sse', true],
  ['google', 'POST /v1beta/models/gemini-x:countTokens', true],
  ['google', 'POST /v1beta/models/gemini-x:batchGenerateContent', false],
  ['google', 'POST /v1beta/cachedContents', false],
  ['google', 'GET /v1beta/files', false],
];

test.each(asks)('the key of %s answers %s: %s', async (provider, ask, isServed) => {
  const gateways = createGateways(access({ kind: 'api_key', secret: 'real' }), provider);
  const gateway = await gateways.open('loopback', async () => {});
  const { hostname, port, pathname } = new URL(gateway.address);
  const [method, path] = ask.split(' ');
  const count = seen.length;
  const status = await new Promise<number | undefined>((done, fail) => {
    const asked = request({ hostname, port, method, path: pathname + path }, (response) => {
      response.resume().on('end', () => done(response.statusCode));
    });
    asked.on('error', fail).end();
  });
  expect([status, seen.length - count]).toEqual(isServed ? [200, 1] : [404, 0]);
  await gateways.close();
});
