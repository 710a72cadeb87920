/** Serves every route of `domain/api/routes.ts`, and describes it: parse, call the handler, answer. */

import { createRoute, type OpenAPIHono } from '@hono/zod-openapi';
import type { Context } from 'hono';
import { z } from 'zod';
import type { Download, RouteAnswer, RouteParsed, RouteSpec } from '#src/domain/api/route.ts';
import { type RouteName, type Routes, routes } from '#src/domain/api/routes.ts';
import { wording } from '#src/domain/wording.ts';
import { errorCodes, SentraError } from '#src/errors.ts';
import { cutToScope, holdToScope, type Input } from '#src/server/scope.ts';

export type RequestContext = { idempotencyKey?: string };
type Handler<N extends RouteName, C = RequestContext> = (
  input: RouteParsed<Routes[N]>,
  context: C,
) => Promise<RouteAnswer<Routes[N]>>;

type OwnRoute = 'login' | 'createLoginLink' | 'createDevServerLink';
/** What the server is given: one function for each route that it does not answer itself. */
export type Handlers = { [N in Exclude<RouteName, OwnRoute>]: Handler<N> };
/** The server's own routes also see the HTTP side. */
export type OwnHandlers = { [N in OwnRoute]: Handler<N, { http: Context }> };

const ErrorAnswer = z
  .object({ error: z.object({ code: z.enum(errorCodes), message: z.string(), details: z.unknown().optional() }) })
  .meta({ id: 'Error' });

export function serveRoutes(app: OpenAPIHono, handlers: Handlers & OwnHandlers): void {
  for (const [name, spec] of Object.entries(routes) as [RouteName, RouteSpec][]) {
    const handle = handlers[name] as (input: unknown, context: unknown) => Promise<object>;
    app.openAPIRegistry.registerPath(describe(name, spec));
    app.on(spec.method.toUpperCase(), spec.path.replace(/\{(\w+)\}/g, ':$1'), async (c) => {
      const idempotencyKey = c.req.header('idempotency-key');
      const context = { http: c, ...(idempotencyKey ? { idempotencyKey } : {}) };
      const input = await readInput(c, spec);
      const scope = c.get('scope');
      if (scope) await holdToScope(spec, input, { scope, tasks: handlers });
      const whole = await handle(input, context);
      const answer = scope && !spec.media ? cutToScope(spec, whole, scope) : whole;
      return spec.media ? sendFile(c, answer as Download) : c.json(answer, spec.status);
    });
  }
}

export const openApiOf = (app: OpenAPIHono, version: string) =>
  app.getOpenAPI31Document({
    openapi: '3.1.0',
    info: { title: 'Sentra', version },
    security: [{ bearer: [] }, { cookie: [] }],
  });

function describe(name: string, spec: RouteSpec) {
  const json = (schema: z.ZodType) => ({ 'application/json': { schema } });
  const files = (media: readonly string[]) =>
    Object.fromEntries(media.map((type) => [type, { schema: { type: 'string', format: 'binary' } as const }]));
  return createRoute({
    method: spec.method,
    path: spec.path,
    operationId: name,
    summary: spec.summary,
    ...(name === 'login' ? { security: [] } : {}),
    request: {
      ...(spec.params ? { params: spec.params } : {}),
      ...(spec.query ? { query: spec.query } : {}),
      ...(spec.body ? { body: { required: !spec.body.safeParse(undefined).success, content: json(spec.body) } } : {}),
    },
    responses: {
      [spec.status]: { description: spec.summary, content: spec.media ? files(spec.media) : json(spec.answer) },
      default: { description: 'What went wrong, and what to do', content: json(ErrorAnswer) },
    },
  });
}

/** Streamed: nothing is read ahead of what the other side takes. */
const sendFile = (c: Context, { name, type, body }: Download): Response =>
  c.body(body, 200, {
    'content-type': /^(image|video)\/|octet-stream/.test(type) ? type : `${type}; charset=utf-8`,
    'content-disposition': `attachment; filename="${name}"`,
  });

async function readInput(c: Context, spec: RouteSpec): Promise<Input> {
  const given = { params: c.req.param(), query: c.req.query(), body: spec.body ? await readJson(c) : undefined };
  const input: Input = {};
  for (const part of ['params', 'query', 'body'] as const) {
    const schema = spec[part];
    if (schema) input[part] = parse(schema, given[part], part) as Input[typeof part];
  }
  return input;
}

async function readJson(c: Context): Promise<unknown> {
  const text = await c.req.text();
  if (text === '') return undefined;
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new SentraError('invalid', `The body is no valid JSON: ${(cause as Error).message}.`, { cause });
  }
}

/** Parses a part of a request. The message of the error says for each problem where it is. */
export function parse<T>(schema: z.ZodType<T>, given: unknown, part: string): T {
  const parsed = schema.safeParse(given, { error: wording });
  const details = (parsed.success ? unstorable(parsed.data) : parsed.error.issues).map((issue) => ({
    path: issue.path.join('.') || part,
    message: issue.message,
  }));
  if (parsed.success && details.length === 0) return parsed.data;
  throw new SentraError('invalid', `${details.map((d) => `${d.path}: ${d.message}`).join('; ')}.`, { details });
}

/** Texts that PostgreSQL cannot keep and programs cannot be given. */
function unstorable(value: unknown, path: PropertyKey[] = []): { path: PropertyKey[]; message: string }[] {
  if (typeof value === 'string')
    return value.includes('\0') || !value.isWellFormed()
      ? [{ path, message: 'has a character that is no text (NUL, or half of a surrogate pair); leave it out' }]
      : [];
  if (value === null || typeof value !== 'object') return [];
  return Object.entries(value).flatMap(([key, item]) => unstorable(item, [...path, key]));
}
