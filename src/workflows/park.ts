/**
 * A run that must wait for something outside gives its slot back, and goes on in the middle of its phase when the scheduler gives
 * it one again: not before the time that it waits for. Both halves are steps, so a crash in between costs nothing.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { step } from '#src/engine/step.ts';
import type { Failure } from '#src/errors.ts';
import { keepLimit } from '#src/store/credential-limits.ts';
import { whenAvailable } from '#src/store/database-error.ts';
import { type Parking, parkRun, readWait, unparkRun } from '#src/store/runs.ts';
import type { Run } from '#src/workflows/run.ts';

/** `credential`: everything that uses it waits as well. */
export type Wait = { parking: Parking; failure: Failure; credential?: string };

const lookMs = 500;
const seldomMs = 30_000;
/** Where somebody may end the wait at any moment. */
const oftenMs = 2_000;

/** `name` is unique within the run. */
export async function park(run: Run, name: string, wait: Wait): Promise<void> {
  const { parts, adwId, facts } = run;
  await step(`${name}: park`, async () => {
    const parked = await parts.changes.change(async ({ tx, touch, record }) => {
      const parked = await parkRun(tx, adwId, wait.parking, wait.failure);
      if (!parked) return undefined;
      const { until: parkedUntil } = parked;
      const { credential, failure } = wait;
      if (credential && parkedUntil) await keepLimit(tx, credential, { until: parkedUntil, message: failure.message });
      touch(facts.taskId);
      const { code, message } = failure;
      const data = { adwId, status: 'queued', until: parkedUntil, code, message: parts.redactor(message) };
      record({ type: 'run.changed', taskId: facts.taskId, data });
      return parked;
    });
    if (parked) await tell(run, wait.failure, parked.until);
  });
  await step(`${name}: go on`, (signal) => goOn(run, wait.failure, signal));
}

const tell = ({ parts, adwId, facts }: Run, { message, code }: Failure, until: string | null): Promise<void> =>
  parts.logs
    .logger({ taskId: facts.taskId, adwId, phase: null })
    .warn(`${message} The slot is free for others${until ? `; this goes on by itself after ${until}` : ''}.`, {
      kind: 'step',
      error: code,
    });

/** Resolves when the scheduler has given the run a slot again. */
async function goOn({ parts, adwId, facts }: Run, { code }: Failure, signal: AbortSignal): Promise<void> {
  const { db } = parts.database;
  const look = () => whenAvailable(() => readWait(db, adwId), signal);
  // Hundreds may wait for hours: before its time none of them has to look often.
  for (let waitMs = await look(); waitMs !== undefined; waitMs = await look())
    await sleep(Math.min(Math.max(waitMs, lookMs), code === 'budget' ? oftenMs : seldomMs), undefined, { signal });
  await parts.changes.change(async ({ tx, touch, record }) => {
    if (!(await unparkRun(tx, adwId))) return;
    touch(facts.taskId);
    record({ type: 'run.changed', taskId: facts.taskId, data: { adwId, status: 'running' } });
  });
}
