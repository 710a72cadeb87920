/**
 * The life of this worker among others: it says that it is there, ends its agents in time when it cannot, takes over what a dead
 * one had begun, and knows who is alive. A worker is dead when its lease has run out, or it said goodbye, and nobody holds its lock.
 */
import { hostname } from 'node:os';
import type { Lease, Worker } from '#src/domain/worker.ts';
import { type Engine, runsQueue } from '#src/engine/engine.ts';
import { messageOf } from '#src/errors.ts';
import { endLeftovers } from '#src/sandbox/leftovers.ts';
import type { Changes } from '#src/store/change.ts';
import type { Database } from '#src/store/database.ts';
import { listServingWorkers } from '#src/store/dev-servers.ts';
import { listRunsOfWorker, listUnreleasedWorkers, moveRuns, releaseEndedRuns } from '#src/store/runs.ts';
import { listOwners, moveJobs } from '#src/store/takeover.ts';
import { withLockOf } from '#src/store/worker-lock.ts';
import { listWorkers, markWorkerStopped, registerWorker, renewWorker } from '#src/store/workers.ts';

export type WorkerLife = {
  /** Slots of all workers that are alive and take work. */
  slots(): number;
  /** Somebody asked it to take nothing more. */
  draining(): boolean;
  /** Says goodbye: others take what is left at once. */
  stop(): Promise<void>;
};

export type LifeParts = {
  database: Database;
  changes: Changes;
  engine: Pick<Engine, 'suspend' | 'resume'>;
  worker: { id: string; slots: number };
  lease: Lease;
  /** Where rooms have their homes. */
  homes: string;
  endAgents: () => void;
  devServers: { takeOver(dead: string): Promise<void> };
  /** A line for the operator. */
  report: (line: string) => void;
};

const lookMs = 2_000;
/** Between two tries while the database does not answer. */
const retryMs = 1_000;

export async function startWorkerLife(parts: LifeParts, signal: AbortSignal): Promise<WorkerLife> {
  const { database, changes, engine, worker, lease } = parts;
  const { db } = database;
  await changes.change(async ({ tx, record }) => {
    await registerWorker(tx, { ...worker, host: hostname(), pid: process.pid });
    record({ type: 'worker.changed', data: { id: worker.id, state: 'alive' } });
  });
  await releaseEndedRuns(db, worker.id);
  let alive = await listWorkers(db, lease.lapseMs);
  let renewedAt = performance.now();
  let draining = false;
  let isCutOff = false;

  const isLate = () => performance.now() - renewedAt >= lease.endAgentsMs;
  const renew = async () => {
    const askedAt = performance.now();
    if (askedAt - renewedAt < lease.renewMs) return;
    const answer = await renewWorker(db, worker.id);
    renewedAt = askedAt;
    draining = answer?.draining ?? false;
    if (!isCutOff || isLate()) return;
    isCutOff = false;
    engine.resume();
    parts.report('The database answers again: what was ended begins again.');
  };
  const guard = () => {
    if (!isLate()) return;
    if (!isCutOff)
      parts.report(`The database has not answered for ${lease.endAgentsMs} ms: agents end, before others take over.`);
    isCutOff = true;
    engine.suspend();
    parts.endAgents(); // again and again: one may have been about to start
  };
  const look = async () => {
    alive = await listWorkers(db, lease.lapseMs);
    const [jobs, unreleased] = [await listOwners(db, runsQueue('')), await listUnreleasedWorkers(db)];
    for (const owner of new Set([...jobs, ...unreleased, ...(await listServingWorkers(db))]))
      if (owner !== worker.id && !isAlive(alive, owner)) await takeOver(parts, owner);
  };
  const stops = [
    repeat(Math.min(retryMs, lease.renewMs / 2), renew, parts.report),
    repeat(Math.min(retryMs, lease.renewMs), async () => guard(), parts.report),
    repeat(Math.min(lookMs, lease.renewMs), look, parts.report),
  ];
  const end = () => {
    for (const stop of stops) stop();
  };
  signal.addEventListener('abort', end, { once: true });
  return {
    slots: () => alive.filter(({ state }) => state === 'alive').reduce((sum, { slots }) => sum + slots, 0),
    draining: () => draining,
    async stop() {
      end();
      await changes.change(async ({ tx, record }) => {
        await markWorkerStopped(tx, worker.id);
        record({ type: 'worker.changed', data: { id: worker.id, state: 'stopped' } });
      });
    },
  };
}

const isAlive = (workers: readonly Worker[], id: string): boolean =>
  workers.some((one) => one.id === id && (one.state === 'alive' || one.state === 'draining'));

async function takeOver(
  { database, changes, worker, homes, devServers, report }: LifeParts,
  dead: string,
): Promise<void> {
  const { db } = database;
  await withLockOf(database.connections, dead, async () => {
    const tasks = new Set((await listRunsOfWorker(db, dead)).map(({ taskId }) => taskId));
    await endLeftovers(homes, (taskId) => tasks.has(taskId));
    await releaseEndedRuns(db, dead);
    const moved = await changes.change(async ({ tx, record }) => {
      const jobs = await moveJobs(tx, { from: dead, to: worker.id, queueOf: runsQueue });
      await moveRuns(tx, { from: dead, to: worker.id });
      if (jobs.length) record({ type: 'worker.changed', data: { id: dead, state: 'gone', jobs: jobs.length } });
      return jobs.length;
    });
    await devServers.takeOver(dead);
    if (moved) report(`Took over ${moved} jobs of ${dead}, which is gone.`);
  });
}

/** One call at a time; what fails is told and tried again at the next turn. Answers how to stop it. */
function repeat(everyMs: number, work: () => Promise<void>, report: (line: string) => void): () => void {
  let busy = false;
  let told = '';
  const timer = setInterval(() => {
    if (busy) return;
    busy = true;
    work()
      .then(() => {
        told = '';
      })
      .catch((e) => {
        if (messageOf(e) !== told) report(`Life of this worker: ${messageOf(e)}`);
        told = messageOf(e);
      })
      .finally(() => {
        busy = false;
      });
  }, everyMs);
  return () => clearInterval(timer);
}
