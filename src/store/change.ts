/**
 * A change of facts: one transaction, at whose end the status of every task it touched is derived anew (and of those that
 * wait for it), and its events are numbered. This is the only writer of `tasks.status`.
 */

import type pg from 'pg';
import type { EventType } from '#src/domain/event.ts';
import type { TaskStatus } from '#src/domain/task.ts';
import type { Database, Queryable, Transaction } from '#src/store/database.ts';
import { gt, sql } from '#src/store/drizzle.ts';
import { type NewEvent, recordEvents } from '#src/store/events.ts';
import { isOneOf } from '#src/store/one-of.ts';
import { taskDependencies, tasks } from '#src/store/schema.ts';
import { deriveStatuses, factColumns } from '#src/store/task-facts.ts';

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

/**
 * Derives the touched tasks, then those that depend on one whose status changed, until nothing changes. A wave of them is
 * four statements, whatever their number.
 */
async function deriveAll(tx: Transaction, touched: ReadonlySet<string>): Promise<NewEvent[]> {
  const events: NewEvent[] = [];
  let pending = [...touched];
  let first = true;
  while (pending.length) {
    const derived = await deriveWave(tx, pending);
    const changed = derived.filter(({ before, after }) => before !== after);
    for (const { id, projectId, after } of first ? derived : changed)
      events.push({ type: 'task.changed', projectId, taskId: id, data: { status: after } });
    first = false;
    pending = changed.length
      ? await dependantsOf(
          tx,
          changed.map(({ id }) => id),
        )
      : [];
  }
  return events;
}

type Derived = { id: string; projectId: string; before: string; after: TaskStatus };

async function deriveWave(tx: Transaction, ids: readonly string[]): Promise<Derived[]> {
  // The rows' locks make the last of several changes at once see the facts of all of them; their order is everybody's.
  const rows = await tx.select(factColumns).from(tasks).where(isOneOf(tasks.id, ids)).orderBy(tasks.id).for('update');
  const statuses = await deriveStatuses(tx, rows);
  const derived = rows.map((row) => ({
    id: row.id,
    projectId: row.projectId,
    before: row.status,
    after: statuses.get(row.id) ?? (row.status as TaskStatus),
  }));
  const changes = Map.groupBy(
    derived.filter(({ before, after }) => before !== after),
    ({ after }) => after,
  );
  for (const [status, changed] of changes)
    await tx
      .update(tasks)
      .set({ status, completedAt: status === 'completed' ? sql`now()` : null })
      .where(
        isOneOf(
          tasks.id,
          changed.map(({ id }) => id),
        ),
      );
  return derived;
}

async function dependantsOf(tx: Transaction, ids: readonly string[]): Promise<string[]> {
  const rows = await tx
    .selectDistinct({ taskId: taskDependencies.taskId })
    .from(taskDependencies)
    .where(isOneOf(taskDependencies.dependsOn, ids));
  return rows.map((row) => row.taskId);
}

const rowsAtOnce = 1000;

/** Tasks whose kept status is not what their facts say: none, unless there is a bug. */
export async function findWrongStatuses(
  db: Queryable,
): Promise<{ looked: number; wrong: { id: string; kept: string; derived: TaskStatus }[] }> {
  const found = { looked: 0, wrong: [] as { id: string; kept: string; derived: TaskStatus }[] };
  for (let after = ''; ; ) {
    const rows = await db
      .select(factColumns)
      .from(tasks)
      .where(gt(tasks.id, after))
      .orderBy(tasks.id)
      .limit(rowsAtOnce);
    const statuses = await deriveStatuses(db, rows);
    for (const { id, status: kept } of rows) {
      const derived = statuses.get(id);
      if (derived && derived !== kept) found.wrong.push({ id, kept, derived });
    }
    found.looked += rows.length;
    const last = rows.at(-1);
    if (!last) return found;
    after = last.id;
  }
}
