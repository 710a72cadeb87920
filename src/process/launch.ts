/** Starting a program in this process, and what every way of starting one has in common. */
import { type ChildProcess, spawn } from 'node:child_process';
import { constants } from 'node:os';
import { SentraError } from '#src/errors.ts';
import { guardGroup, signalGroup } from '#src/process/guard.ts';
import type { Command } from '#src/process.ts';

export type Hooks = {
  /** The program leads its own process group, which has this number too. `hold`: whether its output is left unread. */
  onStart(pid: number, hold: (held: boolean) => void): void;
  onOutput(name: 'stdout' | 'stderr', chunk: Buffer): void;
  /** The leader is gone; what it left in its group may still write. */
  onExit(): void;
};

/** Starts a program; answers its exit code, or null for a signal that was no crash, when its streams are closed too. */
export type Launch = (command: Command, input: string | Uint8Array | undefined, hooks: Hooks) => Promise<number | null>;

const crashes: readonly unknown[] = ['SIGABRT', 'SIGBUS', 'SIGFPE', 'SIGILL', 'SIGSEGV', 'SIGSYS', 'SIGTRAP'];

/** A crash is the program's own end and no kill from outside: told by the number that shells and the wall tell it by. */
export const codeOfCrash = (signal: NodeJS.Signals | null | undefined): number | null =>
  signal && crashes.includes(signal) ? 128 + constants.signals[signal] : null;

export const graceMs = 5_000;

export const launchHere: Launch = (command, input, hooks) =>
  new Promise((done, fail) => {
    const child = start(command);
    child.once('error', (cause: NodeJS.ErrnoException) => fail(cannotStart(command, cause)));
    if (child.pid === undefined) return;
    hooks.onStart(child.pid, (held) => {
      for (const stream of [child.stdout, child.stderr]) held ? stream?.pause() : stream?.resume();
    });
    for (const name of ['stdout', 'stderr'] as const)
      child[name]?.on('data', (chunk: Buffer) => hooks.onOutput(name, chunk));
    child.once('exit', () => hooks.onExit());
    child.once('close', (exitCode, signal) => done(exitCode ?? codeOfCrash(signal)));
    child.stdin?.end(input);
  });

export function cannotStart({ command, cwd }: Command, cause: { code?: string | undefined; message: string }) {
  const what = cause.code === 'ENOENT' ? 'was not found (or its working folder does not exist)' : cause.message;
  return new SentraError('not_found', `${command} cannot be started in ${cwd}: it ${what}.`, { cause });
}

/**
 * Starts a command and leaves its streams to the caller. The child leads its own process group, and what it left there ends with it
 * when a signal ends it: a wall that was killed before its room was ready would keep the streams open for ever.
 */
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
  const { pid } = child;
  if (pid === undefined) return child;
  if (!command.outlives) child.once('close', guardGroup(pid));
  child.once('exit', (_, signal) => signal && signalGroup(pid, 'SIGKILL'));
  const unwatch = command.watch?.({ pid, end: () => signalGroup(pid, 'SIGKILL') });
  if (unwatch) child.once('exit', unwatch);
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
