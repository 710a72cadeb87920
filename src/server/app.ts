/** Everything the server answers, in the order in which it is checked and looked up. */
import { OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { setCookie } from 'hono/cookie';
import { SentraError } from '#src/errors.ts';
import { type Handlers, openApiOf, serveRoutes } from '#src/server/api.ts';
import { type DevLinkInput, type DevLinks, hostOf, serveDevEntrance } from '#src/server/dev-access.ts';
import { answerError } from '#src/server/error-answer.ts';
import {
  type Auth,
  bearerOf,
  checkBody,
  checkHost,
  checkOrigin,
  checkToken,
  cookieName,
  type HostNames,
} from '#src/server/guard.ts';
import type { Logins } from '#src/server/login.ts';
import { keepNothing, secureHeaders, servePage } from '#src/server/page.ts';
import { type Streams, serveStreams } from '#src/server/streams.ts';
import { serveWebhook, type Webhook } from '#src/server/webhook.ts';
import { metricsType } from '#src/telemetry/prometheus.ts';

export type AppParts = Streams & {
  handlers: Handlers;
  auth: Auth;
  logins: Logins;
  version: string;
  hosts: HostNames;
  /** Where people open the page. */
  url: () => string;
  devLinks: DevLinks;
  webRoot?: string;
  /** With the secret of the caller; undefined for the cookie of a login. */
  mcp?: (request: Request, secret: string | undefined) => Promise<Response>;
  metrics?: () => Promise<string>;
  /** Of a forge; absent: none is taken. */
  webhook?: Webhook;
  report: (e: unknown) => void;
};

const guarded = ['/api/*', '/logs/*', '/mcp', '/metrics', '/openapi.json'];
const openRoute = '/api/login';

export function createApp(parts: AppParts): OpenAPIHono {
  const app = new OpenAPIHono();
  app.onError((e, c) => answerError(c, e, parts.report));
  app.notFound((c) => answerError(c, notFound(c), parts.report));
  app.use('*', secureHeaders(parts.hosts));
  app.use('*', checkHost(parts.hosts));
  if (parts.webhook) serveWebhook(app, parts.webhook);
  const needsToken = checkToken(parts.auth);
  for (const path of guarded)
    app.use(
      path,
      keepNothing,
      checkOrigin(parts.hosts),
      (c, next) => (c.req.path === openRoute ? next() : needsToken(c, next)),
      checkBody,
    );

  app.get('/healthz', (c) => c.json({ ok: true }));
  serveStreams(app, parts, parts.report);
  const own = ownHandlers(parts);
  serveRoutes(app, { ...parts.handlers, ...own });
  serveDevEntrance(app, own.createDevServerLink);
  const description = openApiOf(app, parts.version);
  app.get('/openapi.json', (c) => c.json(description));
  const { mcp, metrics } = parts;
  if (metrics) app.get('/metrics', async (c) => c.text(await metrics(), 200, { 'content-type': metricsType }));
  if (mcp) app.all('/mcp', (c) => mcp(c.req.raw, bearerOf(c)));
  for (const path of guarded) app.all(path, (c) => c.notFound()); // never the page instead of an answer
  servePage(app, parts.webRoot);
  return app;
}

function ownHandlers({ logins, url, handlers, devLinks }: AppParts) {
  return {
    login: async ({ body }: { body: { code: string } }, { http }: { http: Context }) => {
      const session = logins.redeem(body.code);
      setCookie(http, cookieName, session, { httpOnly: true, sameSite: 'Strict', path: '/', maxAge: 30 * 24 * 3600 });
      return { ok: true as const };
    },
    createLoginLink: async () => logins.createLink(url()),
    createDevServerLink: async ({ params }: DevLinkInput) => {
      const { items } = await handlers.listDevServers({ params }, {});
      return devLinks.create(hostOf(params, items));
    },
  };
}

const notFound = (c: Context) =>
  new SentraError('not_found', `There is no ${c.req.method} ${c.req.path} here: /openapi.json lists every route.`);
