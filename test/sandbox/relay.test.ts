import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { type AddressInfo, connect, createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll, afterEach, describe, expect, test } from 'vitest';
import { endTree, start } from '#src/process.ts';
import { findRelay, relays } from '#src/sandbox/relay-program.ts';

const folder = await mkdtemp(path.join(tmpdir(), 'sentra-relay-'));
const closing: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of closing.splice(0)) await close();
});
afterAll(() => rm(folder, { recursive: true }));

/** Answers each connection with all that it said, turned round, when that has ended. */
async function listen(where: { path: string } | { port: number; host: string }): Promise<number> {
  const server = createServer({ allowHalfOpen: true }, (socket) => {
    const heard: Buffer[] = [];
    socket.on('data', (chunk) => heard.push(chunk));
    socket.once('end', () => socket.end(Buffer.concat(heard).reverse()));
    socket.on('error', () => socket.destroy());
  }).listen(where);
  await once(server, 'listening');
  closing.push(() => server.close());
  return (server.address() as AddressInfo).port;
}

async function say(socket: Socket, words: Buffer): Promise<Buffer> {
  socket.end(words);
  const heard: Buffer[] = [];
  for await (const chunk of socket) heard.push(chunk);
  return Buffer.concat(heard);
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  await new Promise((done) => server.close(done));
  return port;
}

const words = Buffer.from(Array.from({ length: 3_000_000 }, (_, at) => at % 251));

describe.each(Object.entries(relays))('the relay in %s', (name, { interpreter, file }) => {
  const relay = async (...pairs: string[]) => {
    const child = start({ command: interpreter, args: [file, ...pairs], cwd: '/', env: {} });
    closing.push(() => endTree(child));
    expect(String((await once(child.stdout as NodeJS.ReadableStream, 'data'))[0])).toBe('ready\n');
  };

  test('leads a port to a socket, many at once, each to the last byte after one side has ended', async () => {
    const socket = path.join(folder, `${name}-far.sock`);
    await listen({ path: socket });
    const port = await freePort();
    await relay(`${port}=${socket}`);
    const answers = await Promise.all(
      Array.from({ length: 8 }, () => say(connect({ host: '127.0.0.1', port, allowHalfOpen: true }), words)),
    );
    const expected = Buffer.from(words).reverse();
    expect(answers.every((answer) => answer.equals(expected))).toBe(true);
  });

  test.each(['127.0.0.1', '::1'])(
    'leads a socket to a port at %s, in the place of one that was left over',
    async (host) => {
      const door = path.join(folder, `${name}-door.sock`);
      const port = await listen({ host, port: 0 });
      await relay(`${door}=${port}`);
      expect(String(await say(connect({ path: door, allowHalfOpen: true }), Buffer.from('abc')))).toBe('cba');
    },
  );

  test('ends a connection to what does not answer, and goes on', async () => {
    const socket = path.join(folder, `${name}-late.sock`);
    const port = await freePort();
    await relay(`${port}=${socket}`);
    expect(await say(connect({ host: '127.0.0.1', port, allowHalfOpen: true }), Buffer.alloc(0))).toHaveLength(0);
    await listen({ path: socket });
    expect(String(await say(connect({ host: '127.0.0.1', port, allowHalfOpen: true }), Buffer.from('ab')))).toBe('ba');
  });
});

test('the smaller one is taken where the system has what it needs', async () => {
  expect([relays.perl, relays.node]).toContain(await findRelay());
});
