/**
 * Dev servers in a person's browser: `<task>.localhost` and `<name>.<task>.localhost` on Sentra's own port. Requests for these
 * hosts never come to a route of Sentra, and nothing of Sentra (cookie, token, headers) goes on to the dev server, which is
 * the work of an agent.
 */
import {
  type ClientRequest,
  type IncomingHttpHeaders,
  type IncomingMessage,
  request,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { parseDevHost } from '#src/domain/dev-server.ts';
import { type DevLinks, devCookie, entrance, parseCookies } from '#src/server/dev-access.ts';
import { foreign, letIn, notLetIn, notUp, type Page } from '#src/server/dev-pages.ts';
import { cookieName } from '#src/server/guard.ts';
import type { DevServers } from '#src/workflows/dev-servers.ts';

export type DevProxyParts = {
  devServers: Pick<DevServers, 'open'>;
  devLinks: DevLinks;
  token: string;
  port: () => number;
  /** Where the dashboard is. */
  dashboard: () => string;
  onRequestError?: (e: unknown) => void;
};

export type DevProxy = {
  /** Takes what is for a dev server's host out of what the server's listeners get. */
  divert(server: Server): void;
  close(): void;
};

type Target = { host: string; taskId: string; name: string | undefined };
/** A page to answer with, or the dev server's connection. */
type Admission = { page: Page; cookie?: string } | { socket: Socket };

const reserved = new Set([devCookie, cookieName]);
const hopByHop = new Set([
  ...['connection', 'keep-alive', 'proxy-authenticate', 'proxy-authorization', 'proxy-connection'],
  ...['te', 'trailer', 'transfer-encoding', 'upgrade'],
]);

export function createDevProxy(parts: DevProxyParts): DevProxy {
  const open = new Set<Duplex>();
  const failed = (client: { destroy(): void }) => (e: unknown) => {
    parts.onRequestError?.(e);
    client.destroy();
  };
  return {
    divert(server) {
      const requested = server.listeners('request') as ((...args: unknown[]) => void)[];
      const upgraded = server.listeners('upgrade') as ((...args: unknown[]) => void)[];
      server.removeAllListeners('request').removeAllListeners('upgrade');
      server.on('request', (incoming, response) => {
        const target = targetOf(incoming, parts.port());
        if (target) forward(parts, target, incoming, response).catch(failed(response));
        else for (const listener of requested) listener.call(server, incoming, response);
      });
      server.on('upgrade', (incoming, client, head) => {
        const target = targetOf(incoming, parts.port());
        if (!target) for (const listener of upgraded) listener.call(server, incoming, client, head);
        else {
          open.add(client);
          client.on('close', () => open.delete(client));
          client.on('error', () => client.destroy());
          tunnel(parts, target, incoming, { client, head }).catch(failed(client));
        }
      });
    },
    close() {
      for (const client of open) client.destroy();
    },
  };
}

/** Exactly a task's host on our port. */
function targetOf({ headers }: IncomingMessage, port: number): Target | undefined {
  const host = /^(.*):(\d+)$/.exec(headers.host?.toLowerCase() ?? '');
  if (!host?.[1] || Number(host[2]) !== port) return undefined;
  const parsed = parseDevHost(host[1]);
  return parsed && { host: host[1], ...parsed };
}

async function admit(parts: DevProxyParts, target: Target, incoming: IncomingMessage): Promise<Admission> {
  const { devLinks, devServers } = parts;
  const link = `${parts.dashboard()}/tasks/${target.taskId}`;
  const isIn = devLinks.isKnown(target.host, incoming.headers.cookie);
  const url = URL.parse(incoming.url ?? '/', 'http://localhost');
  if (url?.pathname === entrance) {
    const cookie = devLinks.redeem(target.host, url.searchParams.get('code') ?? '');
    return { page: cookie || isIn ? letIn(link) : notLetIn(link), ...(cookie ? { cookie } : {}) };
  }
  if (isForeign(target, incoming.headers)) return { page: foreign(link) };
  if (!isIn) return { page: notLetIn(link) };
  const { server, socket } = await devServers.open(target.taskId, target.name);
  return socket ? { socket } : { page: notUp(server, link) };
}

/** A page of another site asks. Its browser says so, or names its origin. */
function isForeign({ taskId }: Target, headers: IncomingHttpHeaders): boolean {
  const { origin, 'sec-fetch-site': site } = headers;
  if (site !== undefined && site !== 'same-origin' && site !== 'same-site' && site !== 'none') return true;
  if (origin === undefined || (origin === 'null' && site === 'same-origin')) return false; // as without referrer
  return parseDevHost(URL.parse(origin)?.hostname ?? '')?.taskId !== taskId;
}

async function forward(
  parts: DevProxyParts,
  target: Target,
  incoming: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const admission = await admit(parts, target, incoming);
  if ('page' in admission) {
    response.writeHead(admission.page.status, pageHeaders(admission));
    response.end(admission.page.html);
    return;
  }
  const outgoing = ask(admission.socket, incoming, requestHeaders(incoming, parts.token));
  outgoing.on('response', (answer) => {
    response.writeHead(answer.statusCode ?? 502, answer.statusMessage, answerHeaders(answer));
    answer.pipe(response);
    answer.on('error', () => response.destroy());
  });
  outgoing.on('error', () => {
    if (response.headersSent) return response.destroy();
    const page = notUp(undefined, `${parts.dashboard()}/tasks/${target.taskId}`);
    response.writeHead(502, pageHeaders({ page }));
    response.end(page.html);
  });
  response.on('close', () => outgoing.destroy());
  incoming.pipe(outgoing);
}

/** For hot reload: after the dev server has agreed, bytes go both ways as they are. */
async function tunnel(
  parts: DevProxyParts,
  target: Target,
  incoming: IncomingMessage,
  { client, head }: { client: Duplex; head: Buffer },
): Promise<void> {
  const admission = await admit(parts, target, incoming);
  if ('page' in admission) return endRaw(client, admission.page.status);
  const headers = {
    ...requestHeaders(incoming, parts.token),
    connection: 'Upgrade',
    upgrade: incoming.headers.upgrade,
  };
  const outgoing = ask(admission.socket, incoming, headers);
  outgoing.on('upgrade', (answer, far, first) => {
    const kept = answerHeaders(answer);
    const lines = kept.flatMap((name, at) => (at % 2 === 0 ? [`${name}: ${kept[at + 1]}`] : []));
    const start = ['HTTP/1.1 101 Switching Protocols', 'Connection: Upgrade', `Upgrade: ${answer.headers.upgrade}`];
    client.write(`${[...start, ...lines].join('\r\n')}\r\n\r\n`);
    client.write(first);
    far.write(head);
    far.on('error', () => client.destroy());
    client.on('close', () => far.destroy());
    far.on('close', () => client.destroy());
    client.pipe(far).pipe(client);
  });
  outgoing.on('response', (answer) => {
    endRaw(client, answer.statusCode ?? 502);
    outgoing.destroy();
  });
  outgoing.on('error', () => endRaw(client, 502));
  client.on('close', () => outgoing.destroy());
  outgoing.end();
}

function endRaw(client: Duplex, status: number): void {
  if (!client.writableEnded) client.end(`HTTP/1.1 ${status} Refused\r\nconnection: close\r\ncontent-length: 0\r\n\r\n`);
}

function ask(socket: Socket, incoming: IncomingMessage, headers: IncomingHttpHeaders): ClientRequest {
  const { method, url: path } = incoming;
  const outgoing = request({ createConnection: () => socket, method, path, headers, setHost: false });
  if (socket.destroyed) outgoing.destroy(new Error('The dev server has hung up.')); // or it would wait for ever
  return outgoing;
}

/** What goes on to the dev server: nothing that is for one hop only, and nothing that is Sentra's. */
function requestHeaders({ headers }: IncomingMessage, token: string): IncomingHttpHeaders {
  const named = (headers.connection ?? '').toLowerCase().split(/\s*,\s*/);
  const kept = Object.entries(headers).filter(
    ([name, value]) => !hopByHop.has(name) && !named.includes(name) && !`${value}`.includes(token),
  );
  const cookies = parseCookies(headers.cookie).filter(({ name }) => !reserved.has(name));
  const { cookie: _, ...rest } = Object.fromEntries(kept) as IncomingHttpHeaders;
  return {
    ...rest,
    ...(cookies.length ? { cookie: cookies.map(({ text }) => text).join('; ') } : {}),
    ...(headers['transfer-encoding'] ? { 'transfer-encoding': 'chunked' } : {}),
    connection: 'close',
  };
}

/** Names and values in turn, as they came; the dev server may not set cookies of Sentra's. */
function answerHeaders({ rawHeaders }: IncomingMessage): string[] {
  return rawHeaders.flatMap((name, at) => {
    const value = rawHeaders[at + 1] ?? '';
    const isOurs = name.toLowerCase() === 'set-cookie' && reserved.has(value.split('=')[0]?.trim() ?? '');
    return at % 2 === 1 || hopByHop.has(name.toLowerCase()) || isOurs ? [] : [name, value];
  });
}

const pageHeaders = ({ page, cookie }: { page: Page; cookie?: string }): Record<string, string | number> => ({
  'content-type': 'text/html; charset=utf-8',
  'content-length': Buffer.byteLength(page.html),
  'cache-control': 'no-store',
  'referrer-policy': 'no-referrer',
  'content-security-policy': "default-src 'none'; style-src 'unsafe-inline'; frame-ancestors 'none'",
  // The page that follows is asked for by this one, not by the dashboard: only then is a strict cookie sent along.
  ...(cookie
    ? { 'set-cookie': `${devCookie}=${cookie}; HttpOnly; SameSite=Strict; Path=/; Max-Age=${7 * 24 * 3600}` }
    : {}),
});
