/**
 * A dev server for as long as it is wanted: started again with growing pauses when it dies, given up after a few times. What
 * it is like is told as reports; nothing is thrown.
 */
import type { Socket } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DevServerState } from '#src/domain/dev-server.ts';
import { type Life, liveOnce } from '#src/environment/dev-process.ts';
import type { Runner } from '#src/environment/runner.ts';
import type { RunOptions } from '#src/process.ts';

export type DevServerLimits = {
  /** Between two looks at one that is starting. */
  pollMs: number;
  /** Between two looks at one that is ready. */
  healthMs: number;
  /** Before the first restart; it doubles. */
  backoffMs: number;
  /** In a row, for one that was ready once. */
  restarts: number;
  /** In a row, for one that never was. */
  restartsBeforeReady: number;
  /** One that was ready for so long begins to count anew. */
  stableMs: number;
  /** So many lines of output are logged in a window; with more bytes than this it is ended. */
  windowMs: number;
  windowLines: number;
  windowBytes: number;
};

export const defaultLimits: DevServerLimits = {
  pollMs: 250,
  healthMs: 20_000,
  backoffMs: 500,
  restarts: 5,
  restartsBeforeReady: 2,
  stableMs: 60_000,
  windowMs: 10_000,
  windowLines: 500,
  windowBytes: 20 * 1024 * 1024,
};

export type DevServerSpec = {
  command: string;
  runner: Runner;
  env: Readonly<Record<string, string>>;
  port: number;
  portName: string;
  ready: string | false;
  readyMs: number;
  connect: () => Promise<Socket>;
  /** Given where the port is one of the host's own: another program may have it. */
  isPortFree?: () => Promise<boolean>;
  limits: DevServerLimits;
};

export type DevServerReport = {
  state: Exclude<DevServerState, 'stopped'>;
  restarts: number;
  message: string | null;
};

/** Resolves when it was given up, or `signal` was aborted and its processes are gone. */
export async function superviseDevServer(
  spec: DevServerSpec,
  watch: { onReport: (report: DevServerReport) => void; onLine: NonNullable<RunOptions['onLine']> },
  signal: AbortSignal,
): Promise<void> {
  const { limits } = spec;
  let restarts = 0;
  let inARow = 0;
  let wasReady = false;
  const report = (state: DevServerReport['state'], message: string | null) => {
    if (!signal.aborted) watch.onReport({ state, restarts, message });
  };
  report('starting', null);
  while (!signal.aborted) {
    const life = await liveOnce(spec, { onHealth: report, onLine: watch.onLine }, signal);
    if (signal.aborted) return;
    wasReady ||= life.readyForMs !== undefined;
    if ((life.readyForMs ?? 0) >= limits.stableMs) inARow = 0;
    if (life.isFinal || inARow >= (wasReady ? limits.restarts : limits.restartsBeforeReady))
      return report('failed', lastWords(life, restarts));
    const waitMs = limits.backoffMs * 2 ** inARow;
    inARow += 1;
    restarts += 1;
    report('starting', `${life.problem} It is started again.`);
    await sleep(waitMs, undefined, { signal }).catch(() => {}); // it is wanted no more
  }
}

const lastWords = ({ problem, tail }: Life, restarts: number): string =>
  [`${problem}${restarts ? ` It was started ${restarts + 1} times.` : ''}`, tail].filter(Boolean).join('\n');
