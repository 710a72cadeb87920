import { integer, text } from 'drizzle-orm/pg-core';
import { at, createdAt, projects, sentra } from './schema.ts';

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
