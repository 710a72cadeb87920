/**
 * The other end of the launcher (launcher.mjs): hands it programs to start, and hears how they go. The first program starts
 * here, so that a process that runs only one waits for no launcher; more launchers come when one does not keep up.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { SentraError } from '#src/errors.ts';
import { guardGroup, signalGroup } from '#src/process/guard.ts';
import { cannotStart, codeOfCrash, graceMs, type Hooks, type Launch, launchHere } from '#src/process/launch.ts';
import type { Command } from '#src/process.ts';

type Answer = { id: number } & (
  | { started: number }
  | { stdout: Buffer }
  | { stderr: Buffer }
  | { exited: true }
  | { closed: { exitCode: number | null; signal: NodeJS.Signals | null } }
  | { failed: { code?: string; message: string } }
);

type Call = {
  command: Command;
  input: Parameters<Launch>[1];
  hooks: Hooks;
  done(exitCode: number | null | Promise<number | null>): void;
  fail(error: SentraError): void;
  /** One that takes longer than this to start a program hangs. */
  patience: NodeJS.Timeout;
  pid?: number;
  release?: () => void;
};

const program = path.join(import.meta.dirname, 'launcher.mjs');
const mostLaunchers = Math.min(4, os.availableParallelism());
/** Programs that wait for their start in each launcher before another one is worth its memory. */
const crowd = 12;
const patienceMs = 30_000;
const pauseMs = 10_000;

const launchers = new Set<Launcher>();
let startedHere = 0;
let pauseUntil = 0;

export const launch: Launch = (command, input, hooks) => {
  const launcher = choose();
  if (launcher) return launcher.launch(command, input, hooks);
  startedHere++;
  const ended = launchHere(command, input, hooks).finally(() => startedHere--);
  if (launchers.size === 0) startLauncher();
  return ended;
};

/** Undefined while the first one gets ready and nothing runs here: then this is the faster place. */
function choose(): Launcher | undefined {
  const [best] = [...launchers].sort((a, b) => a.waiting - b.waiting);
  if (best && best.waiting >= crowd && launchers.size < mostLaunchers) startLauncher();
  return best?.isReady || startedHere > 0 ? best : undefined;
}

function startLauncher(): void {
  if (Date.now() < pauseUntil) return;
  const launcher = new Launcher(() => {
    launchers.delete(launcher);
    if (!launcher.isReady) pauseUntil = Date.now() + pauseMs;
  });
  launchers.add(launcher);
}

class Launcher {
  isReady = false;
  /** Programs that were handed over and have not started yet. */
  waiting = 0;
  readonly #child: ChildProcess;
  readonly #calls = new Map<number, Call>();
  #lastId = 0;

  constructor(onEnd: () => void) {
    this.#child = spawn(process.execPath, [program], {
      cwd: '/',
      env: {},
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
      detached: true,
    });
    const end = () => {
      onEnd();
      this.#end();
    };
    this.#child.once('disconnect', end); // all that it said before has been read
    this.#child.once('error', end);
    this.#child.on('message', (answer: Answer | { ready: true }) => {
      if ('ready' in answer) this.isReady = true;
      else this.#hear(answer);
    });
    this.#child.unref();
    this.#child.channel?.unref();
  }

  launch(command: Command, input: Call['input'], hooks: Hooks): Promise<number | null> {
    return new Promise((done, fail) => {
      const id = ++this.#lastId;
      const patience = setTimeout(() => this.#child.kill('SIGKILL'), patienceMs);
      this.#calls.set(id, { command, input, hooks, done, fail, patience });
      this.waiting++;
      this.#child.channel?.ref();
      this.#child.send({ id, ...command, input }, (e) => {
        if (e) this.#forget(id)?.done(launchHere(command, input, hooks)); // it never got there
      });
    });
  }

  #hear(answer: Answer): void {
    const call = this.#calls.get(answer.id);
    if (!call) return;
    if ('started' in answer) this.#started(answer.id, call, answer.started);
    else if ('stdout' in answer) call.hooks.onOutput('stdout', answer.stdout);
    else if ('stderr' in answer) call.hooks.onOutput('stderr', answer.stderr);
    else if ('exited' in answer) call.hooks.onExit();
    else {
      this.#forget(answer.id);
      if ('closed' in answer) call.done(answer.closed.exitCode ?? codeOfCrash(answer.closed.signal));
      else call.fail(cannotStart(call.command, answer.failed));
    }
  }

  #started(id: number, call: Call, pid: number): void {
    this.waiting--;
    clearTimeout(call.patience);
    call.pid = pid;
    if (!call.command.outlives) call.release = guardGroup(pid);
    call.hooks.onStart(pid, (hold) => this.#child.connected && this.#child.send({ id, hold }, () => {}));
  }

  #forget(id: number): Call | undefined {
    const call = this.#calls.get(id);
    if (!call || !this.#calls.delete(id)) return undefined;
    clearTimeout(call.patience);
    call.release?.();
    if (call.pid === undefined) this.waiting--;
    if (this.#calls.size === 0) this.#child.channel?.unref();
    return call;
  }

  /** What it had begun is ended and not repeated: nobody knows how far it came. What it cannot have begun starts here. */
  #end(): void {
    for (const id of [...this.#calls.keys()]) {
      const call = this.#forget(id);
      if (!call) continue;
      if (!this.isReady) call.done(launchHere(call.command, call.input, call.hooks));
      else void endGroup(call).then(() => call.fail(lost(call.command)));
    }
  }
}

/** One that has locks to give back is asked. It is nobody's child now, so nobody is told when it has ended. */
async function endGroup({ pid, command }: Call): Promise<void> {
  if (pid === undefined) return;
  if (command.outlives) {
    signalGroup(pid, 'SIGTERM');
    for (const startedAt = Date.now(); isAlive(pid) && Date.now() - startedAt < graceMs; ) await delay(10);
  }
  signalGroup(pid, 'SIGKILL');
}

function isAlive(group: number): boolean {
  try {
    return process.kill(-group, 0);
  } catch {
    return false;
  }
}

const lost = ({ command, args, cwd }: Command) =>
  new SentraError(
    'lost',
    `${[command, args[0]].filter(Boolean).join(' ')} in ${cwd} was cut off: the process that had started it for Sentra was killed. Try again.`,
  );
