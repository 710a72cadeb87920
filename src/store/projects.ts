import type { Project, ProjectPatch } from '#src/domain/project.ts';
import { SentraError } from '#src/errors.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, eq, isNull, sql } from '#src/store/drizzle.ts';
import { projects, tasks } from '#src/store/schema.ts';
import { toIso } from '#src/store/time.ts';

export type ProjectRow = typeof projects.$inferSelect;
export type ProjectFacts = Pick<ProjectRow, 'id' | 'name' | 'path' | 'baseBranch' | 'gitDir' | 'remote' | 'stacked'>;

/** Keeps a project; one that was removed before is taken up again under its old id. Answers its id. */
export async function insertProject(tx: Queryable, facts: ProjectFacts): Promise<string> {
  const { id: _, ...again } = facts;
  const [row] = await tx
    .insert(projects)
    .values(facts)
    .onConflictDoUpdate({ target: projects.path, set: { ...again, removedAt: null } })
    .returning({ id: projects.id });
  if (!row) throw new Error('insert into projects returned no row');
  return row.id;
}

export async function getProjectRow(db: Queryable, id: string): Promise<ProjectRow> {
  const [row] = await db
    .select()
    .from(projects)
    .where(and(eq(projects.id, id), isNull(projects.removedAt)));
  if (!row) throw noProject(id);
  return row;
}

/** One that was removed as well: what its tasks left is still cleaned up. */
export async function getAnyProjectRow(db: Queryable, id: string): Promise<ProjectRow> {
  const [row] = await db.select().from(projects).where(eq(projects.id, id));
  if (!row) throw noProject(id);
  return row;
}

const noProject = (id: string) =>
  new SentraError('not_found', `There is no project ${id}; \`npx sentra project list\` shows those there are.`);

export async function findProjectByPath(db: Queryable, path: string): Promise<ProjectRow | undefined> {
  const [row] = await db
    .select()
    .from(projects)
    .where(and(eq(projects.path, path), isNull(projects.removedAt)));
  return row;
}

export const listProjectRows = (db: Queryable): Promise<ProjectRow[]> =>
  db.select().from(projects).where(isNull(projects.removedAt)).orderBy(projects.createdAt);

/** With those that were removed. */
export const listAllProjectRows = (db: Queryable): Promise<ProjectRow[]> =>
  db.select().from(projects).orderBy(projects.createdAt);

export async function updateProject(tx: Queryable, id: string, patch: ProjectPatch): Promise<void> {
  if (Object.keys(patch).length) await tx.update(projects).set(patch).where(eq(projects.id, id));
}

/** As its sentra.json says. */
export async function setStacked(tx: Queryable, id: string, stacked: boolean): Promise<void> {
  await tx.update(projects).set({ stacked }).where(eq(projects.id, id));
}

export async function removeProject(tx: Queryable, id: string): Promise<void> {
  await tx.update(projects).set({ removedAt: sql`now()` }).where(eq(projects.id, id));
}

/** How many tasks of each project are in which status: project id → status → count. */
export async function countTasks(db: Queryable): Promise<Map<string, Record<string, number>>> {
  const rows = await db
    .select({ projectId: tasks.projectId, status: tasks.status, count: sql<number>`count(*)::int` })
    .from(tasks)
    .groupBy(tasks.projectId, tasks.status);
  const counts = new Map<string, Record<string, number>>();
  for (const row of rows) counts.set(row.projectId, { ...counts.get(row.projectId), [row.status]: row.count });
  return counts;
}

export const toProject = (row: ProjectRow, counts: Record<string, number>, problem: string | null): Project => ({
  id: row.id,
  name: row.name,
  path: row.path,
  baseBranch: row.baseBranch,
  gitDir: row.gitDir,
  remote: row.remote,
  paused: row.paused,
  problem,
  createdAt: toIso(row.createdAt),
  counts,
});
