/**
 * Live streams of the API over WebSocket, on the platform's own `WebSocket`: no dependency, browser and Node alike.
 * A stream that breaks is opened again from the last number that was seen, so nothing is lost and nothing comes twice.
 */
import { Event } from '#src/domain/event.ts';
import { type LogFilter, LogLine } from '#src/domain/log.ts';
import { StreamMessage } from '#src/domain/stream.ts';
import { SentraError } from '#src/errors.ts';

/** Where the server is, without a trailing slash, and the bearer token. */
export type Connection = { url: string; token: string };

/** How a server closes a stream that it will refuse again. */
const refused = 1008;
const retryMs = [100, 500, 1000, 2000, 5000];

/**
 * Calls `onLine` with each stored line after `filter.after`, then with each new one, until the signal aborts. Throws `invalid` for a
 * filter that the server refuses.
 */
export async function followLogs(
  connection: Connection,
  follow: { taskId: string; filter: LogFilter },
  onLine: (line: LogLine) => void,
  signal: AbortSignal,
): Promise<void> {
  let after = follow.filter.after ?? 0;
  const target = () => streamUrl(connection, `/logs/${follow.taskId}`, { ...follow.filter, after });
  const onMessage = (message: unknown) => {
    const line = LogLine.parse(message);
    if (line.seq <= after) return;
    after = line.seq;
    onLine(line);
  };
  await keepOpen(connection, target, { onMessage, signal });
}

/** Calls `onEvent` with each event after number `after` (or from now on, where it is left out), until the signal aborts. */
export async function followEvents(
  connection: Connection,
  from: number | undefined,
  onEvent: (event: Event) => void,
  signal: AbortSignal,
): Promise<void> {
  let after = from;
  const onMessage = (message: unknown) => {
    const event = Event.safeParse(message);
    if (!event.success) return; // a greeting, or a type of event that is newer than this client
    after = Math.max(after ?? 0, event.data.id);
    onEvent(event.data);
  };
  await keepOpen(connection, () => streamUrl(connection, '/api/events', { after }), { onMessage, signal });
}

export type ManyStreams = {
  /** As `followLogs`; ends when `signal` aborts. `onError` is told why the server refused it, and then it is over. */
  followLogs(
    follow: { taskId: string; filter: LogFilter },
    on: { lines: (lines: readonly LogLine[]) => void; error?: (e: Error) => void },
    signal: AbortSignal,
  ): void;
  /** When the socket is closed for good. */
  closed: Promise<void>;
};

/** Any number of logs over one socket, which is opened again whenever it breaks, until `signal` aborts. */
export function openStreams(connection: Connection, signal: AbortSignal): ManyStreams {
  type Open = { request: () => object; hear: (message: StreamMessage) => void };
  const open = new Map<string, Open>();
  let socket: WebSocket | undefined;
  let count = 0;
  const say = (request: object) => {
    if (socket?.readyState === WebSocket.OPEN) socket.send(JSON.stringify(request));
  };
  const onOpen = (opened: WebSocket) => {
    socket = opened;
    for (const { request } of open.values()) say(request());
  };
  const onMessage = (given: unknown) => {
    const message = StreamMessage.parse(given);
    if (message.id !== undefined) open.get(message.id)?.hear(message);
  };
  const closed = keepOpen(connection, () => streamUrl(connection, '/api/streams', {}), { onMessage, onOpen, signal });
  return {
    closed,
    followLogs({ taskId, filter }, on, until) {
      const id = String(++count);
      let after = filter.after ?? 0;
      const hear = ({ lines = [], error }: StreamMessage) => {
        const fresh = lines.filter((line) => line.seq > after);
        after = fresh.at(-1)?.seq ?? after;
        if (fresh.length > 0) on.lines(fresh);
        if (error && open.delete(id)) on.error?.(new SentraError('invalid', error.message));
      };
      const request = () => ({ follow: id, logs: { taskId, ...filter, after } });
      open.set(id, { request, hear });
      say(request());
      until.addEventListener('abort', () => open.delete(id) && say({ leave: id }), { once: true });
    },
  };
}

type Use = { onMessage: (message: unknown) => void; onOpen?: (socket: WebSocket) => void; signal: AbortSignal };

async function keepOpen(connection: Connection, target: () => string, use: Use): Promise<void> {
  let failures = 0;
  while (!use.signal.aborted) {
    const received = await once(connection, target(), use);
    failures = received ? 0 : failures + 1;
    await pause(retryMs[Math.min(failures, retryMs.length - 1)] ?? 1000, use.signal);
  }
}

/** One connection, until it closes. Answers whether anything came; throws what `onMessage` throws. */
function once(connection: Connection, url: string, { onMessage, onOpen, signal }: Use): Promise<boolean> {
  return new Promise((resolve, reject) => {
    const socket = new WebSocket(url, ['sentra', `bearer.${connection.token}`]);
    let received = false;
    const close = () => socket.close();
    signal.addEventListener('abort', close, { once: true });
    socket.addEventListener('open', () => onOpen?.(socket));
    socket.addEventListener('message', ({ data }) => {
      received = true;
      try {
        onMessage(JSON.parse(String(data)));
      } catch (error) {
        reject(error);
        socket.close();
      }
    });
    socket.addEventListener('error', () => {}); // `close` follows
    socket.addEventListener('close', ({ code, reason }) => {
      signal.removeEventListener('abort', close);
      if (code === refused) reject(new SentraError('invalid', reason));
      resolve(received);
    });
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) return resolve();
    const end = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', end);
      resolve();
    };
    const timer = setTimeout(end, ms);
    signal.addEventListener('abort', end, { once: true });
  });
}

function streamUrl(connection: Connection, path: string, query: Record<string, unknown>): string {
  const url = new URL(path, connection.url);
  url.protocol = url.protocol === 'https:' ? 'wss:' : 'ws:';
  for (const [name, value] of Object.entries(query)) if (value !== undefined) url.searchParams.set(name, String(value));
  return url.href;
}
