/** What a person says to the agent of a task: kept first, heard by the session that runs or by the next one. */
import type { Message } from '#src/domain/message.ts';
import type { PhaseName } from '#src/domain/phase.ts';
import type { Task } from '#src/domain/task.ts';
import { SentraError } from '#src/errors.ts';
import type { LogPipeline } from '#src/logs/pipeline.ts';
import { isSessionOpen } from '#src/store/agent-sessions.ts';
import type { Changes } from '#src/store/change.ts';
import type { Database } from '#src/store/database.ts';
import { insertMessage, listMessages } from '#src/store/messages.ts';
import { getTask, getTaskRow } from '#src/store/tasks.ts';

export type Talk = {
  list(taskId: string): Promise<Message[]>;
  /** Throws `not_allowed` when no session of the task will ever hear it. */
  send(taskId: string, text: string): Promise<Message>;
  /** Throws `not_allowed` when no agent of the task is at work. */
  interrupt(taskId: string, text: string | undefined): Promise<Message>;
};

/** For somebody who stops a turn and says nothing. */
const stopped =
  'A person stopped your turn. Look at where you are against the task and the plan, then go on from there.';

type Parts = { database: Database; changes: Changes; logs: LogPipeline };

export function createTalk({ database, changes, logs }: Parts): Talk {
  const { db } = database;
  const keep = async (task: Task, text: string, interrupt: boolean): Promise<Message> => {
    const message = await changes.change(async ({ tx, record }) => {
      const kept = await insertMessage(tx, { taskId: task.id, text, interrupt });
      record({ type: 'message.changed', projectId: task.projectId, taskId: task.id, data: { messageId: kept.id } });
      return kept;
    });
    const phase = task.status === 'running' ? (task.phase as PhaseName | null) : null;
    const said = interrupt ? 'A person stops the turn and says' : 'A person says';
    await logs
      .logger({ taskId: task.id, adwId: task.adwId, phase })
      .info(`${said}: ${text}`, { kind: 'step', messageId: message.id });
    return message;
  };
  return {
    async list(taskId) {
      await getTaskRow(db, taskId);
      return listMessages(db, taskId);
    },
    async send(taskId, text) {
      const task = await getTask(db, taskId);
      const isOver = ['completed', 'skipped', 'cancelled'].includes(task.status);
      if (isOver)
        throw new SentraError(
          'not_allowed',
          `${taskId} is ${task.status}: no agent works on it any more. Retry it, or create a task for what you want.`,
        );
      return keep(task, text, false);
    },
    async interrupt(taskId, text) {
      const task = await getTask(db, taskId);
      if (!(await isSessionOpen(db, taskId)))
        throw new SentraError(
          'not_allowed',
          `No agent is at work on ${taskId} at this moment. Send a message instead: the next session hears it.`,
        );
      return keep(task, text ?? stopped, true);
    },
  };
}
