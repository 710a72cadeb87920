/**
 * From what people wrote to the session that runs. The rows are the truth: a session is handed each once, and what its agent did
 * not hear is the next session's. Whoever wrote may be another process, so the table is looked at every second.
 */

import type { Inbox } from '#src/agents/agent.ts';
import type { AgentCapabilities } from '#src/domain/agent-definition.ts';
import { whenAvailable } from '#src/store/database-error.ts';
import { findInterrupt, hasNew, type Listener, noteHeard, takeMessages } from '#src/store/messages.ts';
import type { Parts } from '#src/workflows/parts.ts';

export type OpenInbox = {
  /** Undefined for an agent that hears nothing while it runs. */
  inbox: Inbox | undefined;
  /** Aborted when a person interrupts an agent whose turn cannot be ended without the session. */
  signal: AbortSignal;
  heard(messageId: string): Promise<void>;
  close(): void;
};

const lookMs = 1000;

export function openInbox(
  { database: { db }, changes }: Pick<Parts, 'database' | 'changes'>,
  listener: Listener,
  { messages, interrupt }: Pick<AgentCapabilities, 'messages' | 'interrupt'>,
): OpenInbox {
  const ending = new AbortController();
  const watchers = new Set<() => void>();
  let looking = false;
  const look = async () => {
    if (watchers.size > 0 && (await hasNew(db, listener))) for (const tell of watchers) tell();
    if (!interrupt && (await findInterrupt(db, listener))) ending.abort();
  };
  const timer = setInterval(() => {
    if (looking) return;
    looking = true;
    void look()
      .catch(() => {}) // the database is away: looked again in a second
      .finally(() => {
        looking = false;
      });
  }, lookMs);
  const inbox: Inbox = {
    take: async () => (await whenAvailable(() => takeMessages(db, listener))).map(toInbox),
    watch: (onWritten) => {
      watchers.add(onWritten);
      return () => watchers.delete(onWritten);
    },
  };
  return {
    inbox: messages === 'next_turn' ? inbox : undefined,
    signal: ending.signal,
    heard: (messageId) =>
      whenAvailable(() =>
        changes.change(async ({ tx, record }) => {
          await noteHeard(tx, Number(messageId), listener);
          record({ type: 'message.changed', taskId: listener.taskId, data: { messageId: Number(messageId) } });
        }),
      ),
    close: () => clearInterval(timer),
  };
}

const toInbox = ({ id, text, interrupt }: { id: number; text: string; interrupt: boolean }) => ({
  id: String(id),
  text,
  interrupt,
});
