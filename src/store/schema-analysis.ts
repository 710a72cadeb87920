/** What the analyst proposes. Its sessions, lines and costs lie where those of tasks lie, under the analysis's id. */
import { index, integer, jsonb, text, uniqueIndex } from '#src/store/drizzle.ts';
import { at, createdAt, projects, sentra } from '#src/store/schema.ts';
import type { BatchTask } from '../domain/task.ts';
import type { Failure } from '../errors.ts';

export const analyses = sentra.table(
  'analyses',
  {
    id: text().primaryKey(),
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    name: text().notNull(),
    specification: text().notNull(),
    agent: text(),
    status: text().notNull(),
    /** Of the newest try; each has a run id of its own. */
    adwId: text('adw_id').notNull(),
    error: jsonb().$type<Failure>(),
    tasks: jsonb().$type<BatchTask[]>().notNull().default([]),
    notes: jsonb().$type<string[]>().notNull().default([]),
    /** Grows with each change of the proposal. */
    version: integer().notNull().default(0),
    taskIds: jsonb('task_ids').$type<Record<string, string>>().notNull().default({}),
    idempotencyKey: text('idempotency_key'),
    createdAt: createdAt(),
    startedAt: at('started_at'),
    endedAt: at('ended_at'),
  },
  (t) => [
    index('analyses_by_project').on(t.projectId, t.createdAt),
    uniqueIndex('analyses_idempotency').on(t.idempotencyKey),
  ],
);
