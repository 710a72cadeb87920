/**
 * Hints between the processes of one database: after a commit, that there is something to read. Never the only source: what a lost
 * hint was about is found at the next one, or by the nets that look every few seconds. One NOTIFY for many commits, on a connection of
 * its own: inside the transactions it would make them wait for each other.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import type pg from 'pg';
import { z } from 'zod';
import type { Connections } from '#src/store/connections.ts';

const Hint = z.object({ from: z.string(), tasks: z.array(z.string()), events: z.boolean(), missed: z.boolean() });
/** `missed`: there was too much to name. */
export type Hint = z.infer<typeof Hint>;

export type Hints = {
  /** `taskId`: that task has new lines; without one there are new events. */
  publish(taskId?: string): void;
  close(): Promise<void>;
};

const channel = 'sentra_hints';
const everyMs = 25;
const reconnectMs = 500;
/** PostgreSQL takes payloads of less than 8000 bytes. */
const mostTasks = 300;

/** `onHint` is told of what other processes say. */
export function openHints(ways: Pick<Connections, 'connect'>, onHint: (hint: Hint) => void): Hints {
  const from = crypto.randomUUID();
  const ending = new AbortController();
  let client: pg.Client | undefined;
  let tasks = new Set<string>();
  let events = false;
  let timer: NodeJS.Timeout | undefined;
  const send = () => {
    timer = undefined;
    const hint: Hint = { from, tasks: [...tasks].slice(0, mostTasks), events, missed: tasks.size > mostTasks };
    tasks = new Set();
    events = false;
    client?.query('select pg_notify($1, $2)', [channel, JSON.stringify(hint)]).catch(() => {}); // a hint may be lost
  };
  const running = listen(ways, ending.signal, {
    opened: (opened) => {
      client = opened;
    },
    heard: (payload) => {
      const parsed = Hint.safeParse(parse(payload));
      if (parsed.success && parsed.data.from !== from) onHint(parsed.data);
    },
    // What was said while nobody listened is unknown: everybody looks once.
    missed: () => onHint({ from: '', tasks: [], events: true, missed: true }),
  });
  return {
    publish: (taskId) => {
      if (taskId === undefined) events = true;
      else tasks.add(taskId);
      timer ??= setTimeout(send, everyMs);
    },
    close: async () => {
      ending.abort();
      clearTimeout(timer);
      await client?.end().catch(() => {});
      await running;
    },
  };
}

type Listener = {
  opened(client: pg.Client | undefined): void;
  heard(payload: string): void;
  missed(): void;
};

/** Until `signal` aborts, over every loss of the connection. */
async function listen(ways: Pick<Connections, 'connect'>, signal: AbortSignal, listener: Listener): Promise<void> {
  for (let first = true; !signal.aborted; first = false) {
    let client: pg.Client | undefined;
    try {
      const opened = await ways.connect('sentra hints');
      client = opened;
      const ended = new Promise<void>((done) => opened.once('end', done));
      client.on('notification', ({ payload }) => listener.heard(payload ?? ''));
      await client.query(`listen ${channel}`);
      listener.opened(client);
      if (!first) listener.missed();
      if (signal.aborted) await client.end();
      await ended;
    } catch {
      await client?.end().catch(() => {}); // the database is away
    }
    listener.opened(undefined);
    if (!signal.aborted) await sleep(reconnectMs, undefined, { signal }).catch(() => {});
  }
}

function parse(payload: string): unknown {
  try {
    return JSON.parse(payload);
  } catch {
    return undefined; // somebody else's word on our channel
  }
}
