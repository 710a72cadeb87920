import { readlinkSync } from 'node:fs';

/** Whether a process with this number is there, whosever it is. */
export function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (e) {
    return (e as NodeJS.ErrnoException).code === 'EPERM'; // another user's
  }
}

/** Which process numbers this process sees: a container has its own. Empty where the system does not tell (pid_namespaces(7)). */
export function processWorld(): string {
  try {
    return readlinkSync('/proc/self/ns/pid');
  } catch {
    return '';
  }
}
