/** What the routes of hooks, messages, plans, sessions and prompts do. */
import type { Plans } from '#src/orchestrator/plans.ts';
import type { Prompts } from '#src/orchestrator/prompts.ts';
import type { Talk } from '#src/orchestrator/talk.ts';
import type { Handlers } from '#src/server/api.ts';
import { getSession, listSessions } from '#src/store/agent-sessions.ts';
import type { Database } from '#src/store/database.ts';
import { listHookEvents } from '#src/store/hook-events.ts';
import { getTaskRow } from '#src/store/tasks.ts';

export type TalkParts = { talk: Talk; plans: Plans; prompts: Prompts };

type Routes =
  | 'listHookEvents'
  | 'listMessages'
  | 'sendMessage'
  | 'interruptTask'
  | 'getPlan'
  | 'putPlan'
  | 'listSessions'
  | 'getSession'
  | 'listPrompts'
  | 'getPrompt'
  | 'putPrompt';

export const createTalkHandlers = ({ db }: Database, { talk, plans, prompts }: TalkParts): Pick<Handlers, Routes> => ({
  listHookEvents: async ({ params, query }) => {
    await getTaskRow(db, params.id);
    return listHookEvents(db, params.id, query);
  },
  listMessages: async ({ params }) => ({ items: await talk.list(params.id) }),
  sendMessage: ({ params, body }) => talk.send(params.id, body.text),
  interruptTask: ({ params, body }) => talk.interrupt(params.id, body.text),
  getPlan: ({ params }) => plans.get(params.id),
  putPlan: ({ params, body }) => plans.put(params.id, body.plan),
  listSessions: async ({ params }) => {
    await getTaskRow(db, params.id);
    return { items: await listSessions(db, params.id) };
  },
  getSession: ({ params }) => getSession(db, params.id, params.sessionId),
  listPrompts: async ({ params }) => ({ items: await prompts.list(params.id) }),
  getPrompt: ({ params }) => prompts.get(params.id, params.role),
  putPrompt: ({ params, body }) => prompts.put(params.id, params.role, body.text),
});
