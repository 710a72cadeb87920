/**
 * Gives free slots to the tasks that wait for one, as `domain/scheduler.ts` decides. Reacts to events at once, and looks every
 * few seconds as a net: for events that were lost, and for what changes without one, such as sentra.json.
 */
import { schedule } from '#src/domain/scheduler.ts';
import type { EventBus } from '#src/logs/stream-events.ts';
import { wakeBudgetWaits } from '#src/orchestrator/budgets.ts';
import { type DispatchParts, dispatch } from '#src/orchestrator/dispatch.ts';
import { type HostFacts, readNext } from '#src/orchestrator/queue.ts';
import { keepStacked } from '#src/orchestrator/stacked.ts';
import type { Database } from '#src/store/database.ts';

const netMs = 5_000;

export type ReadyParts = DispatchParts & { database: Database; host: HostFacts };

/** Fills the free slots once; answers the tasks that started. `lastStarts` is kept from one look to the next. */
export async function startReadyOnce(parts: ReadyParts, lastStarts: Map<string, number>): Promise<string[]> {
  const facts = await readNext(parts.database.db, parts.host);
  const { starts } = schedule({ ...facts, lastStarts });
  if (!starts.length) return [];
  const started = new Set(await dispatch(parts, { starts, slots: facts.slots }));
  for (const { taskId, projectId } of facts.candidates)
    if (started.has(taskId)) lastStarts.set(projectId, Math.max(0, ...lastStarts.values()) + 1);
  return [...started];
}

/** What changes without an event: sentra.json, the calendar, what runs have spent. */
async function keepUp(parts: ReadyParts): Promise<void> {
  await keepStacked(parts);
  await wakeBudgetWaits(parts);
}

/** Loops `startReadyOnce` until `signal` aborts. */
export function startReady(
  parts: ReadyParts & { bus: EventBus; onError: (e: unknown) => void },
  signal: AbortSignal,
): void {
  const lastStarts = new Map<string, number>();
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
        await startReadyOnce(parts, lastStarts);
      } while (again && !signal.aborted);
    } catch (e) {
      if (!signal.aborted) parts.onError(e);
    } finally {
      busy = false;
    }
  };
  const unsubscribe = parts.bus.subscribe(() => void look());
  const timer = setInterval(() => void keepUp(parts).then(look, parts.onError), netMs);
  signal.addEventListener('abort', () => {
    unsubscribe();
    clearInterval(timer);
  });
  void look();
}
