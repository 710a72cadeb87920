/** The WebSockets: a task's log, events, and many of both on one. What is sent comes from functions that replay and follow (logs/). */
import { upgradeWebSocket } from '@hono/node-server';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import type { WSEvents } from 'hono/ws';
import type { WebSocket, WebSocketServer } from 'ws';
import { z } from 'zod';
import { TaskId } from '#src/domain/ids.ts';
import { LogFilter } from '#src/domain/log.ts';
import { SentraError } from '#src/errors.ts';
import type { EventStreamOptions } from '#src/logs/stream-events.ts';
import type { LogStreamOptions } from '#src/logs/stream-logs.ts';
import { type Handlers, parse } from '#src/server/api.ts';
import { serveMany } from '#src/server/many-streams.ts';
import { eventsWithin, getOwnTask } from '#src/server/scope.ts';
import { createSocketWriter, jsonOf, type SocketWriter } from '#src/server/socket-writer.ts';

export type Streams = {
  logStream: (options: LogStreamOptions) => Promise<void>;
  eventStream: (options: EventStreamOptions) => Promise<void>;
};

const pingMs = 30_000;
/** WebSocket's code for what breaks a rule: to ask again the same way is no use. */
const refused = 1008;
const mostLatest = 1_000;
const EventCursor = z.object({
  after: z.coerce.number().int().min(0).optional(),
  last: z.coerce.number().int().min(0).max(mostLatest).optional(),
});
const LogParams = z.object({ taskId: TaskId });

/** A wrong query or an unknown task is answered before the upgrade. */
export function serveStreams(
  app: OpenAPIHono,
  parts: Streams & { handlers: Handlers },
  report: (e: unknown) => void,
): void {
  app.get(
    '/logs/:taskId',
    upgradeOnly,
    upgradeWebSocket(async (c) => {
      const { taskId } = parse(LogParams, c.req.param(), 'path');
      const filter = parse(LogFilter, c.req.query(), 'query');
      await getOwnTask(parts.handlers, taskId, c.get('scope'));
      return feed((sink) => parts.logStream({ taskId, filter, ...sink }), report);
    }),
  );
  app.get(
    '/api/events',
    upgradeOnly,
    upgradeWebSocket((c) => {
      const cursor = parse(EventCursor, c.req.query(), 'query');
      const within = eventsWithin(parts.handlers, c.get('scope'));
      return feed(
        ({ send, signal }) =>
          parts.eventStream({ ...cursor, signal, send: async (events) => send(await within(events)) }),
        report,
      );
    }),
  );
  app.get(
    '/api/streams',
    upgradeOnly,
    upgradeWebSocket((c) => serveMany({ ...parts, scope: c.get('scope'), report })),
  );
}

async function upgradeOnly(c: Context, next: () => Promise<void>): Promise<void> {
  if (c.req.header('upgrade')?.toLowerCase() !== 'websocket')
    throw new SentraError('invalid', `${c.req.path} is a WebSocket: connect with the ws protocol.`);
  await next();
}

type Sink = { send: (items: readonly object[]) => Promise<void>; signal: AbortSignal };

/** One JSON object per message, for as long as the socket is open. */
function feed(run: (sink: Sink) => Promise<void>, report: (e: unknown) => void): WSEvents {
  const closed = new AbortController();
  return {
    onOpen: (_event, socket) => {
      const raw = socket.raw as WebSocket;
      const write = createSocketWriter(raw);
      run({ send: (items) => sendAll(write, items, closed.signal), signal: closed.signal }).then(
        () => raw.close(1000),
        (e) => {
          if (e instanceof SentraError) return raw.close(refused, short(e.message));
          report(e);
          raw.close(1011, 'The stream failed: reconnect after the last number seen.');
        },
      );
    },
    onClose: () => closed.abort(),
    onError: () => closed.abort(),
  };
}

/** As much as fits into the reason of a close. */
const short = (message: string) =>
  Buffer.from(message)
    .subarray(0, 120)
    .toString()
    .replace(/\ufffd+$/, '');

async function sendAll(write: SocketWriter, items: readonly object[], signal: AbortSignal): Promise<void> {
  for (const item of items) {
    if (signal.aborted) return;
    const room = write(jsonOf(item));
    if (room) await room;
  }
}

/** Ends sockets whose other side is gone without a word. Answers how to stop looking. */
export function keepAlive(sockets: WebSocketServer): () => void {
  const alive = new WeakSet<WebSocket>();
  sockets.on('connection', (socket) => {
    alive.add(socket);
    socket.on('pong', () => alive.add(socket));
  });
  const timer = setInterval(() => {
    for (const socket of sockets.clients) {
      if (!alive.delete(socket)) socket.terminate();
      else socket.ping();
    }
  }, pingMs);
  return () => clearInterval(timer);
}
