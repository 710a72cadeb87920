/** Creating and changing tasks: what a request leaves out is filled in, a batch is kept whole or not at all. */
import type { Agents } from '#src/agents/registry.ts';
import { newTaskId } from '#src/domain/ids.ts';
import { type BatchTask, NewTask, type Task, type TaskPatch, type TaskRequest } from '#src/domain/task.ts';
import type { WorkflowType } from '#src/domain/workflow.ts';
import { SentraError } from '#src/errors.ts';
import { checkChoice } from '#src/orchestrator/agent-choice.ts';
import { getAllowed } from '#src/orchestrator/allowed.ts';
import { connectBatch, connectNew, reconnect } from '#src/orchestrator/graph.ts';
import type { Change, Changes } from '#src/store/change.ts';
import type { Database, Queryable } from '#src/store/database.ts';
import { getProjectRow } from '#src/store/projects.ts';
import {
  getTask,
  getTaskRow,
  getTasks,
  insertTasks,
  listTasksByIdempotencyKeys,
  setReverts,
  type TaskRow,
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
  /** A task that takes the merged work of another out again; it starts by itself. Asked again: the same one. */
  createRevert(taskId: string): Promise<Task>;
  patch(id: string, patch: TaskPatch): Promise<Task>;
};

type TaskParts = { database: Database; changes: Changes; agents: Pick<Agents, 'explainChoice'> };

export function createTasks({ database, changes, agents }: TaskParts): Tasks {
  const { db } = database;
  return {
    async create(request, idempotencyKey) {
      const project = await getProjectRow(db, request.projectId);
      const { dependencies, ...task } = await fillIn(db, request);
      checkChoice(agents, project, [task]);
      const id = newTaskId();
      const kept = await changes.change(async (change) => {
        if (!(await insertTasks(change.tx, [{ id, task, idempotencyKey }]))) return false;
        await connectNew(change.tx, { id, projectId: task.projectId, dependencies });
        announce(change, task.projectId, id);
        return true;
      });
      if (kept) return getTask(db, id);
      const [earlier] = idempotencyKey ? await listTasksByIdempotencyKeys(db, [idempotencyKey]) : [];
      if (earlier) return earlier;
      throw new Error(`task ${id} was not kept`);
    },
    async createBatch(projectId, tasks, idempotencyKey) {
      checkChoice(agents, await getProjectRow(db, projectId), tasks);
      const ids = new Map(tasks.map((task) => [task.key, newTaskId()]));
      if (ids.size !== tasks.length)
        throw new SentraError('invalid', `Two tasks of the batch have the key "${repeated(tasks)}".`);
      const keys = idempotencyKey ? tasks.map((_, at) => `${idempotencyKey} ${at}`) : [];
      const isNew = await changes.change((change) => keepBatch(change, projectId, tasks, { ids, keys }));
      const created = isNew ? await getTasks(db, [...ids.values()]) : await listTasksByIdempotencyKeys(db, keys);
      return created.map((task, at) => ({ ...task, key: tasks[at]?.key ?? '' }));
    },
    async createRevert(taskId) {
      const { projectId, title, priority, pullRequest } = await getAllowed(db, 'revert', taskId);
      const idempotencyKey = `revert ${taskId} ${pullRequest?.number}`;
      const description = `Take out what "${title}" (${taskId}) brought with pull request #${pullRequest?.number}.`;
      const fields = { projectId, title: `Revert "${title}"`, description, type: 'bug', priority, autoStart: true };
      const { dependencies: _, ...task } = NewTask.parse(fields);
      const id = newTaskId();
      await changes.change(async (change) => {
        if (!(await insertTasks(change.tx, [{ id, task, idempotencyKey }]))) return;
        await setReverts(change.tx, id, taskId);
        announce(change, projectId, id);
      });
      const [kept] = await listTasksByIdempotencyKeys(db, [idempotencyKey]);
      if (!kept) throw new Error(`the revert of ${taskId} was not kept`);
      return kept;
    },
    async patch(id, { dependencies: replace, addDependencies: add, removeDependencies: remove, ...fields }) {
      const { projectId, ...before } = await getTaskRow(db, id);
      if (choosing.some((name) => fields[name] !== undefined))
        checkChoice(agents, await getProjectRow(db, projectId), [asked(before, fields)]);
      await changes.change(async (change) => {
        await updateTask(change.tx, id, fields);
        if (replace || add?.length || remove?.length)
          await reconnect(
            change.tx,
            { id, projectId },
            { ...(replace && { replace }), ...(add && { add }), ...(remove && { remove }) },
          );
        change.touch(id);
      });
      return getTask(db, id);
    },
  };
}

const choosing = ['agent', 'model', 'effort', 'workflowType'] as const;

function asked({ agent, model, effort, workflowType }: Omit<TaskRow, 'projectId'>, fields: TaskPatch) {
  return { agent, model, effort, workflowType: workflowType as WorkflowType, ...fields };
}

async function fillIn(db: Queryable, { template, ...request }: TaskRequest): Promise<NewTask> {
  const { fields } = template ? await getTemplate(db, template) : { fields: {} };
  const given = Object.fromEntries(Object.entries(request).filter(([, value]) => value !== undefined));
  const filled = NewTask.safeParse({ ...fields, ...given });
  if (filled.success) return filled.data;
  throw new SentraError('invalid', `The template "${template}" gives no title; give the task one.`);
}

/** False when the batch was kept before, under the same idempotency key. */
async function keepBatch(
  change: Change,
  projectId: string,
  tasks: readonly BatchTask[],
  { ids, keys }: { ids: ReadonlyMap<string, string>; keys: readonly string[] },
): Promise<boolean> {
  const idOf = (key: string) => ids.get(key) ?? key;
  const rows = tasks.map(({ key, dependencies: _, ...task }, at) => ({
    id: idOf(key),
    task: { ...task, projectId },
    idempotencyKey: keys[at],
  }));
  const kept = await insertTasks(change.tx, rows);
  if (kept === 0) return false;
  if (kept < tasks.length)
    throw new SentraError('conflict', 'This Idempotency-Key was used before for another batch; take a new one.');
  const edges = new Map(tasks.map((task) => [idOf(task.key), [...new Set(task.dependencies.map(idOf))]]));
  const keyOf = new Map([...ids].map(([key, id]) => [id, key]));
  await connectBatch(change.tx, projectId, edges, (id) => keyOf.get(id) ?? id);
  for (const { id } of rows) announce(change, projectId, id);
  return true;
}

function announce({ touch, record }: Change, projectId: string, taskId: string): void {
  touch(taskId);
  record({ type: 'task.created', projectId, taskId });
}

const repeated = (tasks: readonly BatchTask[]) => {
  const seen = new Set<string>();
  return tasks.find(({ key }) => seen.size === seen.add(key).size)?.key;
};
