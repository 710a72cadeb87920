/** Many streams on one WebSocket: each request begins or ends one, and every message names the stream that it belongs to. */
import type { WSEvents } from 'hono/ws';
import type { WebSocket } from 'ws';
import { mostStreams, StreamRequest } from '#src/domain/stream.ts';
import { SentraError } from '#src/errors.ts';
import { type Handlers, parse } from '#src/server/api.ts';
import { eventsWithin, getOwnTask, type Scope } from '#src/server/scope.ts';
import { createSocketWriter, jsonOf, type SocketWriter } from '#src/server/socket-writer.ts';
import type { Streams } from '#src/server/streams.ts';

type Parts = Streams & { handlers: Pick<Handlers, 'getTask'>; scope: Scope | null; report: (e: unknown) => void };
type Follow = Exclude<StreamRequest, { leave: string }>;

/** Lines are sent many to a message, up to about this length. */
const messageLength = 256 * 1024;

export function serveMany(parts: Parts): WSEvents {
  const streams = new Map<string, AbortController>();
  const close = () => {
    for (const stream of streams.values()) stream.abort();
    streams.clear();
  };
  return {
    onMessage: ({ data }, { raw }) => {
      const write = createSocketWriter(raw as WebSocket);
      try {
        const request = readRequest(data);
        if ('leave' in request) leave(streams, request.leave);
        else void follow(request, { parts, streams, write });
      } catch (e) {
        tell(write, undefined, e);
      }
    },
    onClose: close,
    onError: close,
  };
}

function readRequest(data: unknown): StreamRequest {
  let given: unknown;
  try {
    given = JSON.parse(String(data));
  } catch (cause) {
    throw new SentraError('invalid', `A request is one JSON object: ${(cause as Error).message}.`, { cause });
  }
  return parse(StreamRequest, given, 'request');
}

function leave(streams: Map<string, AbortController>, id: string): void {
  streams.get(id)?.abort();
  streams.delete(id);
}

type Socket = { parts: Parts; streams: Map<string, AbortController>; write: SocketWriter };

async function follow(request: Follow, { parts, streams, write }: Socket): Promise<void> {
  const id = request.follow;
  const stream = new AbortController();
  const { signal } = stream;
  try {
    if (streams.has(id))
      throw new SentraError(
        'conflict',
        `There is a stream ${id} already: leave it first, or name this one differently.`,
      );
    if (streams.size >= mostStreams)
      throw new SentraError('invalid', `A socket carries at most ${mostStreams} streams: open another one.`);
    streams.set(id, stream);
    if ('events' in request) {
      const { after } = request.events;
      const within = eventsWithin(parts.handlers, parts.scope);
      await parts.eventStream({
        after,
        signal,
        send: async (events) => sendAll(write, { id, name: 'events', items: await within(events), signal }),
      });
      return;
    }
    const { taskId, ...filter } = request.logs;
    await getOwnTask(parts.handlers, taskId, parts.scope);
    await parts.logStream({
      taskId,
      filter,
      signal,
      send: (lines) => sendAll(write, { id, name: 'lines', items: lines, signal }),
    });
  } catch (e) {
    if (!signal.aborted) tell(write, id, e, parts.report);
    if (streams.get(id) === stream) streams.delete(id);
  }
}

type Batch = { id: string; name: 'lines' | 'events'; items: readonly object[]; signal: AbortSignal };

async function sendAll(write: SocketWriter, { id, name, items, signal }: Batch): Promise<void> {
  const begin = `{"id":${JSON.stringify(id)},"${name}":[`;
  for (let at = 0; at < items.length && !signal.aborted; ) {
    let text = '';
    for (; at < items.length && text.length < messageLength; at++)
      text += `${text && ','}${jsonOf(items[at] as object)}`;
    await write(`${begin}${text}]}`);
  }
}

function tell(write: SocketWriter, id: string | undefined, e: unknown, report?: (e: unknown) => void): void {
  if (!(e instanceof SentraError)) report?.(e);
  const error =
    e instanceof SentraError
      ? { code: e.code, message: e.message }
      : { code: 'bug', message: 'The stream failed: follow it again from the last number seen.' };
  void write(JSON.stringify({ ...(id === undefined ? {} : { id }), error }));
}
