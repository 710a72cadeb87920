import type { TestReport } from '#src/domain/test-report/report.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, eq, sql } from '#src/store/drizzle.ts';
import { baseTests } from '#src/store/schema-evidence.ts';

export type BaseTests = { exitCode: number | null; report: TestReport | null; durationMs: number };
type Key = { projectId: string; commit: string; command: string };

export async function findBaseTests(db: Queryable, key: Key): Promise<BaseTests | undefined> {
  const [row] = await db
    .select()
    .from(baseTests)
    .where(
      and(eq(baseTests.projectId, key.projectId), eq(baseTests.commit, key.commit), eq(baseTests.command, key.command)),
    );
  return row && { exitCode: row.exitCode, report: row.report, durationMs: row.durationMs };
}

/** The first one stays: tasks of one base are compared with the same. What nobody has begun from for a month goes. */
export async function keepBaseTests(db: Queryable, key: Key, result: BaseTests): Promise<void> {
  await db.delete(baseTests).where(sql`${baseTests.createdAt} < now() - interval '30 days'`);
  const { exitCode, durationMs, report } = result;
  await db
    .insert(baseTests)
    .values({ ...key, exitCode, durationMs, report: report && namesOnly(report) })
    .onConflictDoNothing();
}

/** Names and outcomes are compared; words of what failed or was skipped are nobody's concern here. */
const namesOnly = (report: TestReport): TestReport => ({
  ...report,
  cases: report.cases.map((found) => ({ ...found, message: null, durationMs: null })),
});
