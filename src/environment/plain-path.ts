/**
 * Files of a worktree or checkout, as Sentra itself reads and writes them. Strangers and agents decide what lies there: a link that
 * leads out, a pipe that nobody feeds, a device without an end. Only plain files inside count; nobody waits.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, mkdir, open, readdir, realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { isAlive } from '#src/process.ts';

/** Undefined for everything but a plain file inside of `root`, directly or by links, of at most `maxBytes`. */
export async function readPlain(root: string, relative: string, maxBytes: number): Promise<Buffer | undefined> {
  const file = await realpath(path.join(root, relative)).catch(() => undefined);
  if (file === undefined || !file.startsWith((await realpath(root)) + path.sep)) return undefined;
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(file, flags).catch(() => undefined);
  try {
    const facts = await handle?.stat();
    if (!handle || !facts?.isFile() || facts.size > maxBytes) return undefined;
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(facts.size), 0, facts.size, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await handle?.close();
  }
}

/** What a file in a worktree is called while it is written: a name that Sentra's commits leave out, like those of the environment files. */
export const draftName = (): string => `.env.${process.pid}-${randomBytes(6).toString('hex')}.local`;
const draftNamed = /^\.env\.(\d+)-[0-9a-f]{12}\.local$/;

/** Removes what a process that was killed had half written in a folder. */
export async function removeDrafts(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    const [, pid] = draftNamed.exec(name) ?? [];
    if (pid && !isAlive(Number(pid))) await rm(path.join(folder, name), { force: true });
  }
}

/** Puts a file in place of whatever is there, with its folders. False, and nothing is written, where one of these is a link. */
export async function writePlain(root: string, relative: string, content: string | Uint8Array): Promise<boolean> {
  if (!(await makeFolder(root, path.dirname(relative)))) return false;
  const file = path.join(root, relative);
  const draft = path.join(path.dirname(file), draftName());
  try {
    const handle = await open(draft, 'wx');
    await handle.writeFile(content).finally(() => handle.close());
    await rename(draft, file);
    return true;
  } finally {
    await rm(draft, { force: true });
  }
}

/** Makes what is missing of a folder; false where a part of it is a link or a file. */
export async function makeFolder(root: string, relative: string): Promise<boolean> {
  let place = root;
  for (const part of relative === '.' ? [] : relative.split(path.sep)) {
    place = path.join(place, part);
    const found = await lstat(place).catch(ignoreMissing);
    if (found === undefined) await mkdir(place);
    else if (!found.isDirectory()) return false;
  }
  return true;
}

function ignoreMissing(e: NodeJS.ErrnoException): undefined {
  if (e.code !== 'ENOENT') throw e;
}
