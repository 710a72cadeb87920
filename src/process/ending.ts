/** Ends a program's whole group when it takes too long, falls silent or is aborted: SIGTERM, after five seconds SIGKILL. */

import { signalGroup } from '#src/process/guard.ts';
import { graceMs } from '#src/process/launch.ts';
import type { Outcome, RunOptions } from '#src/process.ts';

type Reason = Exclude<Outcome['endedBy'], 'exit' | 'signal'>;

export class Ending {
  reason: Reason | undefined;
  #pid: number | undefined;
  #hasExited = false;
  #kill: NodeJS.Timeout | undefined;
  #idle: NodeJS.Timeout | undefined;
  readonly #total: NodeJS.Timeout | undefined;
  readonly #idleMs: number | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #onAbort = () => this.#end('abort');
  readonly #onEnd: () => void;

  /** `onEnd`: told when it begins to end the program. */
  constructor({ timeoutMs, idleMs, signal }: RunOptions, onEnd: () => void) {
    this.#onEnd = onEnd;
    this.#total = timeoutMs ? setTimeout(() => this.#end('timeout'), timeoutMs) : undefined;
    this.#idleMs = idleMs;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#onAbort, { once: true });
    this.touch();
  }

  started(pid: number): void {
    this.#pid = pid;
    if (this.reason) this.#endGroup(pid);
  }

  /** It gave a sign of life; or, when it is made to wait, its silence is not its own. */
  touch(maySpeak = true): void {
    if (!this.#idleMs) return;
    clearTimeout(this.#idle);
    if (maySpeak) this.#idle = setTimeout(() => this.#end('idle'), this.#idleMs);
  }

  /** The leader is gone: what it left behind in its group has no more to end in peace. */
  exited(): void {
    this.#hasExited = true;
    if (this.reason && this.#pid) signalGroup(this.#pid, 'SIGKILL');
  }

  /** By who watches over it, without a grace: what takes too much of the host would use it. False when it is being ended already. */
  endNow(): boolean {
    if (this.reason) return false;
    this.reason = 'limit';
    this.#onEnd();
    if (this.#pid) signalGroup(this.#pid, 'SIGKILL');
    return true;
  }

  stop(): void {
    for (const timer of [this.#total, this.#idle, this.#kill]) clearTimeout(timer);
    this.#signal?.removeEventListener('abort', this.#onAbort);
  }

  #end(reason: Reason): void {
    if (this.reason) return;
    this.reason = reason;
    this.#onEnd();
    if (this.#pid) this.#endGroup(this.#pid);
  }

  #endGroup(pid: number): void {
    signalGroup(pid, this.#hasExited ? 'SIGKILL' : 'SIGTERM');
    this.#kill = setTimeout(() => signalGroup(pid, 'SIGKILL'), graceMs);
  }
}
