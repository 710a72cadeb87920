/** Folders for our unix sockets: short paths (one has room for 107 bytes), private, and found again after a crash. */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** A new folder that only this user can enter; its name says which process it belongs to. */
export const makeSocketFolder = (): Promise<string> => mkdtemp(join(tmpdir(), `sentra-${process.pid}-`));

/** Removes this user's folders of processes that are gone; answers how many. */
export async function removeStaleSocketFolders(): Promise<number> {
  const names = await readdir(tmpdir()).catch(() => []);
  const removed = await Promise.all(names.map(removeIfStale));
  return removed.filter(Boolean).length;
}

async function removeIfStale(name: string): Promise<boolean> {
  const pid = /^sentra-(\d+)-\w{6}$/.exec(name)?.[1];
  if (!pid || isAlive(Number(pid))) return false;
  const folder = join(tmpdir(), name);
  const owner = await stat(folder).catch(() => undefined);
  if (!owner?.isDirectory() || owner.uid !== process.getuid?.()) return false;
  await rm(folder, { recursive: true, force: true });
  return true;
}

function isAlive(pid: number): boolean {
  try {
    return process.kill(pid, 0);
  } catch (e) {
    return (e as NodeJS.ErrnoException).code === 'EPERM'; // another user's
  }
}
