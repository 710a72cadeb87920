/** Tasks as people ask for and change them: creating, alone and as a graph, and editing. Nothing here starts anything. */
import { findCycle } from '#src/domain/graph.ts';
import { newTaskId } from '#src/domain/ids.ts';
import { type BatchTask, NewTask, type Task, type TaskPatch, type TaskRequest } from '#src/domain/task.ts';
import { SentraError } from '#src/errors.ts';
import type { Change, Changes } from '#src/store/change.ts';
import type { Database, Queryable } from '#src/store/database.ts';
import { getProjectRow } from '#src/store/projects.ts';
import {
  findTaskByIdempotencyKey,
  getTask,
  getTaskRow,
  getTasks,
  insertTask,
  listDependencies,
  listTaskIds,
  lockGraph,
  replaceDependencies,
  updateTask,
} from '#src/store/tasks.ts';
import { getTemplate } from '#src/store/templates.ts';

export type Tasks = {
  /** What the request leaves out comes from its template, then from the defaults. */
  create(request: TaskRequest, idempotencyKey?: string): Promise<Task>;
  /** All or nothing; answers in the order given, each with its key. */
  createBatch(
    projectId: string,
    tasks: readonly BatchTask[],
    idempotencyKey?: string,
  ): Promise<(Task & { key: string })[]>;
  patch(id: string, patch: TaskPatch): Promise<Task>;
};

export function createTasks({ database, changes }: { database: Database; changes: Changes }): Tasks {
  const { db } = database;
  return {
    async create(request, idempotencyKey) {
      await getProjectRow(db, request.projectId);
      const task = await fillIn(db, request);
      const id = newTaskId();
      const kept = await changes.change(async (change) => {
        if (!(await insertTask(change.tx, id, task, idempotencyKey))) return false;
        await connect(change, task.projectId, id, task.dependencies);
        announce(change, task.projectId, id);
        return true;
      });
      if (kept) return getTask(db, id);
      const earlier = idempotencyKey && (await findTaskByIdempotencyKey(db, idempotencyKey));
      if (earlier) return earlier;
      throw new Error(`task ${id} was not kept`);
    },
    async createBatch(projectId, tasks, idempotencyKey) {
      await getProjectRow(db, projectId);
      const ids = new Map(tasks.map((task) => [task.key, newTaskId()]));
      if (ids.size !== tasks.length)
        throw new SentraError('invalid', `Two tasks of the batch have the key "${repeated(tasks)}".`);
      const keyOf = (at: number) => (idempotencyKey ? `${idempotencyKey} ${at}` : undefined);
      const isNew = await changes.change((change) => keepBatch(change, projectId, tasks, { ids, keyOf }));
      const created = isNew ? await getTasks(db, [...ids.values()]) : await findEarlier(db, tasks.length, keyOf);
      return created.map((task, at) => ({ ...task, key: tasks[at]?.key ?? '' }));
    },
    async patch(id, { dependencies, ...patch }) {
      const row = await getTaskRow(db, id);
      await changes.change(async (change) => {
        await updateTask(change.tx, id, patch);
        if (dependencies) await connect(change, row.projectId, id, dependencies);
        change.touch(id);
      });
      return getTask(db, id);
    },
  };
}

async function fillIn(db: Queryable, { template, ...request }: TaskRequest): Promise<NewTask> {
  const { fields } = template ? await getTemplate(db, template) : { fields: {} };
  const given = Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
  const filled = NewTask.safeParse({ ...fields, ...given });
  if (filled.success) return filled.data;
  throw new SentraError('invalid', `The template "${template}" gives no title; give the task one.`);
}

type BatchNames = { ids: ReadonlyMap<string, string>; keyOf: (at: number) => string | undefined };

/** False when the batch was kept before, under the same idempotency key. */
async function keepBatch(
  change: Change,
  projectId: string,
  tasks: readonly BatchTask[],
  { ids, keyOf }: BatchNames,
): Promise<boolean> {
  for (const [at, task] of tasks.entries()) {
    const { key, dependencies: _, ...rest } = task;
    if (!(await insertTask(change.tx, idOf(ids, key), { ...rest, projectId, dependencies: [] }, keyOf(at))))
      return false;
  }
  for (const task of tasks) {
    const id = idOf(ids, task.key);
    const dependencies = task.dependencies.map((d) => ids.get(d) ?? d);
    await connect(change, projectId, id, dependencies, namesOf(ids));
    announce(change, projectId, id);
  }
  return true;
}

async function findEarlier(db: Queryable, count: number, keyOf: BatchNames['keyOf']): Promise<Task[]> {
  const found = await Promise.all(
    Array.from({ length: count }, (_, at) => findTaskByIdempotencyKey(db, keyOf(at) ?? '')),
  );
  return found.filter((task) => task !== undefined);
}

/** Sets what a task waits for; refuses what is not there, is of another project, or would close a cycle, which it names. */
async function connect(
  { tx }: Change,
  projectId: string,
  id: string,
  dependencies: readonly string[],
  nameOf: (id: string) => string = (taskId) => taskId,
): Promise<void> {
  if (!dependencies.length) return replaceDependencies(tx, id, []);
  await lockGraph(tx, projectId);
  await refuseStrangers(tx, projectId, dependencies);
  const edges = await listDependencies(tx, projectId);
  edges.set(id, [...dependencies]);
  const cycle = findCycle(id, (taskId) => edges.get(taskId) ?? []);
  if (cycle)
    throw new SentraError(
      'dependency_cycle',
      `These tasks would wait for one another: ${cycle.map(nameOf).join(' → ')}. Leave one of these dependencies out.`,
      { details: { cycle } },
    );
  await replaceDependencies(tx, id, dependencies);
}

async function refuseStrangers(tx: Queryable, projectId: string, dependencies: readonly string[]): Promise<void> {
  const ours = new Set(await listTaskIds(tx, projectId, dependencies));
  const missing = dependencies.filter((id) => !ours.has(id));
  if (missing.length)
    throw new SentraError(
      'invalid',
      `The project has no task ${missing.map((id) => `"${id}"`).join(', ')} to depend on.`,
    );
}

function announce({ touch, record }: Change, projectId: string, taskId: string): void {
  touch(taskId);
  record({ type: 'task.created', projectId, taskId });
}

const idOf = (ids: ReadonlyMap<string, string>, key: string): string => {
  const id = ids.get(key);
  if (!id) throw new Error(`no id for key ${key}`);
  return id;
};

const namesOf = (ids: ReadonlyMap<string, string>) => {
  const names = new Map([...ids].map(([key, id]) => [id, key]));
  return (id: string) => names.get(id) ?? id;
};

const repeated = (tasks: readonly BatchTask[]) =>
  tasks.find((task, at) => tasks.findIndex((other) => other.key === task.key) !== at)?.key;
