import { lookup } from 'node:dns/promises';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer, request } from 'node:http';
import { type AddressInfo, connect, createServer as createTcpServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createGate, type Gate } from '#src/sandbox/egress.ts';
import { startProxy } from '#src/sandbox/proxy.ts';

const folder = await mkdtemp(join(tmpdir(), 'sentra-proxy-'));
const guard = createGate({ allowed: 'open', trusted: [], setting: 'network.allow' });
const openGate: Gate = ({ name }) => lookup(name, { all: true });
const guarded = await startProxy({ socketPath: join(folder, 'guarded.sock'), gate: guard });
const open = await startProxy({ socketPath: join(folder, 'open.sock'), gate: openGate });
const target = createServer((incoming, response) => response.end(`${incoming.method} ${incoming.url}`));
let port: number;

beforeAll(async () => {
  await new Promise<void>((done) => target.listen(0, '127.0.0.1', done));
  port = (target.address() as AddressInfo).port;
});
afterAll(async () => {
  target.close();
  await guarded.close();
  await open.close();
  await rm(folder, { recursive: true });
});

/** The first bytes that a CONNECT is answered with. */
const tunnel = (socketPath: string, host: string): Promise<string> =>
  new Promise((done, fail) => {
    const socket = connect(socketPath, () => socket.write(`CONNECT ${host}:${port} HTTP/1.1\r\nhost: ${host}\r\n\r\n`));
    socket.once('data', (data) => {
      socket.destroy();
      done(data.toString());
    });
    socket.once('error', fail);
  });

const get = (socketPath: string, url: string): Promise<string> =>
  new Promise((done, fail) => {
    request({ socketPath, path: url, agent: false }, async (response) => {
      let text = '';
      for await (const chunk of response) text += chunk;
      done(`${response.statusCode} ${text}`);
    })
      .on('error', fail)
      .end();
  });

const ownNames = [
  '127.0.0.1',
  'localhost',
  '127.1',
  '0.0.0.0',
  '2130706433',
  '0x7f000001',
  '[::1]',
  '[::ffff:127.0.0.1]',
];

describe('the proxy', () => {
  test.each(ownNames)('refuses %s, which it would reach with the guard off', async (host) => {
    expect(await tunnel(guarded.socketPath, host)).toMatch(/^HTTP\/1.1 403/);
    expect(await get(guarded.socketPath, `http://${host}:${port}/`)).toMatch(/^403 .*address of this host/);
    if (host !== '[::1]') expect(await tunnel(open.socketPath, host)).toMatch(/^HTTP\/1.1 200/);
  });

  test.each(['good.example@127.0.0.1', '127.0.0.1\\@good.example', 'a%00b', '', '[::1', 'a b'])(
    'takes %j for no host at all',
    async (host) => {
      expect(await tunnel(open.socketPath, host)).toMatch(/^HTTP\/1.1 400/);
    },
  );

  test('forwards a request in absolute form', async () => {
    expect(await get(open.socketPath, `http://127.0.0.1:${port}/a?b=c`)).toBe('200 GET /a?b=c');
  });

  test.each([192, 256, 288])('a slow reader gets all %i KiB that were sent before the close', async (size) => {
    const far = createTcpServer((socket) => socket.end(Buffer.alloc(size * 1024))).listen(0, '127.0.0.1');
    await once(far, 'listening');
    const socket = connect(open.socketPath);
    socket.write(`CONNECT 127.0.0.1:${(far.address() as AddressInfo).port} HTTP/1.1\r\n\r\n`);
    for (let turn = 0; turn < 1000; turn++) await nextTurn(); // the buffers on the way fill up, the far side closes
    let received = -'HTTP/1.1 200 Connection established\r\n\r\n'.length;
    for await (const chunk of socket) received += chunk.length;
    far.close();
    expect(received).toBe(size * 1024);
  });

  test('says why when nothing listens at the address', async () => {
    expect(await get(open.socketPath, 'http://127.0.0.1:1/')).toMatch(/ECONNREFUSED/);
  });
});
