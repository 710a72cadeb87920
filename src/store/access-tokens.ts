/** Tokens by the hash of their secrets. The database's clock says which have expired. */

import type { Access, AccessToken, Role } from '#src/domain/access-token.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, eq, sql } from '#src/store/drizzle.ts';
import { accessTokens } from '#src/store/schema-access.ts';
import { toIso } from '#src/store/time.ts';

const isExpired = sql<boolean>`coalesce(${accessTokens.expiresAt} <= now(), false)`;

export async function insertAccessToken(
  db: Queryable,
  {
    days,
    projects = null,
    ...row
  }: Pick<AccessToken, 'id' | 'name' | 'role'> & {
    hash: string;
    projects?: string[] | null | undefined;
    days?: number | undefined;
  },
): Promise<void> {
  const expiresAt = days === undefined ? null : sql`now() + ${days} * interval '1 day'`;
  await db.insert(accessTokens).values({ ...row, projects, expiresAt });
}

export async function listAccessTokens(db: Queryable): Promise<AccessToken[]> {
  const { id, name, role, projects, createdAt, expiresAt } = accessTokens;
  const rows = await db
    .select({ id, name, role, projects, createdAt, expiresAt, isExpired })
    .from(accessTokens)
    .orderBy(createdAt);
  return rows.map((row) => ({
    ...row,
    role: row.role as Role,
    createdAt: toIso(row.createdAt),
    expiresAt: row.expiresAt && toIso(row.expiresAt),
  }));
}

/** Undefined for a secret that nobody was given, or has no more. */
export async function findAccess(db: Queryable, hash: string): Promise<Access | undefined> {
  const where = and(eq(accessTokens.hash, hash), sql`not ${isExpired}`);
  const { role, projects } = accessTokens;
  const [row] = await db.select({ role, projects }).from(accessTokens).where(where);
  return row && { ...row, role: row.role as Role };
}

export async function deleteAccessToken(db: Queryable, id: string): Promise<boolean> {
  return (await db.delete(accessTokens).where(eq(accessTokens.id, id)).returning({ id: accessTokens.id })).length > 0;
}
