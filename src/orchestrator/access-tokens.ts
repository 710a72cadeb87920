/** Tokens with a role: made, listed, ended. Only the hash of a secret is kept. */
import { createHash, randomBytes } from 'node:crypto';
import type { AccessToken, NewAccessToken, Role } from '#src/domain/access-token.ts';
import { newAccessTokenId } from '#src/domain/ids.ts';
import { SentraError } from '#src/errors.ts';
import { deleteAccessToken, findRole, insertAccessToken, listAccessTokens } from '#src/store/access-tokens.ts';
import type { Queryable } from '#src/store/database.ts';

const secretStart = 'sentra_';

export async function createAccessToken(
  db: Queryable,
  wanted: NewAccessToken,
): Promise<AccessToken & { token: string }> {
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
export const roleOfSecret = async (db: Queryable, secret: string): Promise<Role | undefined> =>
  secret.startsWith(secretStart) ? findRole(db, hashOf(secret)) : undefined;

const hashOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');
