/** How much disk a folder takes: names of one file count once, symbolic links are not followed, and the walk has an end. */
import { lstat, opendir } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { messageOf } from '#src/errors.ts';

const mostEntries = 500_000;
const freshMs = 15_000;
const patienceMs = 2_000;

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

export type InBackground<T> = {
  /** What was measured last, at once; measures again in the background when that is old. */
  current(): { value: T; at: string } | undefined;
  /** The same; before the first time it waits a moment for it. */
  soon(): Promise<{ value: T; at: string } | undefined>;
};

/**
 * Measures when somebody looks, and rests fifty times as long as it took: a host with two hundred worktrees is gone through
 * less often than one with two.
 */
export function measureInBackground<T>(
  work: () => Promise<T>,
  { onError, signal }: { onError: (message: string) => void; signal: AbortSignal },
): InBackground<T> {
  let last: { value: T; at: string } | undefined;
  let restUntil = 0;
  let running: Promise<void> | undefined;
  const measureAll = async () => {
    const startedAt = Date.now();
    try {
      last = { value: await work(), at: new Date().toISOString() };
    } catch (e) {
      if (!signal.aborted) onError(messageOf(e));
    } finally {
      restUntil = Date.now() + Math.max(freshMs, 50 * (Date.now() - startedAt));
      running = undefined;
    }
  };
  const current = () => {
    if (!running && Date.now() >= restUntil && !signal.aborted) running = measureAll();
    return last;
  };
  return {
    current,
    async soon() {
      if (!current()) await Promise.race([running, sleep(patienceMs, undefined, { ref: false })]);
      return last;
    },
  };
}
