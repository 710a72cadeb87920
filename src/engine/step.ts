/**
 * A step: a checkpointed unit that never runs again once it succeeded. It runs at least once, so its effect must be
 * deterministic or looked up; one that lost the database runs again when it is back, and one that failed in a way nobody
 * expected runs again a few times, unless the workflow is another worker's by then. An expected failure (`SentraError`) is an outcome like any other: it is recorded, and the
 * step fails in the same way whenever the workflow is replayed.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { DBOS, Error as DBOSErrors, DBOSWorkflowConflictError } from '@dbos-inc/dbos-sdk';
import { assertStillOwnsWorkflow } from '@dbos-inc/dbos-sdk/datasource';
import { passFailpoint } from '#src/engine/failpoints.ts';
import { type Failure, SentraError } from '#src/errors.ts';
import { whenAvailable } from '#src/store/database-error.ts';

type Recorded<T> = { value: T } | { failure: Failure };

const inFlight = new Map<string, Set<Promise<unknown>>>();
/** Waits before another try of a step that threw what nobody expected. */
const retryAfterMs = [250, 1_000];
let stopping = false;
let isSuspended = false;
let suspensions = 0;

/** Runs `work` once for this workflow under `name`. The signal is aborted when the workflow is cancelled. */
export async function step<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<T> {
  const workflowId = DBOS.workflowID;
  if (!workflowId) throw new Error(`step ${name} was called outside a workflow`);
  const recorded = await DBOS.runStep(() => track(workflowId, record(name, work)), { name });
  await passFailpoint(name, 'record');
  if ('failure' in recorded) throw SentraError.from(recorded.failure);
  return recorded.value;
}

/** Resolves when no step of this workflow is running in this process. */
export async function whenIdle(workflowId: string): Promise<void> {
  await Promise.allSettled(inFlight.get(workflowId) ?? []);
}

/**
 * From now on no step of this process ends: what is cut off by the shutdown must look like a crash, so that it runs again,
 * and not like a failure of the agent that the shutdown has killed.
 */
export function holdSteps(): void {
  stopping = true;
}

/** Never resolves once steps are held: what is known from here on comes from the shutdown. */
export async function unlessHeld(): Promise<void> {
  if (stopping) await new Promise(() => {});
}

/**
 * This worker may lose its work to another, and its agents are ended for it. No step begins, and what the steps at work come to counts
 * for nothing: they begin again, as after a crash, once they may.
 */
export function suspendSteps(): void {
  if (!isSuspended) suspensions++;
  isSuspended = true;
}

export function resumeSteps(): void {
  isSuspended = false;
}

/** To be asked before what is to be judged begins: call what comes back to know whether a suspension has cut it off. */
export function watchSuspension(): () => boolean {
  const before = suspensions;
  return () => suspensions !== before;
}

/** The step that throws this begins again when steps may. */
export const cutOff = (): SentraError =>
  new SentraError('database_unavailable', 'The database had not answered for too long, so its work was ended.');

/** Another worker executes the run by now: this execution ends without a word. */
export class LostRun extends Error {}

/** True for the exceptions that unwind a workflow which is cancelled, or not ours any more; they must pass every catch. */
export const isCancellation = (thrown: unknown) =>
  thrown instanceof LostRun ||
  thrown instanceof DBOSWorkflowConflictError ||
  thrown instanceof DBOSErrors.DBOSWorkflowCancelledError ||
  (thrown as Error | undefined)?.name === 'DBOSWorkflowCancelledError';

/** An answer that took longer may have been overtaken: well below the time after which another worker may take over. */
const freshMs = 1_000;

/**
 * Throws when another worker executes this workflow by now. To be asked before each effect outside the database that would hurt the
 * other one's work, such as putting a worktree back: one that was cut off from the database wakes up in the middle of a step.
 */
export async function stillOurs(): Promise<void> {
  const workflowId = DBOS.workflowID;
  if (!workflowId || !DBOS.isInStep()) return;
  for (let isFresh = false; !isFresh; ) {
    const askedAt = performance.now();
    await assertStillOwnsWorkflow(workflowId).catch((e) => unlessCancelled(workflowId, e));
    isFresh = performance.now() - askedAt < freshMs;
  }
}

/** A cancelled workflow has no owner any more; what its last step still tidies up is in nobody's way. */
async function unlessCancelled(workflowId: string, thrown: unknown): Promise<void> {
  const status = thrown instanceof DBOSWorkflowConflictError ? await DBOS.getWorkflowStatus(workflowId) : null;
  if (status?.status !== 'CANCELLED') throw thrown;
}

async function record<T>(name: string, work: (signal: AbortSignal) => Promise<T>): Promise<Recorded<T>> {
  const signal = DBOS.stepStatus?.cancelSignal ?? new AbortController().signal;
  for (let tries = 0; ; tries++) {
    try {
      return {
        value: await whenAvailable(() => unlessSuspended(() => unlessStopping(perform(name, work, signal))), signal),
      };
    } catch (e) {
      if (e instanceof SentraError && e.code !== 'database_unavailable') return { failure: e.toFailure() };
      const waitMs = retryAfterMs[tries];
      if (waitMs === undefined || signal.aborted || isCancellation(e)) throw e;
      await sleep(waitMs, undefined, { signal });
    }
  }
}

async function perform<T>(name: string, work: (signal: AbortSignal) => Promise<T>, signal: AbortSignal): Promise<T> {
  await stillOurs();
  await passFailpoint(name, 'before');
  const value = await work(signal);
  await passFailpoint(name, 'effect');
  return value;
}

async function unlessSuspended<T>(work: () => Promise<T>): Promise<T> {
  if (isSuspended) throw cutOff();
  const isCutOff = watchSuspension();
  const [ended] = await Promise.allSettled([work()]);
  const isOver = ended.status === 'rejected' && isCancellation(ended.reason);
  if (isCutOff() && !isOver) throw cutOff();
  if (ended.status === 'rejected') throw ended.reason;
  return ended.value;
}

async function unlessStopping<T>(working: Promise<T>): Promise<T> {
  try {
    return await working;
  } finally {
    await unlessHeld();
  }
}

async function track<T>(workflowId: string, running: Promise<T>): Promise<T> {
  const steps = inFlight.get(workflowId) ?? new Set();
  inFlight.set(workflowId, steps.add(running));
  try {
    return await running;
  } finally {
    steps.delete(running);
    if (steps.size === 0) inFlight.delete(workflowId);
  }
}
