/**
 * Folders for what lives as long as this process, as our unix sockets: short paths (one has room for 107 bytes), private, and found again
 * after a crash. Several hosts may share the place where they lie, and containers of one host even its name: a process number says who is
 * gone only to those that count the same processes, to others of the host the time says it at which the folder was last touched.
 */
import { createHash } from 'node:crypto';
import { mkdtemp, readdir, rm, stat, utimes } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { isAlive, processWorld } from '#src/process.ts';

const digest = (text: string) => createHash('sha256').update(text).digest('hex');
const host = digest(hostname()).slice(0, 6);
const world = digest(processWorld()).slice(0, 4);

const touchMs = 60_000;
const abandonedMs = 30 * touchMs;

/** A new folder that only this user can enter; its name says which process it belongs to. */
export const makeSocketFolder = (): Promise<string> => makeOwnFolder(tmpdir());

/** The same in another place than that for temporary files. */
export async function makeOwnFolder(parent: string): Promise<string> {
  const folder = await mkdtemp(join(parent, `sentra-${host}-${world}-${process.pid}-`));
  const touching = setInterval(async () => {
    const now = new Date();
    await utimes(folder, now, now).catch(() => clearInterval(touching)); // it is gone
  }, touchMs).unref();
  return folder;
}

/** Removes this user's folders of processes that are gone; answers how many. */
export const removeStaleSocketFolders = (): Promise<number> => removeStaleFolders(tmpdir());

export async function removeStaleFolders(parent: string): Promise<number> {
  const names = await readdir(parent).catch(() => []);
  const removed = await Promise.all(names.map((name) => removeIfStale(parent, name)));
  return removed.filter(Boolean).length;
}

async function removeIfStale(parent: string, name: string): Promise<boolean> {
  const [, itsHost, itsWorld, pid] = /^sentra-([0-9a-f]{6})-([0-9a-f]{4})-(\d+)-\w{6}$/.exec(name) ?? [];
  if (itsHost !== host) return false;
  const folder = join(parent, name);
  const owner = await stat(folder).catch(() => undefined);
  if (!owner?.isDirectory() || owner.uid !== process.getuid?.()) return false;
  const isInUse = itsWorld === world ? isAlive(Number(pid)) : Date.now() - owner.mtimeMs < abandonedMs;
  if (isInUse) return false;
  await rm(folder, { recursive: true, force: true });
  return true;
}
