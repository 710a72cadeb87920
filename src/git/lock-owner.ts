/** Who holds a lock that lies in a file: a process that another one, here or on another machine, can tell alive or dead. */
import { readFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { z } from 'zod';
import { processWorld } from '#src/process.ts';

export const LockOwner = z.object({
  /** Machine, its boot, and the world of process ids in it: equal only where `pid` means the same. */
  place: z.string(),
  pid: z.number().int(),
  /** When it started, in the system's own count; empty where the system does not tell. A process id is used again. */
  startedAt: z.string(),
});
export type LockOwner = z.infer<typeof LockOwner>;

let own: LockOwner | undefined;

export function ownIdentity(): LockOwner {
  const boot = orEmpty(() => readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim());
  own ??= { place: [hostname(), boot, processWorld()].join(' '), pid: process.pid, startedAt: startOf(process.pid) };
  return own;
}

/** Undefined for a process of another machine: its pulse must tell. */
export function isAlive({ place, pid, startedAt }: LockOwner): boolean | undefined {
  if (place !== ownIdentity().place) return undefined;
  try {
    process.kill(pid, 0);
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code === 'ESRCH') return false;
  }
  return startOf(pid) === startedAt;
}

/** Field 22 of proc_pid_stat(5); the second one is a name in brackets and may hold anything. One that only waits to be buried is dead. */
function startOf(pid: number): string {
  const [state = '', ...fields] = orEmpty(() => readFileSync(`/proc/${pid}/stat`, 'utf8').replace(/^.*\) /s, '')).split(
    ' ',
  );
  return state === 'Z' ? 'dead' : (fields[18] ?? '');
}

function orEmpty(read: () => string): string {
  try {
    return read();
  } catch {
    return '';
  }
}
