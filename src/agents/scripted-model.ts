/**
 * A model that follows a script, speaking enough of the Anthropic Messages API for a real Claude Code: the demo runs on
 * it, and so do the tests. Listens on 127.0.0.1 only. A turn of the script is taken by the first request of a
 * conversation that it fits; every conversation goes through the script on its own.
 */
import { readFile } from 'node:fs/promises';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as after } from 'node:timers/promises';
import { z } from 'zod';
import { fill, ModelRequest, messageOfTurn, streamOf, textOf } from '#src/agents/scripted-message.ts';

const count = z.number().int().nonnegative();

export const Turn = z.strictObject({
  /** Regular expression on the last user message; its groups are {{1}}, {{2}}… in texts and inputs. */
  match: z.string().optional(),
  /** Answers requests that offer no tools (titles, probes); those never use up another turn. */
  side: z.boolean().optional(),
  /** Never used up. */
  always: z.boolean().optional(),
  thinking: z.string().optional(),
  text: z.string().optional(),
  tool_use: z.array(z.strictObject({ name: z.string(), input: z.record(z.string(), z.unknown()) })).optional(),
  usage: z
    .strictObject({
      input_tokens: count,
      output_tokens: count,
      cache_read_input_tokens: count,
      cache_creation_input_tokens: count,
    })
    .partial()
    .optional(),
  delayMs: count.optional(),
  /** Between the events of a stream. */
  chunkMs: count.optional(),
  /** Never answers. */
  hang: z.boolean().optional(),
  /** Answers this status `times` times (default 1), then the turn itself. */
  error: z
    .strictObject({
      status: z.number().int(),
      times: count.optional(),
      message: z.string().optional(),
      /** Seconds, told as `retry-after`. */
      retryAfter: count.optional(),
    })
    .optional(),
  /** Breaks the connection after so many events, `times` times (default 1). */
  cut: z.strictObject({ afterEvents: count, times: count.optional() }).optional(),
});
export type Turn = z.infer<typeof Turn>;

export const ModelScript = z.strictObject({ turns: z.array(Turn), default: Turn.optional() });
export type ModelScript = z.infer<typeof ModelScript>;

/** One request as the script saw it; `turn` is the number of the turn that answered, -1 for the default. */
export type SeenRequest = { conversation: string; turn: number; last: string; apiKey: string; authorization: string };

export type ScriptedModel = {
  url: string;
  requests(): readonly SeenRequest[];
  /** Replaces the script and forgets every conversation. */
  setScript(script: ModelScript): void;
  close(): Promise<void>;
};

export const readModelScript = async (path: string): Promise<ModelScript> =>
  ModelScript.parse(JSON.parse(await readFile(path, 'utf8')));

export async function startScriptedModel(options: { script: ModelScript; port?: number }): Promise<ScriptedModel> {
  let play = new Play(options.script);
  const server = createServer((incoming, response) => {
    answer(incoming, response, play).catch((e) => {
      if (response.headersSent) response.destroy();
      else sendError(response, 500, String(e));
    });
  });
  await new Promise<void>((done, fail) => server.once('error', fail).listen(options.port ?? 0, '127.0.0.1', done));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    requests: () => play.seen,
    setScript: (script) => {
      play = new Play(script);
    },
    close: () =>
      new Promise((done) => {
        server.close(() => done());
        server.closeAllConnections();
      }),
  };
}

/** How far each conversation has come in a script. */
class Play {
  readonly script: ModelScript;
  readonly seen: SeenRequest[] = [];
  readonly #used = new Map<string, Set<Turn>>();
  readonly #failures = new Map<string, number>();

  constructor(script: ModelScript) {
    this.script = script;
  }

  pick(conversation: string, last: string, isSide: boolean): { turn: Turn; number: number; groups: string[] } {
    const used = this.#used.get(conversation);
    for (const [number, turn] of this.script.turns.entries()) {
      if (Boolean(turn.side) !== isSide || (used?.has(turn) && !turn.always)) continue;
      const groups = turn.match === undefined ? [] : new RegExp(turn.match, 's').exec(last);
      if (groups) return { turn, number, groups: [...groups] };
    }
    const fallback = isSide ? { text: 'ok' } : (this.script.default ?? { text: 'Done: the script has ended.' });
    return { turn: fallback, number: -1, groups: [] };
  }

  use(conversation: string, turn: Turn): void {
    const used = this.#used.get(conversation) ?? new Set();
    this.#used.set(conversation, used.add(turn));
  }

  /** Counts a failure that the script asks for; true while it is still due. */
  isDue(key: string, failure: { times?: number } | undefined): boolean {
    const past = this.#failures.get(key) ?? 0;
    if (!failure || past >= (failure.times ?? 1)) return false;
    this.#failures.set(key, past + 1);
    return true;
  }
}

async function answer(incoming: IncomingMessage, response: ServerResponse, play: Play): Promise<void> {
  const chunks: Buffer[] = [];
  for await (const chunk of incoming) chunks.push(chunk);
  const body = Buffer.concat(chunks).toString('utf8');
  const path = incoming.url?.split('?')[0] ?? '';
  if (path.endsWith('/messages/count_tokens')) return sendJson(response, { input_tokens: Math.ceil(body.length / 4) });
  if (path.endsWith('/models')) return sendJson(response, { data: [], has_more: false });
  if (incoming.method === 'HEAD') return void response.writeHead(200).end();
  if (!path.endsWith('/messages')) return sendError(response, 404, `Nothing is at ${path}.`);
  await answerMessage(incoming, response, { play, request: ModelRequest.parse(JSON.parse(body)) });
}

async function answerMessage(
  incoming: IncomingMessage,
  response: ServerResponse,
  { play, request }: { play: Play; request: ModelRequest },
): Promise<void> {
  const texts = request.messages.map((message) => ({ role: message.role, text: textOf(message.content) }));
  const last = lastSaid(texts);
  const conversation = String(incoming.headers['x-claude-code-session-id'] ?? texts[0]?.text ?? '');
  const { turn, number, groups } = play.pick(conversation, last, !request.tools?.length);
  const header = (name: string) => String(incoming.headers[name] ?? '');
  const credentials = { apiKey: header('x-api-key'), authorization: header('authorization') };
  play.seen.push({ conversation, turn: number, last, ...credentials });

  if (turn.delayMs) await after(turn.delayMs);
  if (play.isDue(`${conversation} ${number} error`, turn.error))
    return sendScriptedError(response, turn.error ?? { status: 500 });
  const isCut = play.isDue(`${conversation} ${number} cut`, turn.cut);
  if (!isCut) play.use(conversation, turn); // a broken answer does not use the turn up: the next try gets it
  if (turn.hang) return;
  const words = [textOf(request.system), ...texts.map((message) => message.text)].join('\n');
  const message = messageOfTurn(fill(turn, { last, cwd: findCwd(words), n: play.seen.length, groups }), request.model);
  // Who was cut off asks again for an answer in one piece.
  if (!request.stream) return isCut ? void response.destroy() : sendJson(response, message);
  await sendStream(response, streamOf(message), {
    cutAfter: isCut ? turn.cut?.afterEvents : undefined,
    chunkMs: turn.chunkMs,
  });
}

/** The last user message, with what Claude Code says beside it: a message that comes within a turn is no user message. */
function lastSaid(texts: readonly { role: string; text: string }[]): string {
  const at = texts.findLastIndex(({ role }) => role === 'user');
  return texts
    .slice(Math.max(0, at), at === 0 ? 1 : undefined)
    .map(({ text }) => text)
    .join('\n');
}

const findCwd = (text: string): string => text.match(/working directory\W{1,6}(\/[^\s<>"'`]+)/i)?.[1] ?? '';

async function sendStream(
  response: ServerResponse,
  events: readonly { type: string }[],
  { cutAfter, chunkMs = 0 }: { cutAfter: number | undefined; chunkMs?: number | undefined },
): Promise<void> {
  response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-cache' });
  for (const event of events.slice(0, cutAfter)) {
    await new Promise<void>((written) =>
      response.write(`event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`, () => written()),
    );
    if (chunkMs) await after(chunkMs);
  }
  if (cutAfter === undefined) response.end();
  else response.destroy();
}

const errorTypes: Record<number, string> = {
  400: 'invalid_request_error',
  401: 'authentication_error',
  403: 'permission_error',
  404: 'not_found_error',
  429: 'rate_limit_error',
  529: 'overloaded_error',
};

function sendScriptedError(
  response: ServerResponse,
  { status, message, retryAfter }: NonNullable<Turn['error']>,
): void {
  const headers = retryAfter === undefined ? {} : { 'retry-after': String(retryAfter) };
  sendError(response, status, message ?? 'The script asks for this error.', headers);
}

function sendError(response: ServerResponse, status: number, message: string, headers = {}): void {
  response.writeHead(status, { 'content-type': 'application/json', ...headers });
  response.end(JSON.stringify({ type: 'error', error: { type: errorTypes[status] ?? 'api_error', message } }));
}

function sendJson(response: ServerResponse, value: unknown): void {
  response.writeHead(200, { 'content-type': 'application/json' });
  response.end(JSON.stringify(value));
}
