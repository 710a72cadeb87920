/**
 * What a hook inside an agent may tell and ask: a small HTTP server on a unix socket, one for each session. Its token is the
 * session's own, so another task's is refused, and it ends with the session. It knows neither the database nor runs: what it
 * hears and answers is the desk's.
 */
import { timingSafeEqual } from 'node:crypto';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { z } from 'zod';
import { type GoOn, HookReport, type HookState } from '#src/domain/hook.ts';
import type { Message } from '#src/domain/message.ts';
import { messageOf } from '#src/errors.ts';

export type HookDesk = {
  /** False when another teller told it already, or the session told too much. */
  report(report: HookReport): boolean;
  state(): Promise<HookState>;
  /** What people said to the task, oldest first. */
  messages(): Promise<Message[]>;
  goOn(): Promise<GoOn>;
};

export type HookServer = { close(): Promise<void> };

const longestBody = 64 * 1024;
const longestRequestMs = 10_000;

export async function startHookServer(options: {
  socketPath: string;
  token: string;
  desk: HookDesk;
}): Promise<HookServer> {
  const server = createServer((incoming, response) => {
    answer(incoming, response, options).catch((e) => send(response, 500, { error: messageOf(e) }));
  });
  server.requestTimeout = longestRequestMs;
  await new Promise<void>((done, fail) => server.once('error', fail).listen(options.socketPath, done));
  return { close: () => close(server) };
}

const close = (server: Server): Promise<void> =>
  new Promise((done) => {
    server.close(() => done());
    server.closeAllConnections();
  });

async function answer(
  incoming: IncomingMessage,
  response: ServerResponse,
  { token, desk }: { token: string; desk: HookDesk },
): Promise<void> {
  if (!isRight(incoming.headers.authorization, token))
    return send(response, 401, { error: 'This is not the token of this session (SENTRA_HOOK_TOKEN).' });
  switch (`${incoming.method} ${incoming.url}`) {
    case 'POST /events':
      return keep(incoming, response, desk);
    case 'GET /state':
      return send(response, 200, await desk.state());
    case 'GET /messages':
      return send(response, 200, { items: await desk.messages() });
    case 'GET /go-on':
      return send(response, 200, await desk.goOn());
    default:
      return send(response, 404, { error: `Nothing is at ${incoming.method} ${incoming.url}.` });
  }
}

async function keep(incoming: IncomingMessage, response: ServerResponse, desk: HookDesk): Promise<void> {
  const body = await read(incoming);
  if (body === undefined) return send(response, 413, { error: `A report has at most ${longestBody} bytes.` });
  const report = HookReport.safeParse(body);
  if (!report.success) return send(response, 400, { error: z.prettifyError(report.error) });
  send(response, 200, { kept: desk.report(report.data) });
}

/** Undefined when it is too long; what is no JSON is null, which no report is. */
async function read(incoming: IncomingMessage): Promise<unknown> {
  const chunks: Buffer[] = [];
  let bytes = 0;
  for await (const chunk of incoming) {
    bytes += chunk.length;
    if (bytes <= longestBody) chunks.push(chunk); // what is too long is read on, or its sender would not hear why
  }
  if (bytes > longestBody) return undefined;
  try {
    return JSON.parse(Buffer.concat(chunks).toString('utf8'));
  } catch {
    return null;
  }
}

function isRight(authorization: string | undefined, token: string): boolean {
  const [given, wanted] = [Buffer.from(authorization ?? ''), Buffer.from(`Bearer ${token}`)];
  return given.length === wanted.length && timingSafeEqual(given, wanted);
}

function send(response: ServerResponse, status: number, value: object): void {
  if (response.headersSent) return void response.destroy();
  response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
  response.end(JSON.stringify(value));
}
