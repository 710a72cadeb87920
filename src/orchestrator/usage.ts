/**
 * What the processes of each task take: memory and processor time now, the peak and the sum per run in the database. A task's
 * processes are those that were started with its private home as HOME, their descendants, and what once was one of those.
 * Looked at every two seconds while something is at work: a program that lives shorter counts when its parent waited for it.
 */
import path from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { TaskId } from '#src/domain/ids.ts';
import { homeOf, listProcesses, memoryOf, type Process, withMemory } from '#src/process/processes.ts';

export type TaskUsage = { processes: number; memory: number; cores: number };
/** What came since the last flush. */
export type Spent = { taskId: string; cpuSeconds: number; peakMemory: number };

export type Usage = {
  /** Of tasks that have a process now. */
  now(): ReadonlyMap<string, TaskUsage>;
  sampleOnce(): Promise<void>;
  /** Takes what was spent and not taken yet. */
  take(): Spent[];
  /** Gives back what could not be kept. */
  giveBack(spent: readonly Spent[]): void;
};

export function createUsage(home: string, list: () => Promise<Process[]> = listProcesses): Usage {
  const owners = createOwners(path.join(home, 'homes'));
  let trees = new Map<string, Process[]>();
  let lookedAt = 0;
  let usage = new Map<string, TaskUsage>();
  const spent = new Map<string, Spent>();
  const add = ({ taskId, cpuSeconds, peakMemory }: Spent) => {
    const before = spent.get(taskId);
    spent.set(taskId, {
      taskId,
      cpuSeconds: (before?.cpuSeconds ?? 0) + cpuSeconds,
      peakMemory: Math.max(before?.peakMemory ?? 0, peakMemory),
    });
  };
  return {
    now: () => usage,
    async sampleOnce() {
      const next = new Map<string, Process[]>();
      const used = new Map<string, TaskUsage>();
      const found = owners.sort(await list());
      const at = performance.now();
      for (const [taskId, processes] of found) {
        const before = trees.get(taskId);
        const tree = processes.map(withMemory);
        await nextTurn(); // a task at a time: each of its processes is a file to read
        const memory = memoryOf(tree);
        const cpuSeconds = secondsSince(before ?? [], tree);
        const cores = before ? (cpuSeconds * 1000) / (at - lookedAt) : 0;
        next.set(taskId, tree);
        used.set(taskId, { processes: tree.length, memory, cores });
        add({ taskId, cpuSeconds, peakMemory: memory });
      }
      trees = next;
      usage = used;
      lookedAt = at;
    },
    take() {
      const all = [...spent.values()];
      spent.clear();
      return all;
    },
    giveBack: (again) => again.forEach(add),
  };
}

/**
 * Processor time of a tree since the last look. That of a process that ended is in the figure of whoever waited for it; where
 * nobody of the tree is left to have done so, it is known already and goes.
 */
function secondsSince(before: readonly Process[], now: readonly Process[]): number {
  const alive = new Set(now.map(identityOf));
  const earlier = new Map(before.map((one) => [one.pid, one]));
  const isHeld = (one: Process | undefined): boolean =>
    one !== undefined && (alive.has(identityOf(one)) || (one.parent !== one.pid && isHeld(earlier.get(one.parent))));
  return Math.max(0, sum(now) - sum(before.filter(isHeld)));
}

const sum = (processes: readonly Process[]) => processes.reduce((total, { cpuSeconds }) => total + cpuSeconds, 0);

const identityOf = ({ pid, startedAt }: Process) => `${pid} ${startedAt}`;

/** Which task a process belongs to. The environment is read once or twice in a process's life, and only of leaders of a session. */
function createOwners(homes: string) {
  let known = new Map<string, { taskId: string | undefined; looks: number }>();
  const taskIn = (one: Process): string | undefined => {
    const home = homeOf(one);
    const name = home !== undefined && path.dirname(home) === homes ? path.basename(home) : undefined;
    return TaskId.safeParse(name).success ? name : undefined;
  };
  return {
    sort(all: readonly Process[]): Map<string, Process[]> {
      const byPid = new Map(all.map((one) => [one.pid, one]));
      const next: typeof known = new Map();
      const ownerOf = (one: Process, depth = 0): string | undefined => {
        const key = identityOf(one);
        const decided = next.get(key);
        if (decided) return decided.taskId;
        const before = known.get(key);
        let taskId = before?.taskId;
        const looks = before?.looks ?? 0;
        // A second look: between its fork and its exec a process still bears its parent's environment.
        if (!taskId && looks < 2 && one.session === one.pid) taskId = taskIn(one);
        const leader = byPid.get(one.session) ?? byPid.get(one.group);
        for (const near of [byPid.get(one.parent), leader])
          if (!taskId && near && near !== one && depth < 64) taskId = ownerOf(near, depth + 1);
        next.set(key, { taskId, looks: looks + 1 });
        return taskId;
      };
      const found = new Map<string, Process[]>();
      for (const one of all) {
        const taskId = ownerOf(one);
        if (taskId) found.set(taskId, [...(found.get(taskId) ?? []), one]);
      }
      known = next;
      return found;
    },
  };
}
