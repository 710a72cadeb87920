import { readFileSync } from 'node:fs';

/** Whether a process is at work; one that has ended and waits to be asked for its exit code is not. */
export const isAlive = (pid: number): boolean => /\) [^ZX]/.test(readProc(`${pid}/stat`));

/** A file in /proc, empty where the process has ended. */
export function readProc(file: string): string {
  try {
    return readFileSync(`/proc/${file}`, 'utf8');
  } catch {
    return '';
  }
}
