/** Starts what is ready and was asked to start by itself: reacts to events, and looks every few seconds as a net. */

import { SentraError } from '#src/errors.ts';
import type { EventBus } from '#src/logs/stream-events.ts';
import type { Lifecycle } from '#src/orchestrator/lifecycle.ts';
import type { Database } from '#src/store/database.ts';
import { listStartable } from '#src/store/tasks.ts';

const batch = 100;
const netMs = 5_000;

/** Starts every task that is ready and should start; answers how many. */
export async function startReadyOnce(database: Database, lifecycle: Pick<Lifecycle, 'start'>): Promise<number> {
  const ready = await listStartable(database.db, batch);
  let started = 0;
  for (const { id } of ready) {
    try {
      await lifecycle.start(id);
      started += 1;
    } catch (e) {
      // A person started or changed it at this moment: then it is theirs.
      if (!(e instanceof SentraError) || e.code === 'database_unavailable') throw e;
    }
  }
  return started;
}

/** Loops `startReadyOnce` until `signal` aborts. */
export function startReady(
  parts: { database: Database; lifecycle: Pick<Lifecycle, 'start'>; bus: EventBus; onError: (e: unknown) => void },
  signal: AbortSignal,
): void {
  let busy = false;
  let again = false;
  const look = async () => {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    try {
      do {
        again = false;
        await startReadyOnce(parts.database, parts.lifecycle);
      } while (again && !signal.aborted);
    } catch (e) {
      parts.onError(e);
    } finally {
      busy = false;
    }
  };
  const unsubscribe = parts.bus.subscribe(() => void look());
  const timer = setInterval(() => void look(), netMs);
  signal.addEventListener('abort', () => {
    unsubscribe();
    clearInterval(timer);
  });
  void look();
}
