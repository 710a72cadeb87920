import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countDependants, findAnyCycle, findCycle } from '#src/domain/graph.ts';
import { SentraError } from '#src/errors.ts';
import { findWrongStatuses } from '#src/store/change.ts';
import { listDependencies } from '#src/store/task-graph.ts';
import { type Board, openBoard } from './board.ts';

let board: Board;
let projectId: string;
beforeAll(async () => {
  board = await openBoard();
  projectId = (await board.addProject()).id;
});
afterAll(() => board?.drop());

const create = (title: string, dependencies: string[] = [], more: object = {}) =>
  board.tasks.create({ projectId, title, dependencies, ...more });
const codeOf = (e: unknown) => (e instanceof SentraError ? e.code : e);

async function readGraph(ids: readonly string[]) {
  const edges = await listDependencies(board.database.db, projectId);
  const { rows } = await board.database.pool.query('select id, unblocks from sentra.tasks where id = any($1)', [ids]);
  return {
    edges: new Map(ids.map((id) => [id, new Set(edges.get(id))])),
    unblocks: new Map<string, number>(rows.map((row) => [row.id, row.unblocks])),
  };
}

/** What must hold of the kept graph, whatever happened: no cycle, right counts, right statuses. */
async function expectSound(ids: readonly string[]) {
  const { edges, unblocks } = await readGraph(ids);
  const of = (id: string) => [...(edges.get(id) ?? [])];
  expect(findAnyCycle(ids, of)).toBeUndefined();
  expect(unblocks).toEqual(countDependants(ids, of));
  expect((await findWrongStatuses(board.database.db)).wrong).toEqual([]);
}

type Edit = { task: number; other: number; how: 'add' | 'remove' | 'replace' };
const size = 6;
const anyEdit: fc.Arbitrary<Edit> = fc.record({
  task: fc.integer({ min: 0, max: size - 1 }),
  other: fc.integer({ min: 0, max: size - 1 }),
  how: fc.constantFrom('add', 'add', 'remove', 'replace'),
});

const patchOf = ({ how, other }: Edit, ids: readonly string[]) => {
  const id = ids[other] ?? '';
  if (how === 'add') return { addDependencies: [id] };
  return how === 'remove' ? { removeDependencies: [id] } : { dependencies: [id] };
};
const makeSix = async () => {
  const tasks = Array.from({ length: size }, (_, at) => ({ key: `k${at}`, title: `Task ${at}`, dependencies: [] }));
  return (await board.tasks.createBatch(projectId, tasks.map(withDefaults))).map(({ id }) => id);
};
const withDefaults = <T extends object>(task: T) => ({
  description: '',
  type: 'feature' as const,
  priority: 'medium' as const,
  workflowType: 'full_sdlc' as const,
  autoStart: false,
  noChangesExpected: false,
  needsDevServer: false,
  labels: [],
  ...task,
});

test('a model or an effort that its agent cannot be given is refused before the task is kept, each task of a batch by its key', async () => {
  const kept = await create('Think', [], { model: 'claude-opus-5-5', effort: 'high' });
  expect(kept).toMatchObject({ model: 'claude-opus-5-5', effort: 'high' });
  await expect(create('Think', [], { effort: 'hihg' })).rejects.toThrow(/"claude" has no effort "hihg": it takes low/);
  await expect(board.tasks.patch(kept.id, { effort: 'hihg' })).rejects.toMatchObject({ code: 'invalid' });
  expect(await board.tasks.patch(kept.id, { model: null, effort: 'low' })).toMatchObject({
    model: null,
    effort: 'low',
  });
  const other = (await board.addProject({ agents: { default: 'own', own: { kind: 'command', command: ['node'] } } }))
    .id;
  const batch = [withDefaults({ key: 'a', title: 'A', dependencies: [], model: 'large' })];
  await expect(board.tasks.createBatch(other, batch)).rejects.toThrow(
    'Task "a": The agent "own" cannot be given a model, and the task asks for "large": take it out of the task, or choose another agent.',
  );
  const claude = { agent: 'claude', model: 'large' };
  const free = await board.tasks.create({ projectId: other, title: 'B', ...claude });
  await expect(board.tasks.patch(free.id, { agent: null })).rejects.toThrow(/"own" cannot be given a model/);
  expect(await create('Unknown', [], { agent: 'nobody', model: 'x' })).toMatchObject({ agent: 'nobody' });
});

test('edits one after the other do exactly what a graph in memory does', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyEdit, { minLength: 8, maxLength: 16 }), async (edits) => {
      const ids = await makeSix();
      const oracle = new Map(ids.map((id) => [id, new Set<string>()]));
      for (const edit of edits) {
        const id = ids[edit.task] ?? '';
        const other = ids[edit.other] ?? '';
        const wanted = new Set(edit.how === 'replace' ? [] : oracle.get(id));
        if (edit.how === 'remove') wanted.delete(other);
        else wanted.add(other);
        const closes = findCycle(id, (from) => [...(from === id ? wanted : (oracle.get(from) ?? []))]) !== undefined;
        const refused = await board.tasks.patch(id, patchOf(edit, ids)).then(() => undefined, codeOf);
        expect(refused).toBe(closes ? 'dependency_cycle' : undefined);
        if (!closes) oracle.set(id, wanted);
      }
      expect((await readGraph(ids)).edges).toEqual(oracle);
      await expectSound(ids);
    }),
    { numRuns: 8 },
  );
});

test('edits at once never close a cycle together, and lose no edit that was accepted', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(anyEdit, { minLength: 10, maxLength: 20 }), async (edits) => {
      const ids = await makeSix();
      const outcomes = await Promise.all(
        edits.map((edit) => board.tasks.patch(ids[edit.task] ?? '', patchOf(edit, ids)).then(() => 'kept', codeOf)),
      );
      expect(outcomes.every((outcome) => outcome === 'kept' || outcome === 'dependency_cycle')).toBe(true);
      await expectSound(ids);
      const { edges } = await readGraph(ids);
      for (const [at, edit] of edits.entries()) {
        if (edit.how !== 'add' || outcomes[at] !== 'kept') continue;
        const undone = edits.some((later) => later.task === edit.task && later.how !== 'add');
        if (!undone) expect(edges.get(ids[edit.task] ?? '')).toContain(ids[edit.other]);
      }
    }),
    { numRuns: 8 },
  );
});

test('two edits that would close a circle together: one is kept, the other is told the circle with its tasks', async () => {
  for (let round = 0; round < 20; round++) {
    const [a, b] = await Promise.all([create('Ann'), create('Bob')]);
    const outcomes = await Promise.allSettled([
      board.tasks.patch(a.id, { addDependencies: [b.id] }),
      board.tasks.patch(b.id, { addDependencies: [a.id] }),
    ]);
    const refused = outcomes.flatMap((o) => (o.status === 'rejected' ? [o.reason as SentraError] : []));
    expect(refused).toHaveLength(1);
    expect(refused[0]?.code).toBe('dependency_cycle');
    for (const { title, id } of [a, b]) expect(refused[0]?.message).toContain(`"${title}" (${id})`);
  }
});

test('a task created while its dependency is edited is counted once', async () => {
  const [root, middle] = [await create('Root'), await create('Middle')];
  const made = await Promise.all([
    board.tasks.patch(middle.id, { addDependencies: [root.id] }),
    ...Array.from({ length: 10 }, (_, at) => create(`Leaf ${at}`, [middle.id])),
  ]);
  const ids = [root.id, ...made.map(({ id }) => id)];
  await expectSound(ids);
  expect((await readGraph(ids)).unblocks.get(root.id)).toBe(11);
});

test('a batch of three thousand tasks is kept in the order given, with its counts and statuses', async () => {
  const tasks = Array.from({ length: 3_000 }, (_, at) =>
    withDefaults({
      key: `k${at}`,
      title: `Task ${at}`,
      autoStart: true,
      dependencies: at < 100 ? [] : [`k${at - 100}`, `k${(at * 7919) % at}`],
    }),
  );
  const made = await board.tasks.createBatch(projectId, tasks, 'three thousand');
  expect(made.map(({ key }) => key)).toEqual(tasks.map(({ key }) => key));
  expect(made.filter(({ status }) => status === 'queued')).toHaveLength(100);
  expect(made.filter(({ status }) => status === 'blocked')).toHaveLength(2900);
  await expectSound(made.map(({ id }) => id));
  const shown = new Set((await board.views.graph(projectId)).nodes.map(({ id }) => id));
  expect(made.filter(({ id }) => !shown.has(id))).toEqual([]);
  const again = await board.tasks.createBatch(projectId, tasks, 'three thousand');
  expect(again.map(({ id }) => id)).toEqual(made.map(({ id }) => id));
  await expect(
    board.tasks.createBatch(
      projectId,
      [...tasks, withDefaults({ key: 'more', title: 'More', dependencies: [] })],
      'three thousand',
    ),
  ).rejects.toMatchObject({ code: 'conflict' });
});

test('a batch on top of tasks that are there counts for them too, and a wrong one leaves no trace', async () => {
  const root = await create('Root');
  const base = await create('Base', [root.id]);
  const batch = [
    withDefaults({ key: 'one', title: 'One', dependencies: [base.id] }),
    withDefaults({ key: 'two', title: 'Two', dependencies: ['one', root.id] }),
  ];
  const made = await board.tasks.createBatch(projectId, batch);
  const ids = [root.id, base.id, ...made.map(({ id }) => id)];
  const { unblocks } = await readGraph(ids);
  expect(ids.map((id) => unblocks.get(id))).toEqual([3, 2, 1, 0]);
  const wrong = [...batch, withDefaults({ key: 'three', title: 'Three', dependencies: ['task-000000000000'] })];
  await expect(board.tasks.createBatch(projectId, wrong)).rejects.toMatchObject({ code: 'invalid' });
  expect((await readGraph(ids)).unblocks).toEqual(unblocks);
});
