/** The HTTP server of one process. Translates between HTTP and the handlers it is given; decides nothing. */
import type { Server } from 'node:http';
import { isIP } from 'node:net';
import { serve } from '@hono/node-server';
import { WebSocketServer } from 'ws';
import { messageOf, SentraError } from '#src/errors.ts';
import type { Handlers } from '#src/server/api.ts';
import { createApp } from '#src/server/app.ts';
import { createDevLinks } from '#src/server/dev-access.ts';
import { createDevProxy, type DevProxy } from '#src/server/dev-proxy.ts';
import { type Auth, protocolName } from '#src/server/guard.ts';
import { createLogins, type LoginLink } from '#src/server/login.ts';
import { watchAccess } from '#src/server/socket-access.ts';
import { keepAlive, type Streams } from '#src/server/streams.ts';
import type { Webhook } from '#src/server/webhook.ts';
import type { DevServers } from '#src/workflows/dev-servers.ts';

export type ServerParts = Streams & {
  handlers: Handlers;
  auth: Auth;
  host: string;
  /** 0 picks a free one. */
  port: number;
  /** The folder of the built dashboard. */
  webRoot?: string;
  mcp?: (request: Request, secret: string | undefined) => Promise<Response>;
  /** In the text format of Prometheus. */
  metrics?: () => Promise<string>;
  webhook?: Webhook;
  devServers: Pick<DevServers, 'open'>;
  version: string;
  /** Told of what no code of ours expected. */
  onRequestError?: (e: unknown) => void;
};

export type RunningServer = {
  url: string;
  port: number;
  createLoginLink(): LoginLink;
  /** Ends every stream and connection. */
  close(): Promise<void>;
};

const maxMessageBytes = 64 * 1024;

export async function startServer(parts: ServerParts): Promise<RunningServer> {
  requireLoopback(parts.host);
  let port = 0;
  const name = isIP(parts.host) === 6 ? `[${parts.host}]` : parts.host;
  const url = () => `http://${name}:${port}`;
  const logins = createLogins(parts.auth.token);
  const devLinks = createDevLinks(parts.auth.token, () => port);
  const app = createApp({
    ...parts,
    logins,
    url,
    devLinks,
    hosts: () => [...new Set([name, '127.0.0.1', 'localhost'])].map((host) => `${host}:${port}`),
    report: (e) => parts.onRequestError?.(e),
  });
  const sockets = new WebSocketServer({
    noServer: true,
    maxPayload: maxMessageBytes,
    handleProtocols: (offered) => (offered.has(protocolName) ? protocolName : false), // never the one with the token
  });
  const devProxy = createDevProxy({ ...parts, devLinks, token: parts.auth.token, port: () => port, dashboard: url });
  const watches = [keepAlive(sockets), watchAccess(sockets, parts.auth)];
  const stopWatches = () => {
    for (const stop of watches) stop();
  };
  let server: Server;
  try {
    ({ server, port } = await listen(parts, app.fetch, { sockets, devProxy }));
  } catch (e) {
    stopWatches();
    throw e;
  }
  return {
    url: url(),
    port,
    createLoginLink: () => logins.createLink(url()),
    close: async () => {
      stopWatches();
      for (const socket of sockets.clients) socket.terminate();
      devProxy.close();
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function requireLoopback(host: string): void {
  if (host === 'localhost' || host === '::1' || (isIP(host) === 4 && host.startsWith('127.'))) return;
  throw new SentraError(
    'invalid',
    `SENTRA_HOST ${host} is refused: Sentra has no users yet, so it listens on this machine alone. Use 127.0.0.1, and a tunnel (ssh -L) from elsewhere.`,
  );
}

function listen(
  { host, port }: ServerParts,
  fetch: Parameters<typeof serve>[0]['fetch'],
  { sockets, devProxy }: { sockets: WebSocketServer; devProxy: DevProxy },
): Promise<{ server: Server; port: number }> {
  return new Promise((done, fail) => {
    const server = serve(
      {
        fetch,
        hostname: host,
        port,
        websocket: { server: sockets },
        // Another upgrade is an ordinary request: node-server would leave its socket open and unanswered.
        serverOptions: { shouldUpgradeCallback: (request) => request.headers.upgrade?.toLowerCase() === 'websocket' },
      },
      (address) => done({ server, port: address.port }),
    ) as Server;
    devProxy.divert(server);
    server.once('error', (cause: NodeJS.ErrnoException) => fail(cannotListen(host, port, cause)));
  });
}

function cannotListen(host: string, port: number, cause: NodeJS.ErrnoException): SentraError {
  const why = cause.code === 'EADDRINUSE' ? 'another program uses it' : messageOf(cause);
  return new SentraError(
    'server_unavailable',
    `Sentra cannot listen on ${host}:${port}: ${why}. Stop that program, or set SENTRA_PORT to another port (SENTRA_PORT=0 picks a free one).`,
    { cause },
  );
}
