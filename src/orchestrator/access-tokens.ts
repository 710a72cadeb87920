/** Tokens with a role: made, listed, ended. Only the hash of a secret is kept. */
import { createHash, randomBytes } from 'node:crypto';
import type { Access, AccessToken, NewAccessToken } from '#src/domain/access-token.ts';
import { newAccessTokenId } from '#src/domain/ids.ts';
import { SentraError } from '#src/errors.ts';
import { deleteAccessToken, findAccess, insertAccessToken, listAccessTokens } from '#src/store/access-tokens.ts';
import type { Queryable } from '#src/store/database.ts';
import { getProjectRow } from '#src/store/projects.ts';

const secretStart = 'sentra_';

export async function createAccessToken(
  db: Queryable,
  wanted: NewAccessToken,
): Promise<AccessToken & { token: string }> {
  for (const projectId of wanted.projects ?? []) await getProjectRow(db, projectId);
  const id = newAccessTokenId();
  const token = secretStart + randomBytes(32).toString('base64url');
  await insertAccessToken(db, { id, ...wanted, hash: hashOf(token) });
  const kept = (await listAccessTokens(db)).find((one) => one.id === id);
  if (!kept) throw new SentraError('conflict', `The token ${wanted.name} was revoked at this moment.`);
  return { ...kept, token };
}

export async function revokeAccessToken(db: Queryable, id: string): Promise<void> {
  if (await deleteAccessToken(db, id)) return;
  throw new SentraError('not_found', `There is no token ${id}; \`npx sentra token list\` shows those there are.`);
}

/** What a secret lets its owner do. */
export const accessOfSecret = async (db: Queryable, secret: string): Promise<Access | undefined> =>
  secret.startsWith(secretStart) ? findAccess(db, hashOf(secret)) : undefined;

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
