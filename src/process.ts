/**
 * The only place that starts processes. A child gets exactly the environment it is given, leads its own process group,
 * and its whole group is ended (SIGTERM, then SIGKILL) when it takes too long, falls silent, or is aborted, and by a guard
 * process when this one dies.
 * A non-zero exit is an outcome, not an exception.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import type { Socket } from 'node:net';
import { StringDecoder } from 'node:string_decoder';
import { SentraError } from '#src/errors.ts';

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
};

export type RunOptions = {
  input?: string | Uint8Array;
  /** Wall time in milliseconds. */
  timeoutMs?: number;
  /** Milliseconds without a byte on stdout or stderr. */
  idleMs?: number;
  /** Called with each line, without its end, as it comes. Lines over 64 KiB come in pieces. */
  onLine?: (line: string, stream: 'stdout' | 'stderr') => void;
  /** How much of each stream is kept for the outcome, from its end; the default is 16 MiB. */
  keepBytes?: number;
  signal?: AbortSignal;
};

export type Outcome = {
  /** Null when a signal ended it. */
  exitCode: number | null;
  endedBy: 'exit' | 'signal' | 'timeout' | 'idle' | 'abort';
  stdout: Buffer;
  stderr: Buffer;
  /** True when more was written than was kept. */
  truncated: boolean;
  durationMs: number;
};

const graceMs = 5_000;
const maxLineBytes = 64 * 1024;
const live = new Set<ChildProcess>();

/** Runs a command to its end. Throws `SentraError` only when it cannot be started at all. */
export async function run(command: Command, options: RunOptions = {}): Promise<Outcome> {
  options.signal?.throwIfAborted();
  const startedAt = performance.now();
  const child = start(command);
  const streams = { stdout: collect(child, 'stdout', options), stderr: collect(child, 'stderr', options) };
  let endedBy: Outcome['endedBy'] | undefined;
  const end = (reason: Outcome['endedBy']) => {
    endedBy ??= reason;
    void endTree(child);
  };
  const timers = watch(child, options, end);
  const onAbort = () => end('abort');
  options.signal?.addEventListener('abort', onAbort, { once: true });
  if (options.input !== undefined) child.stdin?.end(options.input);
  else child.stdin?.end();
  try {
    const [exitCode] = await ended(child, command);
    return {
      exitCode: exitCode ?? null,
      endedBy: endedBy ?? (exitCode === null ? 'signal' : 'exit'),
      stdout: streams.stdout.take(),
      stderr: streams.stderr.take(),
      truncated: streams.stdout.truncated() || streams.stderr.truncated(),
      durationMs: Math.round(performance.now() - startedAt),
    };
  } finally {
    timers.stop();
    options.signal?.removeEventListener('abort', onAbort);
  }
}

/** Starts a command and leaves its streams to the caller. The child leads its own process group. */
export function start(command: Command): ChildProcess {
  const child = spawn(command.command, [...command.args], {
    cwd: command.cwd,
    env: { ...command.env },
    stdio: ['pipe', 'pipe', 'pipe'],
    detached: true,
    ...(command.user ?? {}),
  });
  child.stdin?.on('error', () => {}); // EPIPE: the child does not read its input; its exit code tells the rest
  child.once('error', () => {}); // who runs it hears of it
  if (!command.outlives) guardUntilClosed(child);
  return child;
}

/** Starts a program that outlives this process, with no streams. */
export function startDetached(command: Command, output: 'ignore' | number): ChildProcess {
  const child = spawn(command.command, [...command.args], {
    cwd: command.cwd,
    env: { ...command.env },
    stdio: ['ignore', output, output],
    detached: true,
    ...(command.user ?? {}),
  });
  child.unref();
  return child;
}

/** Ends a child and its process group: SIGTERM, after five seconds SIGKILL. Resolves when the child is gone. */
export async function endTree(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null || child.pid === undefined) return;
  const gone = new Promise<void>((done) => child.once('exit', () => done()));
  signalGroup(child.pid, 'SIGTERM');
  const timer = setTimeout(() => child.pid && signalGroup(child.pid, 'SIGKILL'), graceMs);
  await gone;
  clearTimeout(timer);
  signalGroup(child.pid, 'SIGKILL'); // what the leader left behind in its group
}

/** SIGKILL to every process group that may not outlive this process: its last act before it exits. */
export function killAll(): void {
  for (const child of live) if (child.pid) signalGroup(child.pid, 'SIGKILL');
}

/** Its input closes when this process dies, whatever way: then it ends the groups that were at work. */
const guardScript = `groups=' '
while read -r sign group; do
  if [ "$sign" = + ]; then groups="$groups$group "
  else groups="\${groups%% $group *} \${groups#* $group }"; fi
done
for group in $groups; do kill -9 "-$group"; done`;
let guard: ChildProcess | undefined;

function guardUntilClosed(child: ChildProcess): void {
  const { pid } = child;
  if (pid === undefined) return;
  tellGuard('+', pid);
  live.add(child);
  child.once('close', () => {
    live.delete(child);
    tellGuard('-', pid);
  });
}

function tellGuard(sign: '+' | '-', pid: number): void {
  guard ??= startGuard();
  guard.stdin?.write(`${sign} ${pid}\n`);
}

function startGuard(): ChildProcess {
  const child = spawn('/bin/sh', ['-c', guardScript], {
    cwd: '/',
    env: {},
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  child.stdin?.on('error', () => {}); // somebody ended it: the next child gets another
  child.once('exit', () => {
    guard = undefined;
  });
  child.once('error', () => {
    guard = undefined;
  });
  child.unref();
  (child.stdin as Socket | null)?.unref();
  for (const { pid } of live) child.stdin?.write(`+ ${pid}\n`);
  return child;
}

function signalGroup(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-pid, signal);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'ESRCH') throw e;
  }
}

function ended(child: ChildProcess, command: Command): Promise<[number | null]> {
  return new Promise((done, fail) => {
    child.once('close', (code) => done([code]));
    child.once('error', (cause: NodeJS.ErrnoException) => {
      const what = cause.code === 'ENOENT' ? 'was not found (or its working folder does not exist)' : cause.message;
      fail(
        new SentraError('not_found', `${command.command} cannot be started in ${command.cwd}: it ${what}.`, { cause }),
      );
    });
  });
}

function watch(child: ChildProcess, options: RunOptions, end: (reason: 'timeout' | 'idle') => void) {
  const total = options.timeoutMs ? setTimeout(() => end('timeout'), options.timeoutMs) : undefined;
  let idle: NodeJS.Timeout | undefined;
  const touch = () => {
    clearTimeout(idle);
    if (options.idleMs) idle = setTimeout(() => end('idle'), options.idleMs);
  };
  touch();
  child.stdout?.on('data', touch);
  child.stderr?.on('data', touch);
  return {
    stop: () => {
      clearTimeout(total);
      clearTimeout(idle);
    },
  };
}

function collect(child: ChildProcess, name: 'stdout' | 'stderr', options: RunOptions) {
  const keepBytes = options.keepBytes ?? 16 * 1024 * 1024;
  const decoder = new StringDecoder('utf8');
  let chunks: Buffer[] = [];
  let size = 0;
  let dropped = false;
  let rest = '';
  const emit = (text: string, last: boolean) => {
    if (!options.onLine) return;
    const lines = (rest + text).split('\n');
    rest = last ? '' : (lines.pop() ?? '');
    if (last && lines.at(-1) === '') lines.pop();
    for (const line of lines) options.onLine(line.replace(/\r$/, ''), name);
    if (rest.length > maxLineBytes) {
      options.onLine(rest, name);
      rest = '';
    }
  };
  child[name]?.on('data', (chunk: Buffer) => {
    chunks.push(chunk);
    size += chunk.length;
    if (size > keepBytes * 2) {
      chunks = [Buffer.concat(chunks).subarray(-keepBytes)];
      size = keepBytes;
      dropped = true;
    }
    emit(decoder.write(chunk), false);
  });
  child[name]?.on('end', () => emit(decoder.end(), true));
  return {
    take: () => {
      const all = Buffer.concat(chunks);
      return all.length > keepBytes ? all.subarray(-keepBytes) : all;
    },
    truncated: () => dropped || size > keepBytes,
  };
}
