import { sortGraph } from '#src/domain/graph.ts';

/** `held`: how long it has its machine; `duration`: until those that depend on it may begin. */
export type Scheduled = { id: string; dependencies: readonly string[]; held: number; duration: number };

/** The makespan of a list schedule: `slots` machines, each taking the best that is ready the moment it is free. */
export function listSchedule(tasks: readonly Scheduled[], slots: number): number {
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const order = sortGraph(
    tasks.map(({ id }) => id),
    (id) => byId.get(id)?.dependencies ?? [],
  );
  const tail = new Map<string, number>(); // the longest way from its start to the end of all
  for (const id of order.toReversed()) {
    const dependants = tasks.filter((task) => task.dependencies.includes(id));
    tail.set(id, (byId.get(id)?.duration ?? 0) + Math.max(0, ...dependants.map((task) => tail.get(task.id) ?? 0)));
  }
  const ends = new Map<string, number>();
  const machines = Array.from({ length: slots }, () => 0);
  const waiting = new Set(order);
  while (waiting.size) {
    const at = machines.indexOf(Math.min(...machines));
    const now = machines[at] ?? 0;
    const readyAt = (id: string) =>
      Math.max(0, ...(byId.get(id)?.dependencies ?? []).map((d) => ends.get(d) ?? Number.POSITIVE_INFINITY));
    const ready = [...waiting]
      .filter((id) => readyAt(id) <= now)
      .sort((a, b) => (tail.get(b) ?? 0) - (tail.get(a) ?? 0));
    const next = ready[0];
    if (next === undefined) {
      machines[at] = Math.min(...[...waiting].map(readyAt)); // nothing is ready: this machine waits
      continue;
    }
    waiting.delete(next);
    machines[at] = now + (byId.get(next)?.held ?? 0);
    ends.set(next, now + (byId.get(next)?.duration ?? 0));
  }
  return Math.max(...ends.values());
}
