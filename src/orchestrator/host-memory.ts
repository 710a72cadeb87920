/**
 * How much memory this host has and has left, or its container where that may use less. Memory that the system can take
 * back at once, such as files it keeps at hand, counts as free. Sources: the kernel's cgroup-v2.rst and cgroup-v1/memory.rst.
 */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { run } from '#src/process.ts';

export type Memory = { total: number; free: number };

/** Reads a few small files; on macOS it asks `vm_stat`. */
export async function readMemory(): Promise<Memory> {
  const host = { total: os.totalmem(), free: await freeOnHost() };
  return readGroups().reduce(
    (least, { limit, used }) => ({
      total: Math.min(least.total, limit),
      free: Math.min(least.free, Math.max(0, limit - used)),
    }),
    host,
  );
}

async function freeOnHost(): Promise<number> {
  if (process.platform !== 'darwin') return os.freemem();
  const { stdout } = await run({ command: '/usr/bin/vm_stat', args: [], cwd: '/', env: {} }, { timeoutMs: 5_000 });
  return parseVmStat(stdout.toString()) ?? os.freemem();
}

/** Node counts only untouched pages as free there; most that is free was used once. */
export function parseVmStat(text: string): number | undefined {
  const pageSize = Number(/page size of (\d+) bytes/.exec(text)?.[1]);
  const pages = (name: string) => Number(new RegExp(`^Pages ${name}:\\s+(\\d+)`, 'm').exec(text)?.[1] ?? 0);
  const sum = pages('free') + pages('inactive') + pages('speculative') + pages('purgeable');
  return pageSize > 0 && sum > 0 ? sum * pageSize : undefined;
}

type Group = { limit: number; used: number };

/** The limits of the groups that this process is in, from its own up to the root. `root` is `/` but in tests. */
export function readGroups(root = '/'): Group[] {
  const lines = readText(path.join(root, 'proc/self/cgroup')).split('\n');
  return lines.flatMap((line) => {
    const [, controllers, place] = /^\d+:([^:]*):(\/.*)$/.exec(line) ?? [];
    if (controllers === undefined || place === undefined) return [];
    if (controllers === '')
      return climb(place).flatMap((folder) =>
        readGroup(path.join(root, 'sys/fs/cgroup', folder), {
          limit: 'memory.max',
          used: 'memory.current',
          cached: 'inactive_file',
        }),
      );
    if (!controllers.split(',').includes('memory')) return [];
    return climb(place).flatMap((folder) =>
      readGroup(path.join(root, 'sys/fs/cgroup/memory', folder), {
        limit: 'memory.limit_in_bytes',
        used: 'memory.usage_in_bytes',
        cached: 'total_inactive_file',
      }),
    );
  });
}

/** `/a/b`, `/a`, `/`: in a container the path may be that of the host, while only `/` is there. */
function climb(place: string): string[] {
  const folders = [place];
  for (let folder = place; folder !== '/'; folders.push(folder)) folder = path.dirname(folder);
  return folders;
}

function readGroup(folder: string, names: { limit: string; used: string; cached: string }): Group[] {
  const limit = Number(readText(path.join(folder, names.limit)) || Number.NaN); // `max` is no number either
  const used = Number(readText(path.join(folder, names.used)) || Number.NaN);
  if (!(limit > 0 && limit < os.totalmem()) || Number.isNaN(used)) return [];
  const cached = new RegExp(`^${names.cached} (\\d+)$`, 'm').exec(readText(path.join(folder, 'memory.stat')))?.[1];
  return [{ limit, used: used - Number(cached ?? 0) }];
}

function readText(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return ''; // not Linux, or no such group
  }
}
