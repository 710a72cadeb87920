/** Money: what sessions came to, what models cost, how much may be spent. All amounts are whole micro-dollars. */
import { index, integer, primaryKey, sql, text } from '#src/store/drizzle.ts';
import { agentSessions, at, number, projects, runs, sentra } from '#src/store/schema.ts';

/** What each session took of each model. A model that nobody named is ''. */
export const costs = sentra.table(
  'costs',
  {
    sessionId: text('session_id')
      .notNull()
      .references(() => agentSessions.id),
    model: text().notNull(),
    /** The agent's own conversation: its totals go on in a session that resumes it. */
    conversation: text().notNull(),
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    taskId: text('task_id').notNull(),
    adwId: text('adw_id').notNull(),
    phase: text().notNull(),
    attempt: integer().notNull(),
    agent: text().notNull(),
    inputTokens: number('input_tokens').notNull().default(0),
    outputTokens: number('output_tokens').notNull().default(0),
    cacheReadTokens: number('cache_read_tokens').notNull().default(0),
    cacheWriteTokens: number('cache_write_tokens').notNull().default(0),
    /** Null where no price is known, and `source` with it. */
    costMicros: number('cost_micros'),
    source: text(),
    /** The day that it counts for: when it was first heard of. */
    spentAt: at('spent_at').notNull().defaultNow(),
  },
  (t) => [
    primaryKey({ columns: [t.sessionId, t.model] }),
    index('costs_by_task').on(t.taskId),
    index('costs_by_project').on(t.projectId, t.spentAt),
    index('costs_by_time').on(t.spentAt),
    index('costs_by_conversation').on(t.conversation),
    index('costs_unknown').on(t.model).where(sql`cost_micros is null`),
  ],
);

/** Prices that somebody set; `scope` is 'server' or the id of a project. In micro-dollars for a million tokens. */
export const prices = sentra.table(
  'prices',
  {
    scope: text().notNull(),
    model: text().notNull(),
    inputMicros: number('input_micros').notNull(),
    outputMicros: number('output_micros').notNull(),
    cacheReadMicros: number('cache_read_micros').notNull(),
    cacheWriteMicros: number('cache_write_micros').notNull(),
    source: text().notNull(),
    setAt: at('set_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.scope, t.model] })],
);

/** Limits that somebody set; `scope` is 'server', or the id of a project or a task. */
export const budgets = sentra.table(
  'budgets',
  {
    scope: text().notNull(),
    period: text().notNull(),
    limitMicros: number('limit_micros').notNull(),
    setAt: at('set_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.scope, t.period] })],
);

/** What a run at work is expected to spend in its phase: counted as spent as long as it has not been. */
export const reservations = sentra.table(
  'reservations',
  {
    adwId: text('adw_id')
      .primaryKey()
      .references(() => runs.adwId),
    projectId: text('project_id').notNull(),
    phase: text().notNull(),
    attempt: integer().notNull(),
    micros: number('micros').notNull(),
  },
  (t) => [index('reservations_by_project').on(t.projectId)],
);

/** Each warning once: `period` names the day, the month or the task. */
export const budgetWarnings = sentra.table(
  'budget_warnings',
  {
    scope: text().notNull(),
    period: text().notNull(),
    limitMicros: number('limit_micros').notNull(),
    percent: integer().notNull(),
    at: at('at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.scope, t.period, t.limitMicros, t.percent] })],
);
