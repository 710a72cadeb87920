/**
 * What an earlier life of this server left at work. A wall dies with us but for a moment while it is built, and a program
 * without one can leave its process group; both still have a task's home as theirs. Linux: elsewhere none are found.
 */
import { readdir, readFile } from 'node:fs/promises';

/** Ends every process whose HOME is a folder in `homes`; answers how many. Nothing of this life may be at work yet. */
export async function endLeftovers(homes: string): Promise<number> {
  const names = await readdir('/proc').catch(() => []);
  const ended = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map((pid) => endOne(pid, homes)));
  return ended.filter(Boolean).length;
}

async function endOne(pid: string, homes: string): Promise<boolean> {
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => ''); // it ended, or is another user's
  if (!environment.split('\0').some((entry) => entry.startsWith(`HOME=${homes}/`))) return false;
  try {
    return process.kill(Number(pid), 'SIGKILL');
  } catch {
    return false; // it ended with one that was killed before
  }
}
