/**
 * The typed client of the HTTP API, for the command line, the MCP server, the page and scripts.
 * It knows the contract (`domain/api`) and `fetch`, nothing else.
 */
import { z } from 'zod';
import type { Download, RouteAnswer, RouteInput, RouteSpec } from '#src/domain/api/route.ts';
import { type RouteName, type Routes, routes } from '#src/domain/api/routes.ts';
import { errorCodes, SentraError } from '#src/errors.ts';

export type ClientOptions = {
  /** Where the server is, without a trailing slash; '' for the page's own origin. */
  url: string;
  /** Bearer token; the page has a cookie instead. */
  token?: string;
  fetch?: (request: Request) => Response | Promise<Response>;
};

type CallOptions = { idempotencyKey?: string; signal?: AbortSignal };
export type Client = {
  [N in RouteName]: unknown extends RouteInput<Routes[N]>
    ? (input?: undefined, options?: CallOptions) => Promise<RouteAnswer<Routes[N]>>
    : (input: RouteInput<Routes[N]>, options?: CallOptions) => Promise<RouteAnswer<Routes[N]>>;
};

const ErrorAnswer = z.object({
  error: z.object({ code: z.enum(errorCodes), message: z.string(), details: z.unknown().optional() }),
});

/**
 * One method for each route. Throws `SentraError` with the code that the server answered, or `server_unavailable`
 * when there is no server at `url`.
 */
export function createClient(options: ClientOptions): Client {
  const calls = Object.entries(routes).map(([name, spec]) => [
    name,
    (input?: CallInput, call?: CallOptions) => send(options, spec, input ?? {}, call ?? {}),
  ]);
  return Object.fromEntries(calls) as Client;
}

type CallInput = { params?: Record<string, string>; query?: Record<string, unknown>; body?: unknown };

async function send(options: ClientOptions, spec: RouteSpec, input: CallInput, call: CallOptions): Promise<unknown> {
  const request = new Request(`${base(options.url)}${fillPath(spec.path, input)}`, {
    method: spec.method.toUpperCase(),
    headers: {
      ...(options.token ? { authorization: `Bearer ${options.token}` } : {}),
      ...(spec.body ? { 'content-type': 'application/json' } : {}),
      ...(call.idempotencyKey ? { 'idempotency-key': call.idempotencyKey } : {}),
    },
    ...(spec.body ? { body: JSON.stringify(input.body ?? {}) } : {}),
    ...(call.signal ? { signal: call.signal } : {}),
  });
  const response = await reach(options, request);
  if (response.ok && spec.media && response.body) return fileOf(response, response.body);
  const text = await response.text();
  if (response.ok) return JSON.parse(text);
  throw readError(response.status, text);
}

const fileOf = ({ headers }: Response, body: ReadableStream<Uint8Array>): Download => ({
  name: /filename="([^"]*)"/.exec(headers.get('content-disposition') ?? '')?.[1] ?? 'download',
  type: headers.get('content-type') ?? '',
  body,
});

async function reach(options: ClientOptions, request: Request): Promise<Response> {
  try {
    return await (options.fetch ?? fetch)(request);
  } catch (cause) {
    if (request.signal.aborted) throw cause;
    throw new SentraError(
      'server_unavailable',
      `No Sentra server answers at ${base(options.url)}: start one with \`npx sentra up\`.`,
      { cause },
    );
  }
}

function readError(status: number, text: string): SentraError {
  try {
    const { error } = ErrorAnswer.parse(JSON.parse(text));
    return SentraError.from(error as Parameters<typeof SentraError.from>[0]);
  } catch {
    return new SentraError(
      status === 401 ? 'unauthorized' : 'bug',
      `The server answered ${status}: ${text.slice(0, 300)}`,
    );
  }
}

const base = (url: string) => url || (globalThis as { location?: { origin: string } }).location?.origin || '';

function fillPath(path: string, input: CallInput): string {
  const filled = path.replace(/\{(\w+)\}/g, (_, name: string) => encodeURIComponent(input.params?.[name] ?? ''));
  const query = Object.entries(input.query ?? {}).filter(([, v]) => v !== undefined && v !== null && v !== '');
  return query.length
    ? `${filled}?${new URLSearchParams(query.map(([k, v]): [string, string] => [k, String(v)]))}`
    : filled;
}
