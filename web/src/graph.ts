/** The graph of tasks as a picture: which tasks are in it, where each stands, and what about it matters. Pure. */
import {
  coordGreedy,
  decrossTwoLayer,
  graphStratify,
  layeringLongestPath,
  sugiyama,
  twolayerAgg,
  twolayerGreedy,
} from 'd3-dag';
import { ancestorsOf, dependantsOf, sortGraph } from '#src/domain/graph.ts';
import { isGivenUp, isOver } from '#src/domain/status.ts';
import type { Task } from '#src/domain/task.ts';

/** Pixels. */
export const nodeSize = { width: 180, height: 56 } as const;
const gap = { across: 48, along: 20 } as const;
const margin = 24;
/** More would stop the page for seconds, and be no picture. */
export const mostDrawn = 1_500;

type Point = readonly [x: number, y: number];
export type Line = { from: string; to: string; path: string };
export type GraphPicture = {
  width: number;
  height: number;
  /** The upper left corner of each task. */
  places: ReadonlyMap<string, Point>;
  lines: readonly Line[];
};

/** Tasks that a line leads to: all of them, or those that are open with what they stand on directly. */
export function tasksInGraph(tasks: readonly Task[], withDone: boolean): Task[] {
  const open = tasks.filter(({ status }) => withDone || !isOver(status));
  const wanted = new Set(open.flatMap(({ id, dependencies }) => [id, ...dependencies]));
  const among = tasks.filter(({ id }) => wanted.has(id));
  const known = new Set(among.map(({ id }) => id));
  const linked = new Set<string>();
  for (const { id, dependencies, conflictsWith } of among)
    for (const other of [...dependencies, ...conflictsWith]) if (known.has(other)) linked.add(id).add(other);
  return among.filter(({ id }) => linked.has(id));
}

type Linked = Pick<Task, 'id' | 'dependencies'>;

/** From left to right, each after all that it waits for; the same for the same tasks. A thousand take about half a second. */
export function layOut(tasks: readonly Linked[]): GraphPicture {
  if (tasks.length === 0) return { width: 0, height: 0, places: new Map(), lines: [] };
  const known = new Set(tasks.map(({ id }) => id));
  const graph = graphStratify()(
    tasks.map(({ id, dependencies }) => ({ id, parentIds: dependencies.filter((other) => known.has(other)) })),
  );
  // It lays out from top to bottom: what is across there is along here.
  const { width, height } = sugiyama()
    .layering(layeringLongestPath())
    .decross(decrossTwoLayer().order(twolayerGreedy().base(twolayerAgg())))
    .coord(coordGreedy())
    .nodeSize([nodeSize.height, nodeSize.width])
    .gap([gap.along, gap.across])(graph);
  const places = new Map<string, Point>();
  for (const { data, x, y } of graph.nodes())
    places.set(data.id, [margin + y - nodeSize.width / 2, margin + x - nodeSize.height / 2]);
  const lines = [...graph.links()].map(({ source, target, points }) => ({
    from: source.data.id,
    to: target.data.id,
    path: curve(points.map(([x, y]) => [margin + y, margin + x])),
  }));
  return { width: height + 2 * margin, height: width + 2 * margin, places, lines };
}

/** From the right edge of the first box to the left edge of the last, level at each of its points. */
function curve(points: readonly Point[]): string {
  const half = nodeSize.width / 2;
  const at = points.map(([x, y], index): Point => {
    if (index === 0) return [x + half, y];
    return index === points.length - 1 ? [x - half, y] : [x, y];
  });
  const [[x0, y0] = [0, 0], ...rest] = at;
  let [x, y] = [x0, y0];
  const parts = [`M${round(x)} ${round(y)}`];
  for (const [nextX, nextY] of rest) {
    const middle = round((x + nextX) / 2);
    parts.push(`C${middle} ${round(y)} ${middle} ${round(nextY)} ${round(nextX)} ${round(nextY)}`);
    [x, y] = [nextX, nextY];
  }
  return parts.join('');
}

const round = (value: number) => Math.round(value * 10) / 10;

/** The chain with the most tasks that are still to be done, from its first to its last; empty without a chain. */
export function longestChain(tasks: readonly Task[]): string[] {
  const open = tasks.filter(({ status }) => !isOver(status));
  const byId = new Map(open.map((task) => [task.id, task]));
  const dependenciesOf = (id: string) => byId.get(id)?.dependencies.filter((other) => byId.has(other)) ?? [];
  const best = new Map<string, { length: number; before: string | undefined }>();
  let last: string | undefined;
  for (const id of sortGraph([...byId.keys()], dependenciesOf)) {
    const lengthOf = (one: string | undefined) => best.get(one ?? '')?.length ?? 0;
    let before: string | undefined;
    for (const other of dependenciesOf(id)) if (lengthOf(other) > lengthOf(before)) before = other;
    best.set(id, { length: lengthOf(before) + 1, before });
    if (lengthOf(id) > lengthOf(last)) last = id;
  }
  const chain: string[] = [];
  for (let id = last; id !== undefined; id = best.get(id)?.before) chain.unshift(id);
  return chain.length > 1 ? chain : [];
}

/** For each task, how many that are still to be done wait for it, directly or not. */
export function countWaiting(tasks: readonly Task[], of: readonly string[]): Map<string, number> {
  const ids = tasks.map(({ id }) => id);
  const byId = new Map(tasks.map((task) => [task.id, task]));
  const dependants = dependantsOf(ids, (id) => byId.get(id)?.dependencies ?? []);
  const isOpen = (id: string) => !isOver(byId.get(id)?.status ?? 'completed');
  return new Map(
    of.map((id) => [id, [...ancestorsOf([id], (one) => dependants.get(one) ?? [])].filter(isOpen).length]),
  );
}

export type Help = { task: Task; waiting: number };

/** What a person can do so that most goes on: tasks that need one, with how many wait for each. */
export function whatHelps(tasks: readonly Task[], most = 5): Help[] {
  const stuck = tasks.filter(({ status }) => status === 'in_review' || status === 'failed' || isGivenUp(status));
  const waiting = countWaiting(
    tasks,
    stuck.map(({ id }) => id),
  );
  return stuck
    .map((task) => ({ task, waiting: waiting.get(task.id) ?? 0 }))
    .filter((help) => help.waiting > 0)
    .sort((a, b) => b.waiting - a.waiting)
    .slice(0, most);
}

/** Each pair once. */
export function conflictsAmong(tasks: readonly Task[]): [string, string][] {
  const known = new Set(tasks.map(({ id }) => id));
  return tasks.flatMap(({ id, conflictsWith }) =>
    conflictsWith.filter((other) => id < other && known.has(other)).map((other): [string, string] => [id, other]),
  );
}
