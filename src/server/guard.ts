/**
 * Who may call, before anything is done or upgraded. The order is the contract's: Host 421, Origin 403, token 401, role 403, body 413,
 * content type 415; the schema comes after, in api.ts.
 */
import type { Context, MiddlewareHandler } from 'hono';
import { bodyLimit } from 'hono/body-limit';
import { type Access, includesRole } from '#src/domain/access-token.ts';
import { routes } from '#src/domain/api/routes.ts';
import { SentraError } from '#src/errors.ts';
import { parseCookies } from '#src/server/dev-access.ts';
import { isSameSecret, sessionOf } from '#src/server/login.ts';
import { isRoute, roleFor } from '#src/server/roles.ts';
import { checkDoor } from '#src/server/scope.ts';

export const cookieName = 'sentra';
export const protocolName = 'sentra';
const tokenProtocol = 'bearer.';
const mebibyte = 1024 * 1024;
/** A batch is ten thousand tasks, each with a few lines of description. */
const maxMebibytes = (path: string) => (path === routes.createTasks.path ? 16 : 1);

export type HostNames = () => readonly string[];

/** Against DNS rebinding: a page of another name reaches this port only under that name. */
export const checkHost =
  (hosts: HostNames): MiddlewareHandler =>
  async (c, next) => {
    const host = c.req.header('host') ?? '';
    if (!hosts().includes(host.toLowerCase())) return c.json({ error: misdirected(host, hosts()) }, 421);
    return next();
  };

/** Against pages of other origins, which the browser would let use the cookie's site. */
export const checkOrigin =
  (hosts: HostNames): MiddlewareHandler =>
  async (c, next) => {
    const origin = c.req.header('origin');
    const site = c.req.header('sec-fetch-site');
    const isForeign = origin !== undefined && !hosts().some((host) => origin === `http://${host}`);
    if (isForeign || (site !== undefined && site !== 'same-origin' && site !== 'none'))
      throw new SentraError('forbidden', `Requests from pages of ${origin ?? 'another site'} are refused.`);
    return next();
  };

export type Auth = {
  /** The server's own, which may everything. */
  token: string;
  /** What another one lets its owner do; undefined for one that nobody was given, or has no more. */
  accessOf?: (secret: string) => Promise<Access | undefined>;
};

/** Token 401, then role 403. The cookie of a login stands for the server's own token. */
export function checkToken({ token, accessOf }: Auth): MiddlewareHandler {
  const session = sessionOf(token);
  const all: Access = { role: 'admin', projects: null };
  const find = async (c: Context): Promise<Access | undefined> => {
    const bearer = bearerOf(c);
    if (bearer === undefined) return hasSession(c.req.header('cookie'), session) ? all : undefined;
    return isSameSecret(bearer, token) ? all : accessOf?.(bearer);
  };
  return async (c, next) => {
    const access = await find(c);
    if (!access)
      throw new SentraError(
        'unauthorized',
        'A token is needed: send `Authorization: Bearer` with the content of $SENTRA_HOME/token, or log in with the link of `npx sentra open`.',
      );
    const { role, projects } = access;
    const needed = roleFor(c.req.method, c.req.path);
    if (!includesRole(role, needed))
      throw new SentraError(
        'forbidden',
        `This token may do what a ${role} may; ${c.req.method} ${c.req.path} takes the role ${needed}.`,
      );
    checkDoor(c, projects, isRoute(c.req.method, c.req.path));
    return next();
  };
}

/** A page of another port can lay a cookie of the same name over ours: one that is right is enough. */
const hasSession = (cookies: string | undefined, session: string): boolean =>
  parseCookies(cookies).some(({ name, value }) => name === cookieName && isSameSecret(value, session));

export const bearerOf = (c: Context): string | undefined =>
  secretIn(c.req.header('authorization'), c.req.header('sec-websocket-protocol'));

/** A browser cannot set headers on a WebSocket; scripts there may offer the token as a sub-protocol. */
export function secretIn(authorization: string | undefined, protocols: string | undefined): string | undefined {
  if (authorization !== undefined) return authorization.replace(/^Bearer +/i, '');
  const offered = protocols?.split(/\s*,\s*/).find((protocol) => protocol.startsWith(tokenProtocol));
  return offered?.slice(tokenProtocol.length);
}

const tooLarge = (most: number) =>
  new SentraError(
    'payload_too_large',
    `The body is larger than ${most} MiB: send less at once, for example several batches.`,
  );

export const checkBody: MiddlewareHandler = async (c, next) => {
  const most = maxMebibytes(c.req.path);
  const onError = () => {
    throw tooLarge(most);
  };
  const length = Number(c.req.header('content-length') ?? 0);
  if (length > most * mebibyte) throw tooLarge(most);
  return bodyLimit({ maxSize: most * mebibyte, onError })(c, async () => {
    if (length > 0 || c.req.header('transfer-encoding') !== undefined) requireJson(c);
    await next();
  });
};

function requireJson(c: Context): void {
  const type = c.req.header('content-type') ?? 'none';
  if (!/^application\/json\s*(;|$)/i.test(type))
    throw new SentraError('unsupported_media_type', `The body must be application/json; this one has type ${type}.`);
}

const misdirected = (host: string, hosts: readonly string[]) => ({
  code: 'forbidden',
  message: `This server answers at ${hosts.join(' or ')}, not at "${host}".`,
});
