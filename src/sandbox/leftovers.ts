/**
 * What an earlier life of this server left at work. A wall dies with us but for a moment while it is built, and a program
 * without one can leave its process group; both still have a task's home as theirs. Linux: elsewhere none are found.
 */
import { readdir, readFile } from 'node:fs/promises';

export type RoomProcess = { pid: number /** Name of the home that it lives in. */; taskId: string };

/** Every process whose HOME is a folder in `homes`. */
export async function listRoomProcesses(homes: string): Promise<RoomProcess[]> {
  const names = await readdir('/proc').catch(() => []);
  const found = await Promise.all(names.filter((name) => /^\d+$/.test(name)).map((pid) => readOne(pid, homes)));
  return found.filter((process) => process !== undefined);
}

/** Ends all of them, or those of some tasks; answers how many. Nothing of this life may be at work in them. */
export async function endLeftovers(homes: string, isDead: (taskId: string) => boolean = () => true): Promise<number> {
  const found = (await listRoomProcesses(homes)).filter(({ taskId }) => isDead(taskId));
  return found.filter(({ pid }) => endOne(pid)).length;
}

async function readOne(pid: string, homes: string): Promise<RoomProcess | undefined> {
  const environment = await readFile(`/proc/${pid}/environ`, 'utf8').catch(() => ''); // it ended, or is another user's
  const start = `HOME=${homes}/`;
  const home = environment.split('\0').find((entry) => entry.startsWith(start));
  const taskId = home?.slice(start.length).split('/')[0];
  return taskId ? { pid: Number(pid), taskId } : undefined;
}

function endOne(pid: number): boolean {
  try {
    return process.kill(pid, 'SIGKILL');
  } catch {
    return false; // it ended with one that was killed before
  }
}
