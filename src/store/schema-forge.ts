import type { NewComment } from '#src/domain/pull-request.ts';
import { index, integer, jsonb, text } from '#src/store/drizzle.ts';
import { at, createdAt, number, projects, sentra } from './schema.ts';

/** When somebody looks at a project's forge again, and how that went. Whoever leases a due row looks; nobody else does meanwhile. */
export const forgePolls = sentra.table('forge_polls', {
  projectId: text('project_id')
    .primaryKey()
    .references(() => projects.id),
  dueAt: at('due_at').notNull().defaultNow(),
  /** Somebody looks at this moment; one that died leaves it to the next then. */
  leasedUntil: at('leased_until'),
  /** In a row, since the last look that succeeded. */
  failures: integer().notNull().default(0),
  /** Why it is not looked at as usual, for people. */
  problem: text(),
  lookedAt: at('looked_at'),
});

/** Webhooks that were taken, by the id that the forge gave each: sent again, they change nothing. */
export const webhookDeliveries = sentra.table('webhook_deliveries', {
  id: text().primaryKey(),
  createdAt: createdAt(),
});

/** Verdicts of people in Sentra, which a forge is told as reviews. */
export const forgeReviews = sentra.table(
  'forge_reviews',
  {
    id: number('id').primaryKey().generatedAlwaysAsIdentity(),
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    /** Of the pull request, as Sentra counts them. */
    number: integer().notNull(),
    verdict: text().notNull(),
    commit: text().notNull(),
    comments: jsonb().$type<NewComment[]>().notNull(),
    /** As what: review, comment, or why the forge does not take it. Null until then. */
    told: text(),
    createdAt: createdAt(),
  },
  (t) => [index('forge_reviews_by_pull').on(t.projectId, t.number)],
);
