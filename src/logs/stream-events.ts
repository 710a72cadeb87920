/** Replays events from a cursor, then follows. The table is the only source; the bus only says when to look. */
import { setTimeout as sleep } from 'node:timers/promises';
import type { Event } from '#src/domain/event.ts';
import { createBell } from '#src/logs/bell.ts';
import type { Queryable } from '#src/store/database.ts';
import { isUnavailable } from '#src/store/database-error.ts';
import { lastEventId, listEvents } from '#src/store/events.ts';

export type EventBus = {
  /** To be called after a commit that recorded events. */
  publish(): void;
  subscribe(listener: () => void): () => void;
};

export type EventStreamOptions = {
  /** The number of the last event that was seen; without it only what comes from now on. */
  after?: number | undefined;
  /** Without `after`: so many of those before now come first. */
  last?: number | undefined;
  send: (events: readonly Event[]) => Promise<void> | void;
  signal: AbortSignal;
};

const pageSize = 500;

export function createEventBus(): EventBus {
  const listeners = new Set<() => void>();
  return {
    publish: () => {
      for (const listener of listeners) listener();
    },
    subscribe: (listener) => {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
  };
}

/** Ends when `signal` aborts. Throws what `send` throws. */
export async function streamEvents(
  source: { db: Queryable; bus: EventBus },
  { after, last: latest = 0, send, signal }: EventStreamOptions,
): Promise<void> {
  const bell = createBell(signal);
  const unsubscribe = source.bus.subscribe(bell.ring);
  let last = after;
  try {
    while (!signal.aborted) {
      try {
        last ??= Math.max(0, (await lastEventId(source.db)) - latest);
        const page = await listEvents(source.db, last, pageSize);
        last = page.at(-1)?.id ?? last;
        if (page.length) await send(page);
        if (page.length < pageSize) await bell.wait();
      } catch (e) {
        if (!isUnavailable(e)) throw e;
        await sleep(200); // the database is away: looked at again
      }
    }
  } finally {
    unsubscribe();
  }
}
