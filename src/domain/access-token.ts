/** Tokens beside the server's own: for scripts and people who may not do everything, and not for ever. */
import { z } from 'zod';
import { AccessTokenId, ProjectId } from '#src/domain/ids.ts';

/** Each may what those before it may. `viewer` reads, `operator` works with tasks, `admin` decides what Sentra and agents may. */
export const roles = ['viewer', 'operator', 'admin'] as const;
export const Role = z.enum(roles);
export type Role = z.infer<typeof Role>;

export const includesRole = (has: Role, needs: Role): boolean => roles.indexOf(has) >= roles.indexOf(needs);

/** What a token lets its owner do: with these projects alone, or with all (null). */
export type Access = { role: Role; projects: readonly string[] | null };

/** Without its secret, which is told once. */
export const AccessToken = z
  .object({
    id: AccessTokenId,
    name: z.string(),
    role: Role,
    /** The projects that it is for; null for all, and all of Sentra. */
    projects: z.array(z.string()).nullable(),
    createdAt: z.string(),
    /** Null: it ends only when it is revoked. */
    expiresAt: z.string().nullable(),
    isExpired: z.boolean(),
  })
  .meta({ id: 'AccessToken' });
export type AccessToken = z.infer<typeof AccessToken>;

export const NewAccessToken = z.strictObject({
  name: z.string().trim().min(1).max(100),
  role: Role,
  projects: z.array(ProjectId).min(1).max(100).optional(),
  days: z.number().positive().max(3650).optional(),
});
export type NewAccessToken = z.infer<typeof NewAccessToken>;
