/** Edits of the graph of tasks. Each holds the project's lock, refuses what would close a cycle, and counts anew who waits for whom. */
import { ancestorsOf, countDependants, findAnyCycle, findCycle } from '#src/domain/graph.ts';
import { shortId } from '#src/domain/ids.ts';
import { SentraError } from '#src/errors.ts';
import type { Queryable } from '#src/store/database.ts';
import {
  countNewDependant,
  insertDependencies,
  listDependencies,
  listTitles,
  lockGraph,
  replaceDependencies,
  writeUnblocks,
} from '#src/store/task-graph.ts';

/** What a task that was just inserted waits for. Nothing waits for it yet, so it closes no cycle. */
export async function connectNew(
  tx: Queryable,
  { id, projectId, dependencies }: { id: string; projectId: string; dependencies: readonly string[] },
): Promise<void> {
  if (!dependencies.length) return;
  await lockGraph(tx, projectId);
  await refuseStrangers(tx, projectId, dependencies);
  await replaceDependencies(tx, id, dependencies);
  await countNewDependant(tx, id);
}

/** What the tasks of a batch, which were just inserted, wait for: one another, or tasks that were there before. */
export async function connectBatch(
  tx: Queryable,
  projectId: string,
  edges: ReadonlyMap<string, readonly string[]>,
  keyOf: (id: string) => string,
): Promise<void> {
  const ids = [...edges.keys()];
  const dependenciesOf = (id: string) => edges.get(id) ?? [];
  const cycle = findAnyCycle(ids, dependenciesOf);
  if (cycle) throw cycleError(cycle, cycle.map(keyOf));
  const outside = [...new Set([...edges.values()].flat())].filter((id) => !edges.has(id));
  if (outside.length) {
    await lockGraph(tx, projectId);
    await refuseStrangers(tx, projectId, outside);
  }
  await insertDependencies(
    tx,
    ids.flatMap((taskId) => dependenciesOf(taskId).map((dependsOn) => ({ taskId, dependsOn }))),
  );
  await writeUnblocks(tx, countDependants(ids, dependenciesOf));
  if (outside.length) await countAbove(tx, projectId, outside);
}

export type DependencyEdit = { replace?: readonly string[]; add?: readonly string[]; remove?: readonly string[] };

/** Changes what a task waits for. */
export async function reconnect(
  tx: Queryable,
  { id, projectId }: { id: string; projectId: string },
  { replace, add = [], remove = [] }: DependencyEdit,
): Promise<void> {
  await lockGraph(tx, projectId);
  const edges = await listDependencies(tx, projectId);
  const before = edges.get(id) ?? [];
  const after = [...new Set([...(replace ?? before), ...add])].filter((other) => !remove.includes(other));
  await refuseStrangers(tx, projectId, after);
  edges.set(id, after);
  const cycle = findCycle(id, (other) => edges.get(other) ?? []);
  if (cycle) throw cycleError(cycle, await namesOf(tx, projectId, cycle));
  await replaceDependencies(tx, id, after);
  await countAbove(tx, projectId, [...before, ...after]);
}

/** Counts anew for these tasks and all that they wait for. */
async function countAbove(tx: Queryable, projectId: string, from: readonly string[]): Promise<void> {
  const edges = await listDependencies(tx, projectId);
  const dependenciesOf = (id: string) => edges.get(id) ?? [];
  const counts = countDependants([...new Set([...edges.keys(), ...[...edges.values()].flat()])], dependenciesOf);
  const affected = new Set([...from, ...ancestorsOf(from, dependenciesOf)]);
  await writeUnblocks(tx, new Map([...affected].map((id) => [id, counts.get(id) ?? 0])));
}

async function refuseStrangers(tx: Queryable, projectId: string, dependencies: readonly string[]): Promise<void> {
  const ours = await listTitles(tx, projectId, dependencies);
  const missing = dependencies.filter((id) => !ours.has(id));
  if (missing.length)
    throw new SentraError(
      'invalid',
      `The project has no task ${missing.map((id) => `"${id}"`).join(', ')} to depend on.`,
    );
}

async function namesOf(tx: Queryable, projectId: string, ids: readonly string[]): Promise<string[]> {
  const titles = await listTitles(tx, projectId, ids);
  return ids.map((id) => `"${titles.get(id) ?? shortId(id)}" (${id})`);
}

const longestCycleTold = 12;

function cycleError(cycle: string[], names: string[]): SentraError {
  const left = names.length - longestCycleTold;
  const told = left > 0 ? [...names.slice(0, longestCycleTold - 1), `… ${left} more …`, ...names.slice(-1)] : names;
  return new SentraError(
    'dependency_cycle',
    `These tasks would wait for one another: ${told.join(' → ')}. Leave one of these dependencies out.`,
    { details: { cycle } },
  );
}
