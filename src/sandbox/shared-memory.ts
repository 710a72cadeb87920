/**
 * Memory behind files without a name (memfd_create(2)). While nobody maps it, it is in no process's share: only who has the file open can be
 * told. To go through all open files takes long, so it is done where it could decide.
 */
import { readdirSync, readFileSync, readlinkSync, statSync } from 'node:fs';
import type { Process } from '#src/process/processes.ts';

/** All memory of this host that stands for files: no room has more of it. */
export function sharedMemoryOfHost(): number {
  return kilobytes(readText('/proc/meminfo'), 'Shmem') * 1024;
}

/** What a tree of processes has in such files beyond what it has mapped, and is counted with its processes. */
export function unmappedMemoryOf(tree: readonly Pick<Process, 'pid'>[]): number {
  const sizes = new Map(tree.flatMap(({ pid }) => listNameless(pid)));
  const total = [...sizes.values()].reduce((sum, bytes) => sum + bytes, 0);
  if (total === 0) return 0;
  const mapped = tree.map(({ pid }) => kilobytes(readText(`/proc/${pid}/status`), 'RssShmem') * 1024);
  return Math.max(0, total - Math.max(0, ...mapped));
}

/** By what tells one file from all others, with what is in memory of it. */
function listNameless(pid: number): [string, number][] {
  const folder = `/proc/${pid}/fd`;
  return attempt(() => readdirSync(folder), []).flatMap((name) =>
    attempt((): [string, number][] => {
      const file = `${folder}/${name}`;
      if (!readlinkSync(file).startsWith('/memfd:')) return [];
      const { dev, ino, blocks } = statSync(file);
      return [[`${dev}:${ino}`, blocks * 512]];
    }, []),
  );
}

const kilobytes = (text: string, name: string): number =>
  Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? 0);

const readText = (file: string): string => attempt(() => readFileSync(file, 'utf8'), '');

/** The process ended meanwhile, or the file was closed. */
function attempt<T>(read: () => T, otherwise: T): T {
  try {
    return read();
  } catch {
    return otherwise;
  }
}
