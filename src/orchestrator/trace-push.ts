/**
 * Sends the spans of each run that has ended to a collector of traces, where one is configured. What could not be sent is tried again
 * for a day, also by the next start; a run never waits for it and never hears of it. A span has the same id whenever it is sent.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '#src/errors.ts';
import type { EventBus } from '#src/logs/stream-events.ts';
import type { Database } from '#src/store/database.ts';
import { isUnavailable } from '#src/store/database-error.ts';
import { listUntraced, markTraced } from '#src/store/traced.ts';
import { type Collector, type Sending, sendTraces } from '#src/telemetry/collector.ts';
import type { OtlpTraces } from '#src/telemetry/otlp.ts';

export type PushParts = {
  database: Database;
  bus: EventBus;
  traces: (taskId: string, adwId: string) => Promise<OtlpTraces>;
  collector: Collector;
  /** Told once of each new way in which it does not work. */
  report: (line: string) => void;
};

const atOnce = 20;
const lookMs = 30_000;
/** So long after its end a run's last step and lines are stored too. */
const settleMs = 1_500;
const [firstRetryMs, longestRetryMs] = [1_000, 5 * 60_000];

/** Sends what waits; answers what is in the way of the rest. */
export async function pushTracesOnce(parts: PushParts, signal: AbortSignal): Promise<string | undefined> {
  const { db } = parts.database;
  for (;;) {
    const waiting = await listUntraced(db, atOnce);
    for (const { adwId, taskId } of waiting) {
      const sent = await sendOne(parts, { taskId, adwId }, signal);
      if (signal.aborted) return undefined;
      if (sent.outcome === 'failed') return sent.message;
      if (sent.outcome === 'refused') parts.report(`The trace of ${adwId} is left out: ${sent.message}`);
      await markTraced(db, adwId);
    }
    if (waiting.length < atOnce) return undefined;
  }
}

/** A run that cannot be read must not stand in front of the others. */
async function sendOne(
  { traces, collector }: PushParts,
  { taskId, adwId }: { taskId: string; adwId: string },
  signal: AbortSignal,
): Promise<Sending> {
  let read: OtlpTraces;
  try {
    read = await traces(taskId, adwId);
  } catch (e) {
    return { outcome: isUnavailable(e) ? 'failed' : 'refused', message: messageOf(e) };
  }
  return sendTraces(collector, read, signal);
}

/** Until `signal` aborts: after each event that may have ended a run, and every half a minute. */
export async function startTracePush(parts: PushParts, signal: AbortSignal): Promise<void> {
  let failures = 0;
  let told: string | undefined;
  let rung = new AbortController();
  const unsubscribe = parts.bus.subscribe(() => rung.abort());
  while (!signal.aborted) {
    const problem = await pushTracesOnce(parts, signal).catch(messageOf);
    if (signal.aborted) break;
    if (problem && problem !== told) parts.report(`Traces wait: ${problem}`);
    told = problem;
    failures = problem === undefined ? 0 : failures + 1;
    if (failures) await pause(Math.min(firstRetryMs * 2 ** (failures - 1), longestRetryMs), signal);
    else {
      await pause(lookMs, AbortSignal.any([signal, rung.signal]));
      rung = new AbortController(); // what ends from here on may be too young for the next look
      await pause(settleMs, signal);
    }
  }
  unsubscribe();
}

const pause = (ms: number, signal: AbortSignal): Promise<void> => sleep(ms, undefined, { signal }).catch(() => {});
