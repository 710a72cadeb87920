import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ancestorsOf, countDependants, findAnyCycle, findCycle, sortGraph } from '#src/domain/graph.ts';

type Edges = Record<string, string[]>;
const of = (edges: Edges) => (id: string) => edges[id] ?? [];

/** Any graph of a few tasks, cycles and loops among them. */
const anyGraph: fc.Arbitrary<Edges> = fc
  .integer({ min: 1, max: 9 })
  .chain((size) =>
    fc
      .array(fc.array(fc.integer({ min: 0, max: size - 1 }), { maxLength: 4 }), { minLength: size, maxLength: size })
      .map((rows) => Object.fromEntries(rows.map((row, at) => [`t${at}`, row.map((d) => `t${d}`)]))),
  );

/** The oracle: whether there is a way from one task to another, by trying every way. */
function leadsTo(edges: Edges, from: string, to: string): boolean {
  const reached = new Set<string>();
  for (let open = of(edges)(from); open.length; ) {
    if (open.includes(to)) return true;
    open = open.filter((id) => !reached.has(id) && reached.add(id)).flatMap(of(edges));
  }
  return false;
}

test('a cycle is found and named from end to end', () => {
  const edges = of({ a: ['b'], b: ['c', 'd'], c: [], d: ['a'] });
  expect(findCycle('a', edges)).toEqual(['a', 'b', 'd', 'a']);
  expect(findCycle('c', edges)).toBeUndefined();
  expect(findCycle('e', of({ e: ['e'] }))).toEqual(['e', 'e']);
});

test('a cycle is found exactly where there is one, and each of its steps is a dependency', () => {
  fc.assert(
    fc.property(anyGraph, (edges) => {
      const ids = Object.keys(edges);
      const expectCycle = (cycle: string[] | undefined, isThere: boolean) => {
        expect(cycle !== undefined).toBe(isThere);
        if (!cycle) return;
        expect(cycle.at(-1)).toBe(cycle[0]);
        for (const [at, id] of cycle.slice(0, -1).entries()) expect(edges[id]).toContain(cycle[at + 1]);
      };
      for (const id of ids) expectCycle(findCycle(id, of(edges)), leadsTo(edges, id, id));
      expectCycle(
        findAnyCycle(ids, of(edges)),
        ids.some((id) => leadsTo(edges, id, id)),
      );
    }),
    { numRuns: 1000 },
  );
});

test('tasks are counted with all that wait for them, each once', () => {
  fc.assert(
    fc.property(anyGraph, (cyclic) => {
      const ids = Object.keys(cyclic);
      const edges = Object.fromEntries(
        ids.map((id, at) => [id, (cyclic[id] ?? []).filter((d) => ids.indexOf(d) < at)]),
      );
      const counts = countDependants(ids, of(edges));
      for (const id of ids) {
        expect(counts.get(id)).toBe(ids.filter((other) => leadsTo(edges, other, id)).length);
        expect([...ancestorsOf([id], of(edges))].sort()).toEqual(
          ids.filter((other) => leadsTo(edges, id, other)).sort(),
        );
      }
    }),
    { numRuns: 500 },
  );
});

test('a chain longer than any stack is sorted, counted and closed to a circle', () => {
  const length = 10_000;
  const ids = Array.from({ length }, (_, at) => `t${at}`);
  const dependenciesOf = (id: string) => (id === 't0' ? [] : [`t${Number(id.slice(1)) - 1}`]);
  expect(sortGraph([...ids].reverse(), dependenciesOf)).toEqual(ids);
  const counts = countDependants(ids, dependenciesOf);
  expect([counts.get('t0'), counts.get('t5000'), counts.get('t9999')]).toEqual([9999, 4999, 0]);
  const circle = (id: string) => (id === 't0' ? ['t9999'] : dependenciesOf(id));
  expect(findCycle('t7', circle)).toHaveLength(length + 1);
  expect(findAnyCycle(ids, circle)).toHaveLength(length + 1);
});
