import { createServer, type IncomingMessage, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterEach, expect, test } from 'vitest';
import { sendTraces } from '#src/telemetry/collector.ts';

const open: Server[] = [];
afterEach(async () => {
  for (const server of open.splice(0)) await new Promise((done) => server.close(done));
});

const traces = { resourceSpans: [] };
const { signal } = new AbortController();

async function listen(
  answer: (request: IncomingMessage) => [number, string, Record<string, string>?],
): Promise<string> {
  const server = createServer((request, response) => {
    request.resume().on('end', () => {
      const [status, body, headers = {}] = answer(request);
      response.writeHead(status, { ...headers, connection: 'close' }).end(body);
    });
  });
  open.push(server);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/traces`;
}

test('a collector is sent JSON with the headers that it asks for', async () => {
  let seen: IncomingMessage | undefined;
  const url = await listen((request) => {
    seen = request;
    return [200, '{}'];
  });
  expect(await sendTraces({ url, headers: { 'x-key': 'k' } }, traces, signal)).toEqual({ outcome: 'taken' });
  expect(seen).toMatchObject({ method: 'POST', url: '/v1/traces' });
  expect(seen?.headers).toMatchObject({ 'content-type': 'application/json', 'x-key': 'k' });
});

test('what may work later is told apart from what never will', async () => {
  for (const [status, outcome] of [
    [503, 'failed'],
    [429, 'failed'],
    [401, 'failed'],
    [400, 'refused'],
    [500, 'refused'],
  ] as const) {
    const url = await listen(() => [status, 'no']);
    const sent = await sendTraces({ url, headers: {} }, traces, signal);
    expect(sent, String(status)).toMatchObject({ outcome, message: expect.stringContaining(`answered ${status}: no`) });
  }
});

test('a key does not follow a redirection, and nobody at the address is no exception', async () => {
  const asked: string[] = [];
  const elsewhere = await listen((request) => {
    asked.push(String(request.headers['x-key']));
    return [200, '{}'];
  });
  const url = await listen(() => [307, '', { location: elsewhere }]);
  expect(await sendTraces({ url, headers: { 'x-key': 'k' } }, traces, signal)).toMatchObject({ outcome: 'failed' });
  expect(asked).toEqual([]);
  const nobody = { url: 'http://127.0.0.1:9/v1/traces', headers: {} };
  expect(await sendTraces(nobody, traces, signal)).toMatchObject({ outcome: 'failed' });
});
