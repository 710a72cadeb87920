/** The line of tasks that wait for a slot, and the slots that are taken: what the scheduler decides on. */

import type { Priority } from '#src/domain/task.ts';
import type { WorkflowType } from '#src/domain/workflow.ts';
import type { Queryable } from '#src/store/database.ts';
import { eq, sql } from '#src/store/drizzle.ts';
import { isOneOf } from '#src/store/one-of.ts';
import { priorityRank, projects, runs, tasks } from '#src/store/schema.ts';
import { workers, worktrees } from '#src/store/schema-host.ts';

/** `agent`: null where the task leaves it to the project. */
export type QueuedTask = {
  taskId: string;
  projectId: string;
  agent: string | null;
  priority: Priority;
  unblocks: number;
  createdAt: string;
};

const isAtWork = sql`(r.status = 'running' or (r.status = 'queued' and r.dispatched_at is not null))`;

/** It waits for something outside: a limit that ends at a known time. */
const isParked = sql`(r.status = 'queued' and r.parked_until > now())`;

/** The task of each run that has a slot. */
export async function listAtWork(db: Queryable): Promise<Pick<QueuedTask, 'taskId' | 'projectId' | 'agent'>[]> {
  const { rows } = await db.execute<{ id: string; project_id: string; agent: string | null }>(
    sql`select t.id, t.project_id, t.agent from ${runs} r join ${tasks} t on t.id = r.task_id where ${isAtWork}`,
  );
  return rows.map((row) => ({ taskId: row.id, projectId: row.project_id, agent: row.agent }));
}

export type QueueOptions = {
  limit?: number;
  /** Tasks with these agents are left out; `agent` is what a task without one has. */
  without?: { agents: readonly string[]; agent: string };
};

/** The tasks of a project that wait for a slot, best first. One whose worktree is being removed at this moment is not ready. */
export async function listQueued(db: Queryable, projectId: string, options: QueueOptions = {}): Promise<QueuedTask[]> {
  const { limit, without } = options;
  const { rows } = await db.execute<{
    id: string;
    agent: string | null;
    priority: string;
    unblocks: number;
    created_at: string;
  }>(sql`
    select t.id, t.agent, t.priority, t.unblocks, t.created_at::text from ${tasks} t
    where t.project_id = ${projectId} and t.status = 'queued'
      and not exists (select from ${runs} r where r.task_id = t.id and (${isAtWork} or ${isParked}))
      and not exists (select from ${worktrees} w where w.task_id = t.id and w.state = 'removing')
      ${without?.agents.length ? sql`and not ${isOneOf(sql`coalesce(t.agent, ${without.agent})`, without.agents)}` : sql``}
    order by ${priorityRank(sql`t.priority`)}, t.unblocks desc, t.created_at, t.id
    ${limit === undefined ? sql`` : sql`limit ${limit}`}`);
  return rows.map((row) => ({
    taskId: row.id,
    projectId,
    agent: row.agent,
    priority: row.priority as Priority,
    unblocks: row.unblocks,
    createdAt: row.created_at,
  }));
}

/** Projects in which a task waits for a slot. */
export async function listQueuingProjects(db: Queryable): Promise<string[]> {
  const { rows } = await db.execute<{ id: string }>(sql`
    select p.id from ${projects} p where p.removed_at is null
      and exists (select from ${tasks} t where t.project_id = p.id and t.status = 'queued') order by p.created_at`);
  return rows.map((row) => row.id);
}

/** The tasks of a project that have not begun. */
export async function listWaiting(db: Queryable, projectId: string): Promise<string[]> {
  const { rows } = await db.execute<{ id: string }>(
    sql`select id from ${tasks} where project_id = ${projectId} and status in ('blocked', 'pending', 'queued')`,
  );
  return rows.map((row) => row.id);
}

/** Until the transaction ends nobody else gives slots away. Answers how many are taken. */
export async function lockSlots(tx: Queryable): Promise<number> {
  await tx.execute(sql`select pg_advisory_xact_lock(7004, 0)`);
  return (await listAtWork(tx)).length;
}

/** `begun`: its workflow is there, and only waits for the slot. */
export type Turn = {
  taskId: string;
  projectId: string;
  workflowType: WorkflowType;
  adwId: string | null;
  begun: boolean;
  /** Who has begun it. */
  workerId: string | null;
};

/**
 * Locks those of the tasks that still wait for a slot, each with the run that somebody asked for, else null. A task that was
 * cancelled, blocked or started at this moment is not among them.
 */
export async function lockQueued(tx: Queryable, ids: readonly string[]): Promise<Turn[]> {
  const { rows: locked } = await tx.execute<{ id: string }>(
    sql`select id from ${tasks} where ${isOneOf(tasks.id, ids)} and status = 'queued' order by id for update`,
  );
  // A statement of its own: it sees what those had done that held the locks before.
  const { rows } = await tx.execute<{
    id: string;
    project_id: string;
    workflow_type: string;
    adw_id: string | null;
    begun: boolean | null;
    worker_id: string | null;
    taken: boolean | null;
  }>(sql`
    select t.id, t.project_id, coalesce(r.workflow_type, t.workflow_type) as workflow_type, r.adw_id,
      r.started_at is not null as begun, r.worker_id,
      ${isAtWork} or ${isParked} or exists (select from ${worktrees} w where w.task_id = t.id and w.state = 'removing') as taken
    from ${tasks} t left join ${runs} r on r.task_id = t.id and r.status in ('queued', 'running')
    where ${isOneOf(
      sql`t.id`,
      locked.map(({ id }) => id),
    )}`);
  return rows
    .filter((row) => !row.taken)
    .map((row) => ({
      taskId: row.id,
      projectId: row.project_id,
      workflowType: row.workflow_type as WorkflowType,
      adwId: row.adw_id,
      begun: row.begun ?? false,
      workerId: row.worker_id,
    }));
}

/** The run has a slot of that worker from now on. */
export async function markDispatched(tx: Queryable, adwId: string, workerId: string): Promise<void> {
  await tx.update(runs).set({ dispatchedAt: sql`now()`, workerId }).where(eq(runs.adwId, adwId));
}

export type FreeWorker = { id: string; free: number };

/** Workers that are alive and take work, with their free slots, most first. */
export async function listFreeWorkers(tx: Queryable, lapseMs: number): Promise<FreeWorker[]> {
  const { rows } = await tx.execute<FreeWorker>(sql`
    select w.id, w.slots - count(r.adw_id)::int as free
    from ${workers} w left join ${runs} r on r.worker_id = w.id and ${isAtWork}
    where w.stopped_at is null and w.draining_at is null and w.seen_at > now() - ${lapseMs} * interval '1 millisecond'
    group by w.id order by free desc, w.id`);
  return rows;
}
