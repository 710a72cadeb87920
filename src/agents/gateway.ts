/**
 * The model gateway: forwards an agent's model requests to the real address and adds the real credential, so that the
 * credential never enters a session. It listens on a unix socket (for confined sessions) or on loopback behind a random
 * path (for the others). It keeps and logs nothing of what passes but how many tokens answers took.
 */
import { randomBytes } from 'node:crypto';
import { rm } from 'node:fs/promises';
import { createServer, request as httpRequest, type IncomingMessage, type ServerResponse } from 'node:http';
import { request as httpsRequest } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { longestRetryMs, readLimitEnd } from '#src/agents/claude-limits.ts';
import type { UsageMeter } from '#src/agents/gateway-usage.ts';
import { messageOf } from '#src/errors.ts';
import { makeSocketFolder } from '#src/sandbox/sockets.ts';

/** Where a model is and how to be let in; `credential` null means that none is configured. */
export type ModelAccess = {
  baseUrl: string;
  credential: { kind: 'api_key' | 'auth_token' | 'oauth' | 'google_key'; secret: string } | null;
};

export type Gateway = {
  /** Its unix socket, or the base URL with its random path. */
  address: string;
  /** The model's last word that the credential is used up, while that holds. ISO 8601. */
  limitedUntil(): string | undefined;
  close(): Promise<void>;
};

/**
 * `limit` is shared by the gateways of one credential; `meter` is told of every answer, `onRefused` when the limit lets nobody in.
 * What `serves` does not know, as method and path, is refused: a key opens more than models.
 */
export async function startGateway(
  access: () => Promise<ModelAccess>,
  listen: 'socket' | 'loopback',
  { limit = createLimit(), serves = /^/, meter, onRefused }: GatewayOptions = {},
): Promise<Gateway> {
  const prefix = listen === 'loopback' ? `/${randomBytes(24).toString('base64url')}` : '';
  const server = createServer((incoming, response) => {
    const { method = 'GET', url = '' } = incoming;
    if (!url.startsWith(`${prefix}/`)) return void answer(response, 404, 'Not found.');
    const asked = URL.parse(`http://gateway${url.slice(prefix.length)}`); // without its dots
    if (!asked || !serves.test(`${method} ${asked.pathname}`))
      return void answer(
        response,
        404,
        `${method} ${asked?.pathname ?? url} is nothing that Sentra lets agents ask for.`,
      );
    const until = limit.until();
    if (until) {
      onRefused?.();
      return void answer(response, 429, `The credential is used up until ${until}.`);
    }
    const seen = (reply: IncomingMessage) => {
      if (limit.note(reply)) onRefused?.();
      meter?.watch(reply);
    };
    forward({ incoming, response, path: asked.pathname + asked.search, access, seen }).catch((e) =>
      answer(response, 502, `The model cannot be reached: ${messageOf(e)}`),
    );
  });
  server.requestTimeout = 0; // a model may think for as long as the session may last
  const folder = listen === 'socket' ? await makeSocketFolder() : undefined;
  const socket = folder && join(folder, 'model.sock');
  await new Promise<void>((done, fail) => {
    server.once('error', fail);
    if (socket) server.listen(socket, done);
    else server.listen(0, '127.0.0.1', done);
  });
  return {
    address: socket ?? `http://127.0.0.1:${(server.address() as AddressInfo).port}${prefix}`,
    limitedUntil: limit.until,
    close: async () => {
      const closed = new Promise((done) => server.close(done));
      server.closeAllConnections();
      await closed;
      if (folder) await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Without `accept-encoding` answers come plain, so that their tokens can be counted. */
const notForwarded = [
  ...['host', 'connection', 'keep-alive', 'transfer-encoding', 'accept-encoding'],
  ...['x-api-key', 'x-goog-api-key', 'authorization'],
];

type Forwarding = {
  incoming: IncomingMessage;
  response: ServerResponse;
  path: string;
  access: () => Promise<ModelAccess>;
  seen: (reply: IncomingMessage) => void;
};

async function forward({ incoming, response, path, access, seen }: Forwarding): Promise<void> {
  const { baseUrl, credential } = await access();
  const url = new URL(baseUrl.replace(/\/+$/, '') + path);
  const headers = Object.entries(incoming.headers).filter(([name]) => !notForwarded.includes(name));
  const send = url.protocol === 'https:' ? httpsRequest : httpRequest;
  const outgoing = send(url, {
    method: incoming.method,
    headers: { ...Object.fromEntries(headers), ...credentialHeader(credential) },
  });
  response.on('close', () => outgoing.destroy());
  incoming.pipe(outgoing);
  await new Promise<void>((done, fail) => {
    outgoing.on('error', fail);
    outgoing.on('response', (reply) => {
      seen(reply);
      response.writeHead(reply.statusCode ?? 502, reply.headers);
      response.flushHeaders();
      reply.on('error', () => response.destroy()); // cut in mid stream: so it is for the agent, which tries again
      reply.on('end', done);
      reply.pipe(response);
    });
  });
}

type GatewayOptions = { limit?: CredentialLimit; serves?: RegExp; meter?: UsageMeter; onRefused?: () => void };

export type CredentialLimit = ReturnType<typeof createLimit>;

/** While a limit holds nobody else asks: it is the credential's, not the session's. */
export function createLimit() {
  let until = 0;
  return {
    until: () => (Date.now() < until ? new Date(until).toISOString() : undefined),
    /** Answers whether it says that nobody is let in for a while. */
    note: ({ statusCode, headers }: IncomingMessage): boolean => {
      const ends = statusCode === 429 ? readLimitEnd(headers) : undefined;
      if (ends === undefined || ends - Date.now() <= longestRetryMs) return false;
      until = Math.max(until, ends);
      return true;
    },
  };
}

function credentialHeader(credential: ModelAccess['credential']): Record<string, string> {
  if (!credential) return {};
  if (credential.kind === 'api_key') return { 'x-api-key': credential.secret };
  if (credential.kind === 'google_key') return { 'x-goog-api-key': credential.secret };
  return { authorization: `Bearer ${credential.secret}` };
}

function answer(response: ServerResponse, status: number, message: string): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ type: 'error', error: { type: 'api_error', message } }));
}
