/** Folders for what lives as long as this process, as our unix sockets: short paths (one has room for 107 bytes), private, and found again after a crash. */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, stat } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive } from '#src/process.ts';

/** Of a folder that several hosts share, each knows only its own processes. */
const host = createHash('sha256').update(hostname()).digest('hex').slice(0, 6);

/** A new folder that only this user can enter; its name says which process it belongs to. */
export const makeSocketFolder = (): Promise<string> => makeOwnFolder(tmpdir());

/** The same in another place than that for temporary files. */
export const makeOwnFolder = (parent: string): Promise<string> =>
  mkdtemp(join(parent, `sentra-${host}-${process.pid}-`));

/** Removes this user's folders of processes that are gone; answers how many. */
export const removeStaleSocketFolders = (): Promise<number> => removeStaleFolders(tmpdir());

export async function removeStaleFolders(parent: string): Promise<number> {
  const names = await readdir(parent).catch(() => []);
  const removed = await Promise.all(names.map((name) => removeIfStale(parent, name)));
  return removed.filter(Boolean).length;
}

async function removeIfStale(parent: string, name: string): Promise<boolean> {
  const [, maker, pid] = /^sentra-([0-9a-f]{6})-(\d+)-\w{6}$/.exec(name) ?? [];
  if (maker !== host || isAlive(Number(pid))) return false;
  const folder = join(parent, name);
  const owner = await stat(folder).catch(() => undefined);
  if (!owner?.isDirectory() || owner.uid !== process.getuid?.()) return false;
  await rm(folder, { recursive: true, force: true });
  return true;
}
