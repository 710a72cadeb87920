/** The routes of who may call: logging in, and tokens. */
import { z } from 'zod';
import { AccessToken, NewAccessToken } from '#src/domain/access-token.ts';
import { items, route } from '#src/domain/api/route.ts';
import { AccessTokenId } from '#src/domain/ids.ts';

export const accessRoutes = {
  login: route({
    method: 'post',
    path: '/api/login',
    summary: 'Exchange the one-time code of a link for a cookie',
    status: 200,
    body: z.strictObject({ code: z.string().max(200) }),
    answer: z.object({ ok: z.literal(true) }),
  }),
  createLoginLink: route({
    method: 'post',
    path: '/api/login-links',
    summary: 'A one-time link to the dashboard',
    status: 201,
    role: 'admin',
    answer: z.object({ url: z.string(), expiresAt: z.string() }),
  }),
  createToken: route({
    method: 'post',
    path: '/api/tokens',
    summary: 'A token with a role, whose secret is told in this answer and never again',
    status: 201,
    role: 'admin',
    body: NewAccessToken,
    answer: AccessToken.extend({ token: z.string() }),
  }),
  listTokens: route({
    method: 'get',
    path: '/api/tokens',
    summary: 'The tokens that were not revoked, without their secrets',
    status: 200,
    role: 'admin',
    answer: items(AccessToken),
  }),
  revokeToken: route({
    method: 'delete',
    path: '/api/tokens/{id}',
    summary: 'End a token now',
    status: 200,
    role: 'admin',
    params: z.object({ id: AccessTokenId }),
    answer: z.object({ removed: z.boolean() }),
  }),
};
