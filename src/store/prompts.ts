import type { PromptRole, PromptVersion } from '#src/domain/prompt.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, desc, eq } from '#src/store/drizzle.ts';
import { projects } from '#src/store/schema.ts';
import { prompts } from '#src/store/schema-talk.ts';
import { toIso } from '#src/store/time.ts';

/** Newest first. */
export async function listPromptVersions(db: Queryable, projectId: string, role: PromptRole): Promise<PromptVersion[]> {
  const rows = await db.select().from(prompts).where(ofRole(projectId, role)).orderBy(desc(prompts.version));
  return rows.map(({ version, text, createdAt }) => ({ version, text, createdAt: toIso(createdAt) }));
}

/** What the project says itself; undefined for the default. */
export async function findPrompt(
  db: Queryable,
  projectId: string,
  role: PromptRole,
): Promise<{ version: number; text: string } | undefined> {
  const [row] = await db
    .select({ version: prompts.version, text: prompts.text })
    .from(prompts)
    .where(ofRole(projectId, role))
    .orderBy(desc(prompts.version))
    .limit(1);
  return row && row.text !== null ? { version: row.version, text: row.text } : undefined;
}

/** The next version; null goes back to the default. What is so already stays the version that it is. */
export async function addPromptVersion(
  tx: Queryable,
  projectId: string,
  role: PromptRole,
  text: string | null,
): Promise<void> {
  await tx.select({ id: projects.id }).from(projects).where(eq(projects.id, projectId)).for('update'); // two editors at once
  const [last] = await listPromptVersions(tx, projectId, role);
  if ((last?.text ?? null) === text) return;
  await tx.insert(prompts).values({ projectId, role, version: (last?.version ?? 0) + 1, text });
}

const ofRole = (projectId: string, role: PromptRole) => and(eq(prompts.projectId, projectId), eq(prompts.role, role));
