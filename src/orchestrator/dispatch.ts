/** Gives tasks their slots: the run's row and the start of its workflow are one transaction, so starting twice is starting once. */
import { newAdwId } from '#src/domain/ids.ts';
import { type Engine, runsQueue } from '#src/engine/engine.ts';
import type { Change, Changes } from '#src/store/change.ts';
import { insertRun } from '#src/store/runs.ts';
import {
  type FreeWorker,
  listFreeWorkers,
  lockQueued,
  lockSlots,
  markDispatched,
  type Turn,
} from '#src/store/task-queue.ts';

export type DispatchParts = {
  changes: Changes;
  engine: Pick<Engine, 'enqueue'>;
  /** How long a worker may be silent. */
  lapseMs: number;
};

/**
 * Answers those that started: one that was cancelled or changed at this moment is left out, and so is what no worker has a slot
 * for. Each goes to the worker with the most free slots; one that was parked goes on where its workflow is.
 */
export function dispatch(
  { changes, engine, lapseMs }: DispatchParts,
  { starts, slots }: { starts: readonly string[]; slots: number },
): Promise<string[]> {
  return changes.change(async (change) => {
    const { tx, client, touch } = change;
    const free = slots - (await lockSlots(tx));
    const turns = await lockQueued(tx, starts.slice(0, Math.max(0, free)));
    const workers = await listFreeWorkers(tx, lapseMs);
    const started: string[] = [];
    for (const turn of turns) {
      const workerId = takeSlot(workers, turn.begun ? turn.workerId : null);
      if (!workerId) break;
      const adwId = turn.adwId ?? (await beginRun(change, turn));
      await markDispatched(tx, adwId, workerId);
      const job = { id: adwId, workflow: turn.workflowType, queue: runsQueue(workerId), input: { adwId } };
      if (!turn.begun) await engine.enqueue(client, job);
      touch(turn.taskId);
      started.push(turn.taskId);
    }
    return started;
  });
}

/** Of the worker that has begun the run, whatever else it does; else of the one with the most free slots. */
function takeSlot(workers: FreeWorker[], begunBy: string | null): string | undefined {
  const own = workers.find(({ id }) => id === begunBy);
  if (own) own.free -= 1;
  if (begunBy) return begunBy;
  const [best] = workers.sort((a, b) => b.free - a.free);
  if (!best || best.free < 1) return undefined;
  best.free -= 1;
  return best.id;
}

async function beginRun({ tx, record }: Change, { taskId, projectId, workflowType }: Turn): Promise<string> {
  const adwId = newAdwId();
  await insertRun(tx, { adwId, taskId, workflowType, fromPhase: null, comments: null });
  record({ type: 'run.changed', projectId, taskId, data: { adwId, status: 'queued' } });
  return adwId;
}
