/**
 * The graph of tasks: who must be completed before whom. `DependenciesOf` gives, for a task, what it waits for. Nothing here
 * recurses: a chain of ten thousand tasks is a graph like any other.
 */
export type DependenciesOf = (taskId: string) => readonly string[];

/** A cycle through `from`, as the list of ids that closes it (first = last), or undefined. */
export function findCycle(from: string, dependenciesOf: DependenciesOf): string[] | undefined {
  const cameFrom = new Map<string, string>();
  const open = [from];
  for (let id = open.pop(); id !== undefined; id = open.pop())
    for (const next of dependenciesOf(id)) {
      if (next === from) return [...pathTo(id, cameFrom), from];
      if (cameFrom.has(next)) continue;
      cameFrom.set(next, id);
      open.push(next);
    }
  return undefined;
}

function pathTo(id: string, cameFrom: ReadonlyMap<string, string>): string[] {
  const path = [id];
  for (let before = cameFrom.get(id); before !== undefined; before = cameFrom.get(before)) path.push(before);
  return path.reverse();
}

/** A cycle anywhere among `ids`, or undefined. */
export function findAnyCycle(ids: readonly string[], dependenciesOf: DependenciesOf): string[] | undefined {
  const sorted = new Set(sortGraph(ids, dependenciesOf));
  const stuck = new Set(ids.filter((id) => !sorted.has(id)));
  const path: string[] = [];
  const places = new Map<string, number>();
  // What is stuck waits for something that is stuck as well: following it must come round.
  for (let id = [...stuck][0]; id !== undefined; id = dependenciesOf(id).find((d) => stuck.has(d))) {
    const place = places.get(id);
    if (place !== undefined) return [...path.slice(place), id];
    places.set(id, path.length);
    path.push(id);
  }
  return undefined;
}

/** `ids` with each after what it waits for among them. Those in a cycle, and what waits for them, are left out. */
export function sortGraph(ids: readonly string[], dependenciesOf: DependenciesOf): string[] {
  const among = new Set(ids);
  const waitsFor = new Map<string, number>();
  const dependants = dependantsOf(ids, dependenciesOf);
  for (const id of ids) waitsFor.set(id, new Set(dependenciesOf(id).filter((d) => among.has(d))).size);
  const sorted = ids.filter((id) => waitsFor.get(id) === 0);
  for (const id of sorted)
    for (const next of dependants.get(id) ?? []) {
      const left = (waitsFor.get(next) ?? 0) - 1;
      waitsFor.set(next, left);
      if (left === 0) sorted.push(next);
    }
  return sorted;
}

/** For each task, those that wait for it directly. */
export function dependantsOf(ids: readonly string[], dependenciesOf: DependenciesOf): Map<string, string[]> {
  const dependants = new Map<string, string[]>();
  for (const id of ids)
    for (const dependency of new Set(dependenciesOf(id))) {
      const those = dependants.get(dependency);
      if (those) those.push(id);
      else dependants.set(dependency, [id]);
    }
  return dependants;
}

/** Everything that `from` waits for, directly or not. */
export function ancestorsOf(from: readonly string[], dependenciesOf: DependenciesOf): Set<string> {
  const found = new Set<string>();
  const open = [...from];
  for (let id = open.pop(); id !== undefined; id = open.pop())
    for (const next of dependenciesOf(id)) {
      if (found.has(next)) continue;
      found.add(next);
      open.push(next);
    }
  return found;
}

const block = 1024;

/**
 * For each of `ids`, how many of them wait for it, directly or not. Sets of dependants are added up as bits, a block of
 * tasks at a time, so that ten thousand tasks take milliseconds and no memory to speak of. Tasks in a cycle count as none.
 */
export function countDependants(ids: readonly string[], dependenciesOf: DependenciesOf): Map<string, number> {
  const order = sortGraph(ids, dependenciesOf).reverse();
  const place = new Map(order.map((id, at) => [id, at]));
  const edges = order.map((id) => [...new Set(dependenciesOf(id))].flatMap((d) => place.get(d) ?? []));
  const counts = new Uint32Array(order.length);
  const words = block / 32;
  for (let first = 0; first < order.length; first += block) {
    const bits = new Uint32Array(order.length * words);
    // Before its block a task cannot have dependants of that block: dependants come first.
    for (let at = first; at < order.length; at++) {
      const own = at - first;
      const row = at * words;
      for (let w = 0; w < words; w++) counts[at] = (counts[at] ?? 0) + countBits(bits[row + w] ?? 0);
      if (own < block) bits[row + (own >> 5)] = (bits[row + (own >> 5)] ?? 0) | (1 << (own & 31));
      for (const dependency of edges[at] ?? []) {
        const target = dependency * words;
        for (let w = 0; w < words; w++) bits[target + w] = (bits[target + w] ?? 0) | (bits[row + w] ?? 0);
      }
    }
  }
  return new Map(order.map((id, at) => [id, counts[at] ?? 0]));
}

function countBits(word: number): number {
  let bits = word - ((word >>> 1) & 0x55555555);
  bits = (bits & 0x33333333) + ((bits >>> 2) & 0x33333333);
  return (((bits + (bits >>> 4)) & 0x0f0f0f0f) * 0x01010101) >>> 24;
}
