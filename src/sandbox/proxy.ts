/**
 * The way out of a room with network `proxy`: an HTTP proxy (CONNECT and absolute-form) on a unix socket of that room alone,
 * so that who asks is known by where it asks. What may be reached its gate decides (egress.ts); it connects to the very
 * addresses that the gate answers.
 */
import { createServer, type IncomingMessage, request, type ServerResponse, STATUS_CODES } from 'node:http';
import { connect, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { readTarget, type Target } from '#src/domain/host-rule.ts';
import { messageOf } from '#src/errors.ts';
import { type Gate, Refusal } from '#src/sandbox/egress.ts';

export type EgressProxy = { socketPath: string; close(): Promise<void> };

export async function startProxy({ socketPath, gate }: { socketPath: string; gate: Gate }): Promise<EgressProxy> {
  const server = createServer((incoming, response) => void forward(incoming, response, gate));
  const tunnels = new Set<Duplex>();
  server.on('connect', (incoming: IncomingMessage, client: Duplex, head: Buffer) => {
    tunnels.add(client);
    client.on('close', () => tunnels.delete(client));
    void tunnel(incoming, client, { head, gate });
  });
  await new Promise<void>((done, fail) => server.once('error', fail).listen(socketPath, done));
  server.unref();
  return {
    socketPath,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
        for (const client of tunnels) client.destroy();
      }),
  };
}

/** Refused: 403. What is no host at all: 400. An address that does not answer is 502. */
const statusOf = (e: unknown): number => (e instanceof Refusal ? 403 : e instanceof NoHost ? 400 : 502);

class NoHost extends Error {}

async function tunnel(incoming: IncomingMessage, client: Duplex, { head, gate }: { head: Buffer; gate: Gate }) {
  client.on('error', () => client.destroy());
  try {
    const upstream = await open(targetOf(incoming.url ?? '', 80), gate);
    client.write('HTTP/1.1 200 Connection established\r\n\r\n');
    upstream.write(head);
    upstream.on('error', () => client.destroy());
    client.on('close', () => upstream.destroy());
    // After a proper end the last bytes may still be on their way to a slow client: then the pipe ends it.
    upstream.on('close', () => upstream.readableEnded || client.destroy());
    client.pipe(upstream).pipe(client);
  } catch (e) {
    const text = `${messageOf(e)}\n`;
    client.end(
      `HTTP/1.1 ${statusOf(e)} ${STATUS_CODES[statusOf(e)]}\r\ncontent-type: text/plain\r\ncontent-length: ${Buffer.byteLength(text)}\r\n\r\n${text}`,
    );
  }
}

async function forward(incoming: IncomingMessage, response: ServerResponse, gate: Gate) {
  try {
    const [, host = '', path = ''] = /^http:\/\/([^/?#]*)(.*)$/i.exec(incoming.url ?? '') ?? [];
    if (!host) throw new NoHost('Only http:// is forwarded, by its whole address; for https:// use CONNECT.');
    const target = targetOf(host, 80);
    const socket = await open(target, gate);
    const { 'proxy-connection': _c, 'proxy-authorization': _a, ...headers } = incoming.headers;
    const outgoing = request({
      createConnection: () => socket,
      method: incoming.method,
      path: path.startsWith('/') ? path : `/${path}`,
      headers: { ...headers, host, connection: 'close' },
    });
    outgoing.on('response', (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(response);
    });
    outgoing.on('error', (e) => fail(response, 502, e));
    response.on('close', () => outgoing.destroy());
    incoming.pipe(outgoing);
  } catch (e) {
    fail(response, statusOf(e), e);
  }
}

function fail(response: ServerResponse, status: number, e: unknown) {
  if (response.headersSent) response.destroy();
  else response.writeHead(status, { 'content-type': 'text/plain' }).end(`${messageOf(e)}\n`);
}

function targetOf(text: string, defaultPort: number): Target {
  const target = readTarget(text, defaultPort);
  if (!target) throw new NoHost(`${JSON.stringify(text.slice(0, 200))} is no host with a port.`);
  return target;
}

/** Connects to the first of the checked addresses that answers. */
async function open(target: Target, gate: Gate): Promise<Socket> {
  const addresses = await gate(target);
  return await new Promise<Socket>((done, failed) => {
    const socket = connect({
      host: target.name,
      port: target.port,
      lookup: (_host, _options, give) => give(null, addresses),
    });
    socket.once('connect', () => done(socket));
    socket.once('error', failed);
  });
}
