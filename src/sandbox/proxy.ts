/**
 * The way out of a room with network `proxy`: an HTTP proxy (CONNECT and absolute-form) on a unix socket. It resolves the
 * name itself, refuses every address of this host, and connects to the very address it checked, so that a name which
 * changes its mind (DNS rebinding) gains nothing.
 */
import { lookup } from 'node:dns/promises';
import { createServer, type IncomingMessage, request, type ServerResponse, STATUS_CODES } from 'node:http';
import { BlockList, connect, isIPv6, type Socket } from 'node:net';
import { networkInterfaces } from 'node:os';
import type { Duplex } from 'node:stream';
import { messageOf } from '#src/errors.ts';

export type EgressProxy = { socketPath: string; close(): Promise<void> };

/** `refuses` decides by address; the default is `isOwnAddress`. */
export async function startProxy(options: {
  socketPath: string;
  refuses?: (address: string) => boolean;
}): Promise<EgressProxy> {
  const refuses = options.refuses ?? isOwnAddress;
  const server = createServer((incoming, response) => void forward(incoming, response, refuses));
  const tunnels = new Set<Duplex>();
  server.on('connect', (incoming: IncomingMessage, client: Duplex, head: Buffer) => {
    tunnels.add(client);
    client.on('close', () => tunnels.delete(client));
    void tunnel(incoming, client, { head, refuses });
  });
  await new Promise<void>((done, fail) => server.once('error', fail).listen(options.socketPath, done));
  return {
    socketPath: options.socketPath,
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
        for (const client of tunnels) client.destroy();
      }),
  };
}

/** True for loopback, unspecified and link-local addresses and for every address of this host's interfaces. */
export function isOwnAddress(address: string): boolean {
  const own = new BlockList();
  own.addSubnet('127.0.0.0', 8);
  own.addSubnet('0.0.0.0', 8);
  own.addSubnet('169.254.0.0', 16);
  own.addAddress('::1', 'ipv6');
  own.addAddress('::', 'ipv6');
  own.addSubnet('fe80::', 10, 'ipv6');
  for (const { address: mine, family } of Object.values(networkInterfaces()).flatMap((all) => all ?? []))
    own.addAddress(mine, family === 'IPv6' ? 'ipv6' : 'ipv4');
  const plain = address.replace(/%.*$/, '');
  return own.check(plain, isIPv6(plain) ? 'ipv6' : 'ipv4');
}

type Target = { host: string; port: number };

/** The address is this host's: 403, while an address that does not answer is 502. */
class Refusal extends Error {}

const statusOf = (e: unknown): number => (e instanceof Refusal ? 403 : 502);

async function tunnel(
  incoming: IncomingMessage,
  client: Duplex,
  { head, refuses }: { head: Buffer; refuses: (address: string) => boolean },
) {
  client.on('error', () => client.destroy());
  try {
    const url = new URL(`http://${incoming.url}`);
    const upstream = await open({ host: url.hostname, port: Number(url.port || 80) }, refuses);
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

async function forward(incoming: IncomingMessage, response: ServerResponse, refuses: (address: string) => boolean) {
  try {
    const url = new URL(incoming.url ?? '');
    if (url.protocol !== 'http:') throw new Error(`Only http: is forwarded, not ${url.protocol}`);
    const socket = await open({ host: url.hostname, port: Number(url.port || 80) }, refuses);
    const { 'proxy-connection': _c, 'proxy-authorization': _a, ...headers } = incoming.headers;
    const outgoing = request({
      createConnection: () => socket,
      method: incoming.method,
      path: url.pathname + url.search,
      headers: { ...headers, host: url.host, connection: 'close' },
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

/** Connects to the first of the checked addresses that answers. */
async function open(target: Target, refuses: (address: string) => boolean): Promise<Socket> {
  const host = target.host.replace(/^\[(.*)\]$/, '$1');
  const addresses = await lookup(host, { all: true });
  const refused = addresses.find(({ address }) => refuses(address));
  if (refused)
    throw new Refusal(
      `${host} is an address of this host (${refused.address}), which a confined process may not reach.`,
    );
  return await new Promise<Socket>((done, failed) => {
    const socket = connect({ host, port: target.port, lookup: (_host, _options, give) => give(null, addresses) });
    socket.once('connect', () => done(socket));
    socket.once('error', failed);
  });
}
