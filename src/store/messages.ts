/**
 * What people say to agents. A message is a row before anything else happens with it; it is delivered when an agent has it.
 * One that a session was handed and nobody heard, or whose session did not come to its end, is said again in the next.
 */

import type { Message } from '#src/domain/message.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, asc, eq, isNull, type SQL, sql } from '#src/store/drizzle.ts';
import { agentSessions } from '#src/store/schema.ts';
import { messages } from '#src/store/schema-talk.ts';
import { toIso, toIsoOrNull } from '#src/store/time.ts';

type MessageRow = typeof messages.$inferSelect;
export type Listener = { taskId: string; sessionId: string; phase: string };

export async function insertMessage(
  tx: Queryable,
  message: Pick<MessageRow, 'taskId' | 'text' | 'interrupt'>,
): Promise<Message> {
  const [row] = await tx.insert(messages).values(message).returning();
  if (!row) throw new Error(`the message for ${message.taskId} was not kept`);
  return toMessage(row);
}

export async function listMessages(db: Queryable, taskId: string): Promise<Message[]> {
  const rows = await db.select().from(messages).where(eq(messages.taskId, taskId)).orderBy(asc(messages.id));
  return rows.map(toMessage);
}

/** How many no agent has heard. */
export const countWaiting = (db: Queryable, taskId: string): Promise<number> =>
  db.$count(messages, and(eq(messages.taskId, taskId), isNull(messages.deliveredAt)));

/** For a session that runs: what nobody has, each once. */
export async function takeMessages(db: Queryable, { taskId, sessionId }: Listener): Promise<Message[]> {
  const rows = await db
    .update(messages)
    .set({ takenBy: sessionId })
    .where(
      and(
        eq(messages.taskId, taskId),
        isNull(messages.deliveredAt),
        sql`${messages.takenBy} is distinct from ${sessionId}`,
      ),
    )
    .returning();
  return rows.sort((a, b) => a.id - b.id).map(toMessage);
}

/** For the prompt of a session that is about to begin: it has them from its first word on. */
export async function deliverInPrompt(tx: Queryable, { taskId, sessionId, phase }: Listener): Promise<Message[]> {
  const wasCutOff = sql`${messages.sessionId} in (
    select id from ${agentSessions} where task_id = ${taskId} and outcome is distinct from 'done')`;
  const rows = await tx
    .update(messages)
    .set({ takenBy: sessionId, sessionId, phase, deliveredAt: sql`now()` })
    .where(and(eq(messages.taskId, taskId), sql`(${messages.deliveredAt} is null or ${wasCutOff})`))
    .returning();
  return rows.sort((a, b) => a.id - b.id).map(toMessage);
}

/** The agent of a session has it. */
export async function noteHeard(db: Queryable, id: number, { taskId, sessionId, phase }: Listener): Promise<void> {
  await db
    .update(messages)
    .set({ sessionId, phase, deliveredAt: sql`now()` })
    .where(and(eq(messages.id, id), eq(messages.taskId, taskId), isNull(messages.deliveredAt)));
}

/** Whether there is anything that this session was not handed. */
export const hasNew = (db: Queryable, listener: Listener): Promise<boolean> => exists(db, listener);

/** Whether a person asked for the end of the turn, and this session was not handed it. */
export const findInterrupt = (db: Queryable, listener: Listener): Promise<boolean> =>
  exists(db, listener, eq(messages.interrupt, true));

async function exists(db: Queryable, { taskId, sessionId }: Listener, more?: SQL): Promise<boolean> {
  const isNew = sql`${messages.takenBy} is distinct from ${sessionId}`;
  const [row] = await db
    .select({ id: messages.id })
    .from(messages)
    .where(and(eq(messages.taskId, taskId), isNull(messages.deliveredAt), isNew, more))
    .limit(1);
  return row !== undefined;
}

const toMessage = ({ takenBy: _, createdAt, deliveredAt, ...row }: MessageRow): Message => ({
  ...row,
  state: deliveredAt === null ? 'waiting' : 'delivered',
  createdAt: toIso(createdAt),
  deliveredAt: toIsoOrNull(deliveredAt),
});
