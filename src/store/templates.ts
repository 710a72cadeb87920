import type { Template } from '#src/domain/template.ts';
import { SentraError } from '#src/errors.ts';
import type { Queryable } from '#src/store/database.ts';
import { eq } from '#src/store/drizzle.ts';
import { templates } from '#src/store/schema.ts';

const columns = { name: templates.name, fields: templates.fields };

export const listTemplates = (db: Queryable): Promise<Template[]> =>
  db.select(columns).from(templates).orderBy(templates.name);

export async function getTemplate(db: Queryable, name: string): Promise<Template> {
  const [row] = await db.select(columns).from(templates).where(eq(templates.name, name));
  return row ?? absent(name);
}

export async function insertTemplate(db: Queryable, template: Template): Promise<Template> {
  const [row] = await db.insert(templates).values(template).onConflictDoNothing().returning(columns);
  if (row) return row;
  throw new SentraError(
    'conflict',
    `There is a template "${template.name}" already; change it or choose another name.`,
  );
}

export async function updateTemplate(db: Queryable, name: string, fields: Template['fields']): Promise<Template> {
  const [row] = await db.update(templates).set({ fields }).where(eq(templates.name, name)).returning(columns);
  return row ?? absent(name);
}

export async function removeTemplate(db: Queryable, name: string): Promise<void> {
  const rows = await db.delete(templates).where(eq(templates.name, name)).returning({ name: templates.name });
  if (!rows.length) absent(name);
}

function absent(name: string): never {
  throw new SentraError(
    'not_found',
    `There is no template "${name}"; \`npx sentra template list\` shows those there are.`,
  );
}
