/**
 * A change of facts: one transaction, at whose end the status of every task it touched is derived anew (and of those that
 * wait for it), and its events are numbered. This is the only writer of `tasks.status`.
 */
import { eq, inArray, sql } from 'drizzle-orm';
import type pg from 'pg';
import type { EventType } from '#src/domain/event.ts';
import { deriveStatus, type TaskFacts } from '#src/domain/status.ts';
import type { TaskStatus } from '#src/domain/task.ts';
import type { Database, Transaction } from '#src/store/database.ts';
import { type NewEvent, recordEvents } from '#src/store/events.ts';
import { pullRequests, runs, taskDependencies, tasks } from '#src/store/schema.ts';

export type Change = {
  tx: Transaction;
  /** The connection of the transaction, for what must join it outside of drizzle. */
  client: pg.PoolClient;
  /** The facts of this task changed: its status is derived at the end, and people are told. */
  touch(taskId: string): void;
  record(event: { type: EventType; projectId?: string; taskId?: string; data?: Record<string, unknown> }): void;
};

export type Changes = {
  change<T>(work: (change: Change) => Promise<T>): Promise<T>;
};

/** `onCommitted` is told after each commit that recorded events. */
export function createChanges(database: Database, onCommitted: () => void): Changes {
  return {
    async change(work) {
      const { result, recorded } = await database.transaction(async (tx, client) => {
        const touched = new Set<string>();
        const events: NewEvent[] = [];
        const result = await work({
          tx,
          client,
          touch: (taskId) => touched.add(taskId),
          record: (e) =>
            events.push({ type: e.type, projectId: e.projectId ?? null, taskId: e.taskId ?? null, data: e.data ?? {} }),
        });
        events.push(...(await deriveAll(tx, touched)));
        if (events.length) await recordEvents(tx, events); // last: it holds the lock that orders all events
        return { result, recorded: events.length > 0 };
      });
      if (recorded) onCommitted();
      return result;
    },
  };
}

/** Derives the touched tasks, then those that depend on one whose status changed, until nothing changes. */
async function deriveAll(tx: Transaction, touched: ReadonlySet<string>): Promise<NewEvent[]> {
  const events: NewEvent[] = [];
  let pending = [...touched].sort();
  let first = true;
  while (pending.length) {
    const changed: string[] = [];
    for (const id of pending) {
      const derived = await deriveOne(tx, id);
      if (!derived) continue;
      if (derived.before !== derived.after) changed.push(id);
      if (first || derived.before !== derived.after)
        events.push({
          type: 'task.changed',
          projectId: derived.projectId,
          taskId: id,
          data: { status: derived.after },
        });
    }
    first = false;
    pending = changed.length ? await dependantsOf(tx, changed) : [];
  }
  return events;
}

async function deriveOne(tx: Transaction, id: string) {
  // The row's lock makes the last of several changes at once see the facts of all of them.
  const [row] = await tx.select().from(tasks).where(eq(tasks.id, id)).for('update');
  if (!row) return undefined;
  const facts = await factsOf(tx, id);
  const after = deriveStatus({
    skipped: row.skippedAt !== null,
    cancelled: row.cancelledAt !== null,
    endedWithoutChanges: row.endedWithoutChangesAt !== null,
    ...facts,
  });
  if (after !== row.status)
    await tx
      .update(tasks)
      .set({ status: after, completedAt: after === 'completed' ? sql`now()` : null })
      .where(eq(tasks.id, id));
  return { before: row.status, after, projectId: row.projectId };
}

/** A statement of its own: one that waited for the lock would still see the rows as they were before. */
async function factsOf(tx: Transaction, id: string): Promise<Pick<TaskFacts, 'run' | 'pullRequest' | 'dependencies'>> {
  const run = tx
    .select({ status: runs.status })
    .from(runs)
    .where(eq(runs.taskId, id))
    .orderBy(sql`${runs.createdAt} desc`)
    .limit(1);
  const pull = tx
    .select({ state: pullRequests.state })
    .from(pullRequests)
    .where(eq(pullRequests.taskId, id))
    .orderBy(sql`${pullRequests.number} desc`)
    .limit(1);
  const dependencies = tx
    .select({ statuses: sql`coalesce(array_agg(${tasks.status}), '{}')` })
    .from(taskDependencies)
    .innerJoin(tasks, eq(tasks.id, taskDependencies.dependsOn))
    .where(eq(taskDependencies.taskId, id));
  const { rows } = await tx.execute<{ run: string | null; pull: string | null; dependencies: TaskStatus[] }>(
    sql`select (${run}) as run, (${pull}) as pull, (${dependencies}) as dependencies`,
  );
  const found = rows[0];
  return {
    run: (found?.run ?? undefined) as TaskFacts['run'],
    pullRequest: (found?.pull ?? undefined) as TaskFacts['pullRequest'],
    dependencies: found?.dependencies ?? [],
  };
}

async function dependantsOf(tx: Transaction, ids: string[]): Promise<string[]> {
  const rows = await tx
    .selectDistinct({ taskId: taskDependencies.taskId })
    .from(taskDependencies)
    .where(inArray(taskDependencies.dependsOn, ids));
  return rows.map((row) => row.taskId).sort();
}
