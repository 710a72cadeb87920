/**
 * Whether anything new may start. Looks at every file system that work is written to (home, database, each project's
 * worktrees) and at memory; while one runs short the scheduler's gate is closed, what is at work goes on, and it opens by itself
 * when there is room again. What cannot be looked at stops nothing.
 */
import { existsSync } from 'node:fs';
import { stat, statfs } from 'node:fs/promises';
import path from 'node:path';
import { isShort, type Reserve, reserveOf } from '#src/domain/reserve.ts';
import type { Shortage } from '#src/domain/system.ts';
import { messageOf } from '#src/errors.ts';
import { type Memory, readMemory } from '#src/orchestrator/host-memory.ts';

export type Place = { name: string; path: string };

export type Intake = {
  /** Empty: anything may start. As of the last look. */
  shortages(): readonly Shortage[];
  lookOnce(): Promise<void>;
};

export type IntakeOptions = {
  places: () => Promise<readonly Place[]>;
  disk: Reserve;
  memory: Reserve;
  /** Told when something else is short than before. */
  onChange: (shortages: readonly Shortage[]) => Promise<void>;
  onError: (message: string) => void;
  readMemory?: () => Promise<Memory>;
};

/** A disk has millions of inodes: a share of them would be more than any worktree needs. */
const inodesAtMost = 100_000;

export function createIntake(options: IntakeOptions): Intake {
  let current: readonly Shortage[] = [];
  const lookOnce = async () => {
    const wasShort = (code: Shortage['code'], place: string) =>
      current.some((one) => one.code === code && one.place === place);
    const [disks, memory] = await Promise.all([
      lookAtDisks(options, wasShort),
      lookAtMemory(options, wasShort).catch((e) => told(options, 'memory', e)),
    ]);
    const before = keysOf(current);
    current = [...disks, ...memory];
    if (keysOf(current) !== before) await options.onChange(current).catch((e) => told(options, 'the change', e));
  };
  return {
    shortages: () => current,
    lookOnce,
  };
}

type WasShort = (code: Shortage['code'], place: string) => boolean;

async function lookAtDisks(options: IntakeOptions, wasShort: WasShort): Promise<Shortage[]> {
  const disks = new Map<number, Place>();
  for (const { name, path: wanted } of await options.places()) {
    const folder = nearestFolder(wanted);
    try {
      const { dev } = await stat(folder);
      if (!disks.has(dev)) disks.set(dev, { name, path: folder });
    } catch (e) {
      told(options, folder, e);
    }
  }
  const found = await Promise.all(
    [...disks.values()].map((place) =>
      lookAtDisk(place, options.disk, wasShort).catch((e) => told(options, place.path, e)),
    ),
  );
  return found.flat();
}

async function lookAtDisk({ name, path: folder }: Place, reserve: Reserve, wasShort: WasShort): Promise<Shortage[]> {
  const { blocks, bavail, bsize, files, ffree } = await statfs(folder);
  const free = bavail * bsize;
  const floor = reserveOf(reserve, blocks * bsize);
  const found: Shortage[] = [];
  const wayOut =
    'Make room: `npx sentra worktree clean` removes what no task needs, `npx sentra status` shows what takes it';
  const goesOn = 'It goes on by itself';
  if (isShort(free, floor, wasShort('disk_low', folder)))
    found.push({
      code: 'disk_low',
      place: folder,
      message: `The disk of ${name} (${folder}) has ${gigabytes(free)} free and nothing new starts under ${gigabytes(floor)}. ${wayOut}; SENTRA_MIN_DISK sets the limit. ${goesOn}.`,
    });
  const inodes = reserveOf({ bytes: 0, percent: reserve.percent, percentAtMost: inodesAtMost }, files);
  if (files > 0 && isShort(ffree, inodes, wasShort('inodes_low', folder)))
    found.push({
      code: 'inodes_low',
      place: folder,
      message: `The disk of ${name} (${folder}) has room for ${ffree} more files and nothing new starts under ${Math.ceil(inodes)}. ${wayOut}. ${goesOn}.`,
    });
  return found;
}

async function lookAtMemory(options: IntakeOptions, wasShort: WasShort): Promise<Shortage[]> {
  const { total, free } = await (options.readMemory ?? readMemory)();
  const floor = reserveOf(options.memory, total);
  if (!isShort(free, floor, wasShort('memory_low', 'memory'))) return [];
  const message = `This host has ${gigabytes(free)} of memory free and nothing new starts under ${gigabytes(floor)}. Wait for runs to end, close other programs, or run fewer at once (SENTRA_SLOTS); SENTRA_MIN_MEMORY sets the limit. It goes on by itself.`;
  return [{ code: 'memory_low', place: 'memory', message }];
}

/** A folder of worktrees is made with the first of them. */
function nearestFolder(wanted: string): string {
  let folder = wanted;
  while (!existsSync(folder) && folder !== path.dirname(folder)) folder = path.dirname(folder);
  return folder;
}

const gigabytes = (bytes: number) => (bytes < 1e9 ? `${Math.round(bytes / 1e6)} MB` : `${(bytes / 1e9).toFixed(1)} GB`);
const keysOf = (shortages: readonly Shortage[]) => shortages.map(({ code, place }) => `${code} ${place}`).join('\n');

function told(options: IntakeOptions, what: string, e: unknown): never[] {
  options.onError(`${what} could not be looked at: ${messageOf(e)}`);
  return [];
}
