/**
 * The only door to other programs. A child gets exactly the environment it is given, leads its own process group,
 * and its whole group is ended (SIGTERM, then SIGKILL) when it takes too long, falls silent, or is aborted, and by a guard
 * process when this one dies. What `run` runs is started by a small launcher, because starting a process stops a large one.
 * A non-zero exit is an outcome, not an exception.
 */
import { Ending } from '#src/process/ending.ts';
import { Flow } from '#src/process/flow.ts';
import { launch } from '#src/process/launchers.ts';
import { collectOutput } from '#src/process/output.ts';

export { isAlive, processWorld } from '#src/process/alive.ts';
export { killAll } from '#src/process/guard.ts';
export { codeOfCrash, endTree, start, startDetached } from '#src/process/launch.ts';

export type Command = {
  command: string;
  args: readonly string[];
  cwd: string;
  /** The whole environment of the child. */
  env: Readonly<Record<string, string>>;
  /** Runs as this user; needs root. */
  user?: { uid: number; gid: number };
  /** Ends by itself when this process dies: one that was cut off would leave its locks behind. */
  outlives?: boolean;
  /** Told that it has started; what comes back is called when it has ended. */
  watch?: (program: Watched) => () => void;
};

/** A program at work, for who watches over it: `end` ends its whole group at once, and says why. */
export type Watched = { pid: number; end(why: string): void };

export type RunOptions = {
  input?: string | Uint8Array;
  /** Wall time in milliseconds. */
  timeoutMs?: number;
  /** Milliseconds without a byte on stdout or stderr. */
  idleMs?: number;
  /**
   * Called with each line, without its end, as it comes. Lines over 64 KiB come in pieces. The program waits while promises
   * that it answers are open for more than 1 MiB.
   */
  onLine?: (line: string, stream: 'stdout' | 'stderr') => unknown;
  /** Called with the bytes as they come; the program waits as with `onLine`. */
  onOutput?: (chunk: Buffer, stream: 'stdout' | 'stderr') => unknown;
  /** How much of each stream is kept for the outcome, from its end; the default is 16 MiB. */
  keepBytes?: number;
  signal?: AbortSignal;
};

export type Outcome = {
  /** Null when a signal ended it; 128 and its number where that was a crash of its own. */
  exitCode: number | null;
  /** `limit`: by who watched over it; why is the last that stderr says. */
  endedBy: 'exit' | 'signal' | 'timeout' | 'idle' | 'abort' | 'limit';
  stdout: Buffer;
  stderr: Buffer;
  /** True when more was written than was kept. */
  truncated: boolean;
  durationMs: number;
};

/** Runs a command to its end. Throws `SentraError` only when it cannot be started at all, or `lost` when its starter was killed. */
export async function run(command: Command, options: RunOptions = {}): Promise<Outcome> {
  options.signal?.throwIfAborted();
  const startedAt = performance.now();
  let hold = (_held: boolean) => {};
  const flow = new Flow((held) => {
    hold(held);
    ending.touch(!held);
  });
  const { onLine } = options;
  const collect = (name: 'stdout' | 'stderr') =>
    collectOutput(name, {
      ...options,
      ...(onLine ? { onLine: (line) => flow.add(line.length, onLine(line, name)) } : {}),
    });
  const streams = { stdout: collect('stdout'), stderr: collect('stderr') };
  const ending = new Ending(options, () => flow.open());
  const onOutput = (name: 'stdout' | 'stderr', chunk: Buffer) => {
    if (!flow.isHeld) ending.touch();
    if (options.onOutput) flow.add(chunk.length, options.onOutput(chunk, name));
    streams[name].add(chunk);
  };
  const { watch, ...plain } = command;
  let unwatch: (() => void) | undefined;
  const stopWatching = () => {
    unwatch?.();
    unwatch = undefined;
  };
  try {
    const exitCode = await launch(plain, options.input, {
      onStart: (pid, holdProgram) => {
        hold = holdProgram;
        ending.started(pid);
        const end = (why: string) => ending.endNow() && onOutput('stderr', Buffer.from(`${why}\n`));
        unwatch = watch?.({ pid, end });
      },
      onOutput,
      onExit: () => {
        ending.exited();
        stopWatching();
      },
    });
    const [stdout, stderr] = [streams.stdout.end(), streams.stderr.end()];
    return {
      exitCode,
      endedBy: ending.reason ?? (exitCode === null ? 'signal' : 'exit'),
      stdout: stdout.kept,
      stderr: stderr.kept,
      truncated: stdout.truncated || stderr.truncated,
      durationMs: Math.round(performance.now() - startedAt),
    };
  } finally {
    ending.stop();
    stopWatching();
  }
}
