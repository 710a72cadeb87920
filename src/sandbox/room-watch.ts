/**
 * Looks after how much of the host each room takes, and ends one that takes too much. The one idea: what a room started stays
 * below its first process, whatever it does to get away (a PID namespace sees to that), so a room is a tree in /proc, and a tree
 * can be counted. It is a look twice a second, no wall: the hard limits are in the room's entry (limits.ts).
 */
import { statfs } from 'node:fs/promises';
import type { RoomLimits } from '#src/domain/confinement.ts';
import { listProcesses, memoryOf, type Process, withMemory } from '#src/process/processes.ts';
import { run, type Watched } from '#src/process.ts';
import { sharedMemoryOfHost, unmappedMemoryOf } from '#src/sandbox/shared-memory.ts';

export type WatchedRoom = {
  limits: RoomLimits;
  /** What counts as its disk. */
  folders: readonly string[];
  /** Told why it was ended, with the way out. */
  onLimit?: ((why: string) => void) | undefined;
};

type Watch = WatchedRoom & { program: Watched; disk: DiskLook };
/** Times are of `performance.now()`. */
type DiskLook = { free: number; again: number; underWay: boolean };

const lookMs = 500;
const diskLookMs = 30_000;

export function createRoomWatch() {
  const rooms = new Set<Watch>();
  let timer: NodeJS.Timeout | undefined;
  const lookLater = () => {
    timer ??= setTimeout(async () => {
      await lookOnce(rooms).catch(() => {}); // /proc could not be read: the next look tells
      timer = undefined;
      if (rooms.size > 0) lookLater();
    }, lookMs).unref();
  };
  return {
    /** Until what comes back is called. */
    watch(program: Watched, room: WatchedRoom): () => void {
      const watch = {
        ...room,
        program,
        disk: { free: Number.NaN, again: performance.now() + diskLookMs, underWay: false },
      };
      rooms.add(watch);
      lookLater();
      return () => rooms.delete(watch);
    },
    close(): void {
      clearTimeout(timer);
      rooms.clear();
    },
  };
}

async function lookOnce(rooms: Set<Watch>): Promise<void> {
  const children = Map.groupBy(await listProcesses(), ({ parent }) => parent);
  const shared = sharedMemoryOfHost();
  for (const room of rooms) {
    const why = findExcess(treeOf(room.program.pid, children), room.limits, shared);
    if (why) end(rooms, room, why);
    else await lookAtDisk(rooms, room);
  }
}

function end(rooms: Set<Watch>, room: Watch, why: string): void {
  if (!rooms.delete(room)) return; // it has ended
  room.onLimit?.(why);
  room.program.end(why);
}

function treeOf(root: number, children: ReadonlyMap<number, Process[]>): Process[] {
  const tree = [...(children.get(root) ?? [])];
  for (let at = 0; at < tree.length; at++) tree.push(...(children.get(tree[at]?.pid ?? -1) ?? []));
  return tree;
}

/** `shared`: memory of the whole host that may be a room's without being in the share of its processes. */
function findExcess(tree: readonly Process[], { processes, memoryBytes }: RoomLimits, shared: number) {
  if (tree.length > processes)
    return `It was ended: it had ${tree.length} processes, and ${processes} are allowed. If it needs more, raise limits.processes in sentra.json.`;
  const ofProcesses = memoryOf(tree.map(withMemory));
  const memory = ofProcesses + (ofProcesses + shared > memoryBytes ? unmappedMemoryOf(tree) : 0);
  if (memory <= memoryBytes) return undefined;
  return `It was ended: it took ${megabytes(memory)} MB of memory, and ${megabytes(memoryBytes)} are allowed. If it needs more, raise limits.memoryMb in sentra.json.`;
}

/** To add up a folder takes long: it is done now and then, and when the disk has lost enough since for it to matter. */
async function lookAtDisk(rooms: Set<Watch>, room: Watch): Promise<void> {
  const { disk, limits } = room;
  const free = await freeOf(room.folders);
  if (Number.isNaN(disk.free)) disk.free = free;
  const isUrgent = disk.free - free > limits.diskBytes / 8;
  if (disk.underWay || !(isUrgent || performance.now() > disk.again)) return;
  disk.underWay = true;
  disk.free = free;
  const startedAt = performance.now();
  void sizeOf(room.folders).then((bytes) => {
    disk.underWay = false;
    disk.again = performance.now() + Math.max(diskLookMs, 20 * (performance.now() - startedAt));
    if (bytes > limits.diskBytes)
      end(
        rooms,
        room,
        `It was ended: the worktree and its home came to ${megabytes(bytes)} MB, and ${megabytes(limits.diskBytes)} are allowed. If the project needs more, raise limits.diskMb in sentra.json.`,
      );
  });
}

async function freeOf(folders: readonly string[]): Promise<number> {
  const found = await Promise.all(folders.map((folder) => statfs(folder).catch(() => undefined)));
  return Math.min(...found.map((one) => (one ? one.bavail * one.bsize : Number.POSITIVE_INFINITY)));
}

/** 0 where it could not be told. */
async function sizeOf(folders: readonly string[]): Promise<number> {
  const command = { command: 'du', args: ['-skx', '--', ...folders], cwd: '/', env: { PATH: '/usr/bin:/bin' } };
  const told = await run(command, { timeoutMs: 120_000 }).catch(() => undefined);
  const lines = told?.stdout.toString().split('\n') ?? [];
  return lines.reduce((sum, line) => sum + (Number.parseInt(line, 10) || 0) * 1024, 0);
}

const megabytes = (bytes: number): number => Math.round(bytes / 1e6);
