/**
 * Who may look at a dev server. Its page is the work of an agent, so what lets a person in there must open nothing else: a
 * cookie for that one host, made of the token and the host's name, which no route of Sentra takes. A link with a code that
 * works once leads from the dashboard to that host and sets it.
 */
import { createHmac, randomBytes } from 'node:crypto';
import type { OpenAPIHono } from '@hono/zod-openapi';
import type { RouteAnswer, RouteParsed } from '#src/domain/api/route.ts';
import type { Routes } from '#src/domain/api/routes.ts';
import { type DevServer, devHost } from '#src/domain/dev-server.ts';
import { SentraError } from '#src/errors.ts';
import { isSameSecret } from '#src/server/login.ts';

export const devCookie = 'sentra-dev';
export const entrance = '/.sentra/open';

type Link = RouteAnswer<Routes['createDevServerLink']>;
export type DevLinkInput = RouteParsed<Routes['createDevServerLink']>;

export type DevLinks = {
  /** `host` is without port. */
  create(host: string): Link;
  /** What the cookie of this host has to be, when the code was made for it, is fresh and was not used. */
  redeem(host: string, code: string): string | undefined;
  isKnown(host: string, cookies: string | undefined): boolean;
};

const lifetimeMs = 60_000;

export function createDevLinks(token: string, port: () => number): DevLinks {
  const codes = new Map<string, { host: string; expiresAt: number }>();
  const passOf = (host: string) =>
    createHmac('sha256', token).update(`sentra dev server 1 ${host}`).digest('base64url');
  return {
    create(host) {
      const now = Date.now();
      for (const [code, { expiresAt }] of codes) if (expiresAt < now) codes.delete(code);
      const code = randomBytes(16).toString('base64url');
      codes.set(code, { host, expiresAt: now + lifetimeMs });
      const url = `http://${host}:${port()}${entrance}?code=${code}`;
      return { url, expiresAt: new Date(now + lifetimeMs).toISOString() };
    },
    redeem(host, code) {
      const found = codes.get(code);
      codes.delete(code);
      return found?.host === host && found.expiresAt >= Date.now() ? passOf(host) : undefined;
    },
    // A page can set further cookies of the same name for a path of its own: one that is right is enough.
    isKnown: (host, cookies) =>
      parseCookies(cookies).some(({ name, value }) => name === devCookie && isSameSecret(value, passOf(host))),
  };
}

export const parseCookies = (header = ''): { name: string; value: string; text: string }[] =>
  header.split(';').flatMap((part) => {
    const text = part.trim();
    const [name = '', ...rest] = text.split('=');
    return text ? [{ name: name.trim(), value: rest.join('=').trim(), text }] : [];
  });

/** The host name of a dev server; throws `not_found` for one that the task does not have. */
export function hostOf({ id, name }: DevLinkInput['params'], servers: readonly DevServer[]): string {
  const server = servers.find((one) => one.name === name);
  if (server) return server.url ? new URL(server.url).hostname : devHost(id, name, false);
  throw new SentraError('not_found', `${id} has no dev server ${name}: those it has stand under "dev" in sentra.json.`);
}

/** For a plain link on the dashboard: leads on to a fresh one-time link. */
export function serveDevEntrance(app: OpenAPIHono, create: (input: DevLinkInput) => Promise<Link>): void {
  app.get('/api/tasks/:id/dev-servers/:name/open', async (c) => {
    const { url } = await create({ params: c.req.param() });
    c.header('cache-control', 'no-store');
    return c.redirect(url, 303);
  });
}
