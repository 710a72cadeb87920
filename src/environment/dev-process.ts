/** One life of a dev server: from the start of its process, over ready and unhealthy, to its end, with the reason for that. */
import { setTimeout as sleep } from 'node:timers/promises';
import { keepTail } from '#src/environment/attempt.ts';
import { checkHealth, type Health } from '#src/environment/dev-health.ts';
import type { DevServerSpec } from '#src/environment/dev-server.ts';
import { messageOf, SentraError } from '#src/errors.ts';
import type { Outcome, RunOptions } from '#src/process.ts';

export type Life = {
  problem: string;
  /** The last lines that it printed. */
  tail: string;
  /** Milliseconds since it was ready; undefined when it never was. */
  readyForMs: number | undefined;
  /** To start it again would come to the same. */
  isFinal: boolean;
};

export type Witness = {
  onHealth: (state: 'ready' | 'unhealthy', problem: string | null) => void;
  onLine: NonNullable<RunOptions['onLine']>;
};

const keepBytes = 64 * 1024;
const askMs = 30_000;
/** A question too short to be answered would hide what is really wrong. */
const leastAskMs = 1_000;
const unreachedAllowed = 3;

/** Resolves when its process and all that it started are gone. */
export async function liveOnce(spec: DevServerSpec, witness: Witness, signal: AbortSignal): Promise<Life> {
  if (spec.isPortFree && !(await spec.isPortFree()))
    return {
      problem: `Port ${spec.port} is used by another program of this host. End that, then start the dev server again.`,
      tail: '',
      readyForMs: undefined,
      isFinal: false,
    };
  const over = new AbortController();
  let given: { problem: string; isFinal: boolean } | undefined;
  const end = (problem: string, isFinal = false) => {
    given ??= { problem, isFinal };
    over.abort();
  };
  const onFlood = () => end('It printed more than anybody can read, and was ended.');
  const tail = keepTail(ration(witness.onLine, onFlood, spec.limits));
  const either = AbortSignal.any([signal, over.signal]);
  const program = spec.runner
    .run(spec.command, {
      network: 'proxy',
      env: spec.env,
      timeoutMs: 0,
      keepBytes,
      onLine: tail.onLine,
      signal: either,
    })
    .then(explain, (e) => ({ problem: messageOf(e), isFinal: !(e instanceof SentraError && e.code === 'lost') }))
    .finally(() => over.abort());
  const readyAt = await watch(spec, witness, { end, signal: either });
  const ended = await program;
  const problem = [(given ?? ended).problem, hintOfPort(tail.text(), spec, readyAt)].filter(Boolean).join(' ');
  return {
    problem,
    tail: tail.text(),
    readyForMs: readyAt === undefined ? undefined : performance.now() - readyAt,
    isFinal: (given ?? ended).isFinal,
  };
}

type Watched = { end: (problem: string, isFinal?: boolean) => void; signal: AbortSignal };

/** Asks how it is for as long as it lives; answers since when it was ready. */
async function watch(spec: DevServerSpec, witness: Witness, { end, signal }: Watched): Promise<number | undefined> {
  const { limits, readyMs } = spec;
  const deadline = performance.now() + readyMs;
  const check = (timeoutMs: number) => checkHealth({ ...spec, timeoutMs });
  for (;;) {
    const health = await check(Math.max(leastAskMs, Math.min(askMs, deadline - performance.now())));
    if (signal.aborted) return undefined;
    if (health.ok) break;
    if (performance.now() > deadline) {
      end(`It was not ready within ${readyMs / 1000} s: ${health.problem} at port ${spec.port}.`, true);
      return undefined;
    }
    if (!(await pause(limits.pollMs, signal))) return undefined;
  }
  const readyAt = performance.now();
  witness.onHealth('ready', null);
  let last: Health = { ok: true };
  let unreached = 0;
  while (await pause(limits.healthMs, signal)) {
    const health = await check(Math.min(askMs, readyMs));
    if (signal.aborted) break;
    if (health.ok !== last.ok) witness.onHealth(health.ok ? 'ready' : 'unhealthy', health.ok ? null : health.problem);
    last = health;
    unreached = health.ok || health.reached ? 0 : unreached + 1;
    if (unreached >= unreachedAllowed) end(`It stopped listening on port ${spec.port}, and was ended.`);
  }
  return readyAt;
}

const pause = (ms: number, signal: AbortSignal): Promise<boolean> => sleep(ms, true, { signal }).catch(() => false); // it is over

function explain({ exitCode, endedBy, durationMs }: Outcome): { problem: string; isFinal: boolean } {
  const after = `after ${(durationMs / 1000).toFixed(1)} s`;
  if (endedBy !== 'exit') return { problem: `It was killed from outside ${after}.`, isFinal: false };
  if (exitCode === 0)
    return {
      problem: `It exited with 0 ${after}: a dev server has to stay in the foreground, so start none in the background.`,
      isFinal: false,
    };
  return { problem: `It exited with ${exitCode} ${after}.`, isFinal: false };
}

/** Dev servers print where they listen: one that took another port than it was given says so itself. */
function hintOfPort(tail: string, { port, portName }: DevServerSpec, readyAt: number | undefined): string | undefined {
  if (readyAt !== undefined) return undefined;
  // biome-ignore lint/suspicious/noControlCharactersInRegex: colours stand between host and port
  const plain = tail.replace(/\x1b\[[\d;]*m/g, '');
  const named = [...plain.matchAll(/(?:localhost|127\.0\.0\.1|0\.0\.0\.0|\[::1?\]|port):? ?(\d{2,5})\b/gi)];
  const other = named.map((match) => Number(match[1])).find((one) => one !== port);
  return other === undefined
    ? undefined
    : `It names port ${other}: it has to listen on $${portName}, which is ${port}.`;
}

/** Passes on so many lines in a while and tells how many it left out; calls `onFlood` where no end is in sight. */
function ration(onLine: Witness['onLine'], onFlood: () => void, limits: DevServerSpec['limits']): Witness['onLine'] {
  let since = 0;
  let lines = 0;
  let bytes = 0;
  return (line, stream) => {
    const now = performance.now();
    if (now - since > limits.windowMs) {
      if (lines > limits.windowLines) onLine(`${lines - limits.windowLines} lines were left out.`, 'stderr');
      since = now;
      lines = 0;
      bytes = 0;
    }
    lines += 1;
    bytes += line.length + 1;
    if (bytes > limits.windowBytes) onFlood();
    return lines <= limits.windowLines ? onLine(line, stream) : undefined;
  };
}
