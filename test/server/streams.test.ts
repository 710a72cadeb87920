import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClient } from '#src/client/client.ts';
import { followLogs, openStreams } from '#src/client/stream.ts';
import { newTaskId } from '#src/domain/ids.ts';
import type { LogLine } from '#src/domain/log.ts';
import { SentraError } from '#src/errors.ts';
import { downloadLog } from '#src/logs/log-download.ts';
import type { RunningServer } from '#src/server/server.ts';
import { until } from '../helpers/sentra.ts';
import { line, serve, task, taskId, token } from './serve.ts';

const open = new Set<string>();
let server: RunningServer;
let pulled = 0;

async function* pages(): AsyncGenerator<LogLine[]> {
  for (let page = 0; page < 2_000; page++) {
    pulled++;
    yield Array.from({ length: 100 }, (_, at) => ({ ...line(page * 100 + at + 1), message: 'x'.repeat(200) }));
  }
}

beforeAll(async () => {
  server = await serve(
    {
      getTask: async ({ params }) => {
        if (params.id !== taskId) throw new SentraError('not_found', `There is no task ${params.id}.`);
        return task;
      },
      downloadLogs: ({ query }) => downloadLog(taskId, query.format, pages()),
    },
    {
      logStream: async ({ filter, send, signal }) => {
        if (filter?.q === 'a(') throw new SentraError('invalid', 'q is no regular expression');
        const name = `${filter?.level}`;
        open.add(name);
        for (let seq = (filter?.after ?? 0) + 1; seq <= 3_000; seq += 500)
          await send(Array.from({ length: 500 }, (_, at) => ({ ...line(seq + at), message: name })));
        await new Promise<void>((done) => signal.addEventListener('abort', () => done(), { once: true }));
        open.delete(name);
      },
    },
  );
});
afterAll(() => server.close());

test('one socket carries streams that come and go by themselves, and a refused one says why', async () => {
  const ending = new AbortController();
  const streams = openStreams({ url: server.url, token }, ending.signal);
  const seen = { warn: [] as LogLine[], error: [] as LogLine[] };
  const errors: string[] = [];
  const [warn, error] = [new AbortController(), new AbortController()];
  const follow = (level: 'warn' | 'error', stop: AbortController, after?: number) =>
    streams.followLogs(
      { taskId, filter: { level: [level], ...(after ? { after } : {}) } },
      { lines: (lines) => seen[level].push(...lines) },
      stop.signal,
    );
  const onError = { lines: () => {}, error: (e: Error) => errors.push(e.message) };
  follow('warn', warn);
  follow('error', error, 1_000);
  streams.followLogs({ taskId: newTaskId(), filter: {} }, onError, ending.signal);
  streams.followLogs({ taskId, filter: { q: 'a(', regex: true } }, onError, ending.signal);
  await until(() => seen.warn.length === 3_000 && seen.error.length === 2_000 && errors.length === 2, 60_000);
  expect(seen.error.map(({ seq, message }) => [seq, message]).slice(0, 2)).toEqual([
    [1_001, 'error'],
    [1_002, 'error'],
  ]);
  expect(errors.sort()[0]).toContain('There is no task');
  warn.abort();
  await until(() => !open.has('warn'), 60_000);
  expect(open.has('error')).toBe(true);
  ending.abort();
  await streams.closed;
  await until(() => open.size === 0, 60_000);
});

test('rubbish on the socket is answered, and the socket lives on', async () => {
  const socket = new WebSocket(`ws://127.0.0.1:${server.port}/api/streams`, ['sentra', `bearer.${token}`]);
  const answers: { id?: string; error?: { message: string }; lines?: unknown[] }[] = [];
  socket.addEventListener('message', ({ data }) => answers.push(JSON.parse(String(data))));
  await new Promise((opened) => socket.addEventListener('open', opened));
  for (const rubbish of ['{', '[]', '{"follow":"x"}', '{"follow":"x","logs":{"taskId":"none"}}']) socket.send(rubbish);
  await until(() => answers.length === 4, 60_000);
  expect(answers.every(({ error, id }) => error && id === undefined)).toBe(true);
  const request = JSON.stringify({ follow: 'x', logs: { taskId, after: 2_999 } });
  socket.send(request);
  await until(() => answers.length === 5, 60_000);
  expect(answers[4]).toMatchObject({ id: 'x' });
  expect(answers[4]?.lines?.[0]).toEqual({ ...line(3_000), message: 'undefined' });
  socket.send(request);
  await until(() => answers.length === 6, 60_000);
  expect(answers[5]?.error?.message).toContain('already');
  socket.close();
});

test.each([
  ['last=3', 'open'],
  ['after=3', 'open'],
  ['last=-1', 'error'],
  ['last=1001', 'error'],
  ['last=all', 'error'],
])('events with %s: the socket says %s', async (query, said) => {
  const url = `ws://127.0.0.1:${server.port}/api/events?${query}`;
  const socket = new WebSocket(url, ['sentra', `bearer.${token}`]);
  const first = await new Promise((done) => {
    for (const type of ['open', 'error']) socket.addEventListener(type, () => done(type), { once: true });
  });
  expect(first).toBe(said);
  socket.close();
});

test('a follower whose filter is refused is told, and does not ask again', async () => {
  const filter = { q: 'a(', regex: true };
  const following = followLogs({ url: server.url, token }, { taskId, filter }, () => {}, AbortSignal.timeout(60_000));
  await expect(following).rejects.toMatchObject({ code: 'invalid', message: 'q is no regular expression' });
});

test('a download is read no faster than it is taken, and whole in the end', async () => {
  const client = createClient({ url: server.url, token });
  const { name, type, body } = await client.downloadLogs({ params: { taskId }, query: { format: 'jsonl' } });
  expect({ name, type }).toEqual({ name: `${taskId}.jsonl`, type: 'application/jsonl; charset=utf-8' });
  const reader = body.pipeThrough(new TextDecoderStream()).getReader();
  let text = (await reader.read()).value ?? '';
  const sofar = pulled;
  expect(sofar).toBeLessThan(2_000);
  for (let part = await reader.read(); !part.done; part = await reader.read()) text += part.value;
  const lines = text.trimEnd().split('\n');
  expect(lines.length).toBe(200_000);
  expect((JSON.parse(lines.at(-1) ?? '') as LogLine).seq).toBe(200_000);
});
