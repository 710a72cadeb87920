/** How much disk a folder takes: names of one file count once, symbolic links are not followed, and the walk has an end. */
import { lstat, opendir } from 'node:fs/promises';
import path from 'node:path';

const mostEntries = 500_000;
const freshMs = 60_000;

/** Bytes that a file or folder takes; null when it is not there or has more entries than are counted. */
export async function measure(root: string, most = mostEntries): Promise<number | null> {
  const linked = new Set<string>();
  const folders: string[] = [];
  let bytes = 0;
  let left = most;
  const add = async (file: string) => {
    const found = await lstat(file).catch(() => null); // it may vanish meanwhile
    if (!found) return;
    if (found.isDirectory()) folders.push(file);
    else if (found.nlink > 1) {
      const inode = `${found.dev}:${found.ino}`;
      if (linked.has(inode)) return;
      linked.add(inode);
    }
    bytes += found.blocks * 512;
  };
  if (!(await lstat(root).catch(() => null))) return null;
  await add(root);
  for (let folder = folders.pop(); folder; folder = folders.pop())
    for await (const entry of await entriesOf(folder)) {
      left -= 1;
      if (left < 0) return null;
      await add(path.join(folder, entry.name));
    }
  return bytes;
}

const entriesOf = (folder: string) => opendir(folder).catch(() => []);

/** Answers at once with what was measured last, and measures again in the background, one folder at a time. */
export function createDiskUse(): (folder: string) => number | null {
  const known = new Map<string, { bytes: number | null; at: number }>();
  const waiting = new Set<string>();
  let busy = false;
  const work = async () => {
    if (busy) return;
    busy = true;
    for (const folder of waiting) {
      known.set(folder, { bytes: await measure(folder).catch(() => null), at: Date.now() });
      waiting.delete(folder);
    }
    busy = false;
  };
  return (folder) => {
    const last = known.get(folder);
    if (!last || Date.now() - last.at > freshMs) {
      waiting.add(folder);
      void work();
    }
    return last?.bytes ?? null;
  };
}
