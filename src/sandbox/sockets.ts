/** Folders for what lives as long as this process, as our unix sockets: short paths (one has room for 107 bytes), private, and found again after a crash. */
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '#src/process.ts';

/** A new folder that only this user can enter; its name says which process it belongs to. */
export const makeSocketFolder = (): Promise<string> => makeOwnFolder(tmpdir());

/** The same in another place than that for temporary files. */
export const makeOwnFolder = (parent: string): Promise<string> => mkdtemp(join(parent, `sentra-${process.pid}-`));

/** Removes this user's folders of processes that are gone; answers how many. */
export const removeStaleSocketFolders = (): Promise<number> => removeStaleFolders(tmpdir());

export async function removeStaleFolders(parent: string): Promise<number> {
  const names = await readdir(parent).catch(() => []);
  const removed = await Promise.all(names.map((name) => removeIfStale(parent, name)));
  return removed.filter(Boolean).length;
}

async function removeIfStale(parent: string, name: string): Promise<boolean> {
  const pid = /^sentra-(\d+)-\w{6}$/.exec(name)?.[1];
  if (!pid || isAlive(Number(pid))) return false;
  const folder = join(parent, name);
  const owner = await stat(folder).catch(() => undefined);
  if (!owner?.isDirectory() || owner.uid !== process.getuid?.()) return false;
  await rm(folder, { recursive: true, force: true });
  return true;
}
