/** What agents' hooks report, what people say to agents, and what both sides are told in writing: plans and prompts. */
import { boolean, index, integer, primaryKey, sql, text, uniqueIndex } from '#src/store/drizzle.ts';
import { at, createdAt, number, projects, sentra, tasks } from '#src/store/schema.ts';

const identity = () => number('id').primaryKey().generatedAlwaysAsIdentity();

/** Points of an agent's life, as callbacks of its driver or hooks of its repository told them. */
export const hookEvents = sentra.table(
  'hook_events',
  {
    id: identity(),
    taskId: text('task_id').notNull(),
    adwId: text('adw_id').notNull(),
    phase: text().notNull(),
    sessionId: text('session_id').notNull(),
    source: text().notNull(),
    event: text().notNull(),
    /** Which hook told it: `sentra` for our callbacks, else the name that the hook gives itself. */
    hook: text().notNull(),
    tool: text(),
    /** The agent's own id of the tool call; one call is one row of an event, whoever tells of it. */
    callId: text('call_id'),
    decision: text().notNull(),
    reason: text(),
    input: text(),
    at: at('at').notNull().defaultNow(),
  },
  (t) => [
    index('hook_events_by_task').on(t.taskId, t.id),
    uniqueIndex('hook_events_once').on(t.sessionId, t.event, t.callId).where(sql`call_id is not null`),
  ],
);

/** What a person says to the agent of a task. */
export const messages = sentra.table(
  'messages',
  {
    id: identity(),
    taskId: text('task_id')
      .notNull()
      .references(() => tasks.id),
    text: text().notNull(),
    /** Ends the turn that is under way. */
    interrupt: boolean().notNull(),
    createdAt: createdAt(),
    /** The session that was handed it, which is not yet to say that its agent has it. */
    takenBy: text('taken_by'),
    /** The session whose agent has it. */
    sessionId: text('session_id'),
    phase: text(),
    deliveredAt: at('delivered_at'),
  },
  (t) => [
    index('messages_by_task').on(t.taskId, t.id),
    index('messages_waiting').on(t.taskId).where(sql`delivered_at is null`),
  ],
);

/** Every plan that a task has had; the last one counts. */
export const plans = sentra.table(
  'plans',
  {
    taskId: text('task_id')
      .notNull()
      .references(() => tasks.id),
    version: integer().notNull(),
    text: text().notNull(),
    author: text().notNull(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.taskId, t.version] })],
);

/** What a project tells its agents instead of the default; a version without text goes back to that. */
export const prompts = sentra.table(
  'prompts',
  {
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    role: text().notNull(),
    version: integer().notNull(),
    text: text(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.role, t.version] })],
);
