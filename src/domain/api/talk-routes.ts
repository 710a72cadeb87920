/** The routes of what agents' hooks told, of what people say to agents, and of what agents were told. */
import { z } from 'zod';
import { AgentSession, ToldSession } from '#src/domain/agent-session.ts';
import { items, route } from '#src/domain/api/route.ts';
import { HookEvent, hookDecisions } from '#src/domain/hook.ts';
import { ProjectId, TaskId } from '#src/domain/ids.ts';
import { Message, MessageText } from '#src/domain/message.ts';
import { Prompt, PromptRole } from '#src/domain/prompt.ts';
import { TaskPlan } from '#src/domain/task-plan.ts';

const params = z.object({ id: TaskId });
const projectParams = z.object({ id: ProjectId });
const promptParams = projectParams.extend({ role: PromptRole });

export const HookQuery = z.object({
  decision: z.enum(hookDecisions).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  cursor: z.coerce.number().int().min(1).optional(),
});
export type HookQuery = z.infer<typeof HookQuery>;

export const talkRoutes = {
  listHookEvents: route({
    method: 'get',
    path: '/api/tasks/{id}/hook-events',
    summary: 'What the hooks of its agents told, newest first: tools used, what was denied and why',
    status: 200,
    params,
    query: HookQuery,
    answer: items(HookEvent),
  }),
  listMessages: route({
    method: 'get',
    path: '/api/tasks/{id}/messages',
    summary: 'What people said to its agents, oldest first, and which session has heard it',
    status: 200,
    params,
    answer: items(Message),
  }),
  sendMessage: route({
    method: 'post',
    path: '/api/tasks/{id}/messages',
    summary: "Say something to its agent: heard at the agent's next turn, or by the next session",
    status: 201,
    params,
    body: z.strictObject({ text: MessageText }),
    answer: Message,
  }),
  interruptTask: route({
    method: 'post',
    path: '/api/tasks/{id}/interrupt',
    summary: 'End the turn that its agent is in; it goes on with what is said here',
    status: 202,
    params,
    body: z.strictObject({ text: MessageText.optional() }).default({}),
    answer: Message,
  }),
  getPlan: route({
    method: 'get',
    path: '/api/tasks/{id}/plan',
    summary: 'Its plan as it stands, those before it, and whether it can be edited now',
    status: 200,
    params,
    answer: TaskPlan,
  }),
  putPlan: route({
    method: 'put',
    path: '/api/tasks/{id}/plan',
    summary: 'Edit its plan, before CODE works by it',
    status: 200,
    params,
    body: z.strictObject({ plan: z.string().trim().min(1, 'a plan is not empty').max(200_000) }),
    answer: TaskPlan,
  }),
  listSessions: route({
    method: 'get',
    path: '/api/tasks/{id}/sessions',
    summary: 'The sessions of its agents, newest first',
    status: 200,
    params,
    answer: items(AgentSession),
  }),
  getSession: route({
    method: 'get',
    path: '/api/tasks/{id}/sessions/{sessionId}',
    summary: 'One session, with its prompts as they were sent',
    status: 200,
    params: params.extend({ sessionId: z.string().max(100) }),
    answer: ToldSession,
  }),
  listPrompts: route({
    method: 'get',
    path: '/api/projects/{id}/prompts',
    summary: 'What its agents are told in each role',
    status: 200,
    params: projectParams,
    answer: items(Prompt),
  }),
  getPrompt: route({
    method: 'get',
    path: '/api/projects/{id}/prompts/{role}',
    summary: 'What its agents are told in a role, with the versions before it',
    status: 200,
    params: promptParams,
    answer: Prompt,
  }),
  putPrompt: route({
    method: 'put',
    path: '/api/projects/{id}/prompts/{role}',
    summary: 'Tell its agents something else in a role from the next session on; null goes back to the default',
    status: 200,
    role: 'admin',
    params: promptParams,
    body: z.strictObject({ text: z.string().max(50_000).nullable() }),
    answer: Prompt,
  }),
} as const;
