import { integer, jsonb, primaryKey, text } from '#src/store/drizzle.ts';
import type { TestReport } from '../domain/test-report/report.ts';
import { createdAt, sentra } from './schema.ts';

/** What a project's tests came to on a commit that tasks begin from; run once for all of them. */
export const baseTests = sentra.table(
  'base_tests',
  {
    projectId: text('project_id').notNull(),
    commit: text().notNull(),
    /** The command; another one is another result. */
    command: text().notNull(),
    exitCode: integer('exit_code'),
    report: jsonb().$type<TestReport>(),
    durationMs: integer('duration_ms').notNull(),
    createdAt: createdAt(),
  },
  (t) => [primaryKey({ columns: [t.projectId, t.commit, t.command] })],
);
