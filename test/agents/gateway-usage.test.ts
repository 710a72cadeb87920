import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { startGateway } from '#src/agents/gateway.ts';
import { createUsageMeter } from '#src/agents/gateway-usage.ts';
import type { ModelTotal } from '#src/domain/spending.ts';

type Answer = { type: string; body: string; cut?: boolean };
const answers = new Map<string, Answer>();
let seenEncoding: string | undefined;

/** Answers byte by byte in pieces that end where they like. */
const upstream = createServer(async (incoming, response) => {
  seenEncoding = incoming.headers['accept-encoding'];
  const { type = '', body = '', cut } = answers.get(incoming.url ?? '') ?? {};
  response.writeHead(200, { 'content-type': type });
  const bytes = Buffer.from(body);
  for (let at = 0; at < bytes.length; at += 37) {
    response.write(bytes.subarray(at, at + 37));
    await sleep(0);
  }
  if (cut) response.destroy();
  else response.end();
});
let baseUrl: string;
beforeAll(async () => {
  await new Promise<void>((done) => upstream.listen(0, '127.0.0.1', done));
  baseUrl = `http://127.0.0.1:${(upstream.address() as AddressInfo).port}`;
});
afterAll(() => void upstream.close());

/** Asks for each answer in turn, or all at once, and tells what was counted. */
async function count(all: readonly Answer[], atOnce = false): Promise<ModelTotal[]> {
  const meter = createUsageMeter(() => {});
  const gateway = await startGateway(async () => ({ baseUrl, credential: null }), 'loopback', { meter });
  const ask = async (answer: Answer, at: number) => {
    answers.set(`/${at}`, answer);
    const response = await fetch(`${gateway.address}/${at}`, { headers: { 'accept-encoding': 'gzip' } });
    await response.text().catch(() => {}); // some are cut off
  };
  if (atOnce) await Promise.all(all.map(ask));
  else for (const [at, answer] of all.entries()) await ask(answer, at);
  await gateway.close();
  return meter.totals();
}

const stream = (...events: object[]): Answer => ({
  type: 'text/event-stream; charset=utf-8',
  body: events.map((event) => `event: e\r\ndata: ${JSON.stringify(event)}\r\n\r\n`).join(''),
});
const json = (value: object): Answer => ({ type: 'application/json', body: JSON.stringify(value) });
const opens = (model: string, input: number, cached = 0) => ({
  type: 'message_start',
  message: { id: 'm', model, usage: { input_tokens: input, output_tokens: 1, cache_read_input_tokens: cached } },
});
const says = { type: 'content_block_delta', delta: { text: 'the "usage" of {"usage":{"output_tokens":999}} — ä€😀' } };
const ends = (output: number) => ({ type: 'message_delta', usage: { output_tokens: output } });

test('a streamed answer counts once, with its last word, wherever its bytes are parted', async () => {
  const totals = await count([stream(opens('a', 100, 7), says, ends(12), ends(30)), stream(opens('a', 50), ends(5))]);
  expect(totals).toEqual([
    { model: 'a', inputTokens: 150, outputTokens: 35, cacheReadTokens: 7, cacheWriteTokens: 0, costMicros: null },
  ]);
  expect(seenEncoding).toBeUndefined(); // compressed it could not be read
});

test('an answer that is cut off counts for what it has told', async () => {
  const cut = { ...stream(opens('a', 100), says, ends(12)), cut: true };
  await vi.waitFor(async () => expect(await count([cut])).toMatchObject([{ inputTokens: 100, outputTokens: 12 }]));
});

test('whole answers count, and those that tell of no usage do not', async () => {
  const totals = await count([
    json({ model: 'a', content: [{ text: 'x'.repeat(3000) }], usage: { input_tokens: 3, output_tokens: 4 } }),
    json({ input_tokens: 500 }),
    json({ usage: 'much', model: 5 }),
    { type: 'application/json', body: '{"usage": {' },
    { type: 'text/event-stream', body: 'data: {"usage": nonsense}\n\ndata:\n' },
    { type: '', body: '' },
  ]);
  expect(totals).toMatchObject([{ model: 'a', inputTokens: 3, outputTokens: 4 }]);
});

const responses = { input_tokens: 100, input_tokens_details: { cached_tokens: 60 }, output_tokens: 7 };
const chat = { prompt_tokens: 100, prompt_tokens_details: { cached_tokens: 60 }, completion_tokens: 7 };
const begun = { promptTokenCount: 100, cachedContentTokenCount: 60 };
const contents = { ...begun, candidatesTokenCount: 5, thoughtsTokenCount: 2 };

test.each([
  [
    'responses of OpenAI',
    [
      { type: 'response.created', response: { model: 'g', usage: null } },
      { type: 'response.output_text.delta', delta: '"usage"' },
      { type: 'response.completed', response: { model: 'g', usage: responses } },
    ],
    { object: 'response', model: 'g', usage: responses },
  ],
  [
    'chat completions',
    [
      { model: 'g', choices: [{ delta: { content: 'a' } }], usage: null },
      { model: 'g', usage: chat },
    ],
    { model: 'g', choices: [], usage: chat },
  ],
  [
    'contents of Gemini',
    [
      { modelVersion: 'g', usageMetadata: begun },
      { modelVersion: 'g', usageMetadata: contents },
    ],
    { modelVersion: 'g', usageMetadata: contents },
  ],
])('%s count in the same way, what came from the cache apart', async (_, events, whole) => {
  expect(await count([stream(...events), json(whole)])).toEqual([
    { model: 'g', inputTokens: 80, outputTokens: 14, cacheReadTokens: 120, cacheWriteTokens: 0, costMicros: null },
  ]);
});

test('answers that come at the same time are told apart, and models as well', async () => {
  const many = Array.from({ length: 10 }, (_, at) => stream(opens(at % 2 ? 'a' : 'b', 10), says, ends(at + 1)));
  const totals = await count(many, true);
  expect(totals.map(({ model, inputTokens, outputTokens }) => [model, inputTokens, outputTokens]).sort()).toEqual([
    ['a', 50, 30],
    ['b', 50, 25],
  ]);
});
