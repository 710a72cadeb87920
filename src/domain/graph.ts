/** The dependency graph. `dependenciesOf` gives, for a task, what must be completed before it. */
export type DependenciesOf = (taskId: string) => readonly string[];

/** A cycle through `from`, as the list of ids that closes it (first = last), or undefined. */
export function findCycle(from: string, dependenciesOf: DependenciesOf): string[] | undefined {
  const seen = new Set<string>();
  const walk = (id: string, path: string[]): string[] | undefined => {
    for (const next of dependenciesOf(id)) {
      if (next === from) return [...path, next];
      if (seen.has(next)) continue;
      seen.add(next);
      const found = walk(next, [...path, next]);
      if (found) return found;
    }
    return undefined;
  };
  return walk(from, [from]);
}
