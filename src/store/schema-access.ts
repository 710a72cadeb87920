/** What people let happen: content of repositories that they trust, tokens for others. */
import { jsonb, primaryKey, text } from '#src/store/drizzle.ts';
import type { SteeringFile } from '../domain/trust.ts';
import { at, createdAt, projects, sentra } from './schema.ts';

/** Content that a person trusts, by its hash; several of one project, as tasks may stand at older commits. */
export const trustedContents = sentra.table(
  'trusted_contents',
  {
    projectId: text('project_id')
      .notNull()
      .references(() => projects.id),
    hash: text().notNull(),
    files: jsonb().$type<SteeringFile[]>().notNull(),
    trustedAt: at('trusted_at').notNull().defaultNow(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.hash] })],
);

/** Tokens beside the server's own. Of a secret only the SHA-256 is kept: it has 256 random bits. */
export const accessTokens = sentra.table('access_tokens', {
  id: text().primaryKey(),
  name: text().notNull(),
  role: text().notNull(),
  /** Null: for all projects. */
  projects: text().array(),
  hash: text().notNull().unique(),
  createdAt: createdAt(),
  expiresAt: at('expires_at'),
});
