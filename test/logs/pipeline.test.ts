import { chmod, mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { newTaskId } from '#src/domain/ids.ts';
import type { LogLine } from '#src/domain/log.ts';
import { createLogFeeds } from '#src/logs/log-feed.ts';
import { createLogReader } from '#src/logs/log-reader.ts';
import { createLogPipeline, type LogPipeline } from '#src/logs/pipeline.ts';
import { createRedactor } from '#src/logs/redactor.ts';
import { streamLogs } from '#src/logs/stream-logs.ts';
import { type Database, openDatabase } from '#src/store/database.ts';
import { listLogs } from '#src/store/log-pages.ts';
import { insertLogBatch, type StoredLine } from '#src/store/logs.ts';
import { startEmbedded } from '#src/store/postgres.ts';
import { createTestDatabase } from '../helpers/database.ts';

const secret = 'hunter2/secret+value';
let fresh: Awaited<ReturnType<typeof createTestDatabase>>;
let database: Database;
let logs: LogPipeline;
beforeAll(async () => {
  fresh = await createTestDatabase();
  database = fresh.database;
  logs = createLogPipeline({ database, redact: createRedactor([secret, 'short']) });
});
afterAll(async () => {
  await logs.close();
  await fresh.drop();
});

const linesOf = async (taskId: string, db = database) =>
  (await listLogs(db.db, taskId, { limit: 5_000, order: 'asc' })).items;
const numbers = (count: number) => Array.from({ length: count }, (_, at) => at + 1);

const sourceOf = (pipeline: LogPipeline) => ({
  feeds: createLogFeeds({ db: database.db, logs: pipeline }),
  reader: createLogReader(database),
});

/** Reads until line `until` with the cursor that a client would keep, giving up and coming back at random points. */
async function readWithCuts(taskId: string, until: number, cuts: number, source: LogPipeline): Promise<number[]> {
  const seen: number[] = [];
  for (let cut = 0; seen.at(-1) !== until; cut++) {
    const stop = new AbortController();
    let left = cut < cuts ? 1 + Math.floor(Math.random() * 60) : Number.POSITIVE_INFINITY;
    await streamLogs(sourceOf(source), {
      taskId,
      filter: { after: seen.at(-1) ?? 0 },
      signal: stop.signal,
      send: (lines: readonly LogLine[]) => {
        for (const line of lines) {
          if (stop.signal.aborted) return;
          seen.push(line.seq);
          if (--left === 0 || line.seq === until) stop.abort();
        }
      },
    });
  }
  return seen;
}

test('200 writers over 20 tasks get dense numbers in the order of their own lines', async () => {
  const tasks = Array.from({ length: 20 }, newTaskId);
  const writers = Array.from({ length: 200 }, async (_, writer) => {
    const logger = logs.logger({ taskId: tasks[writer % 20] ?? '' });
    await Promise.all(numbers(25).map((n) => logger.info(`${writer}:${n}`)));
  });
  await Promise.all(writers);
  for (const task of tasks) {
    const lines = await linesOf(task);
    expect(lines.map((line) => line.seq)).toEqual(numbers(250));
    for (const own of Map.groupBy(lines, (line) => line.message.split(':')[0]).values())
      expect(own.map((line) => Number(line.message.split(':')[1]))).toEqual(numbers(25));
  }
});

test('two pipelines that write to one task share its numbers without a gap', async () => {
  const taskId = newTaskId();
  const second = createLogPipeline({ database, redact: createRedactor([]) });
  await Promise.all(
    [logs, second].flatMap((pipeline) => numbers(300).map((n) => pipeline.logger({ taskId }).info(`${n}`))),
  );
  await second.close();
  expect((await linesOf(taskId)).map((line) => line.seq)).toEqual(numbers(600));
});

test('readers that are cut at random and come back see every line once', async () => {
  const taskId = newTaskId();
  const logger = logs.logger({ taskId });
  const readers = numbers(5).map(() => readWithCuts(taskId, 3_000, 50, logs));
  for (const n of numbers(300)) await Promise.all(numbers(10).map((m) => logger.info(`${n}.${m}`)));
  for (const seen of await Promise.all(readers)) expect(seen).toEqual(numbers(3_000));
});

test('a slow reader is caught up from the table and misses nothing', async () => {
  const taskId = newTaskId();
  const logger = logs.logger({ taskId });
  const stop = new AbortController();
  const seen: number[] = [];
  let resume = () => {};
  const paused = new Promise<void>((done) => {
    resume = done;
  });
  const reading = streamLogs(sourceOf(logs), {
    taskId,
    signal: stop.signal,
    send: async (lines) => {
      await paused;
      seen.push(...lines.map((line) => line.seq));
      if (seen.at(-1) === 8_000) stop.abort();
    },
  });
  await Promise.all(numbers(8_000).map((n) => logger.debug(`${n}`)));
  resume();
  await reading;
  expect(seen).toEqual(numbers(8_000));
});

test('a filtered stream sends only what it was asked for', async () => {
  const taskId = newTaskId();
  const logger = logs.logger({ taskId, phase: 'PLAN' });
  const stop = new AbortController();
  const seen: string[] = [];
  await logger.error('before');
  const reading = streamLogs(sourceOf(logs), {
    taskId,
    filter: { level: ['error'], phase: ['CODE', 'PLAN'] },
    signal: stop.signal,
    send: (lines) => {
      seen.push(...lines.map((line) => line.message));
      if (seen.includes('last')) stop.abort();
    },
  });
  await Promise.all([
    logger.info('not this'),
    logger.child({ phase: 'TEST' }).error('nor this'),
    logger.child({ phase: 'CODE' }).error('last'),
  ]);
  await reading;
  expect(seen).toEqual(['before', 'last']);
});

test('text that PostgreSQL refuses is written out, and an enormous line is cut with a note', async () => {
  const taskId = newTaskId();
  const logger = logs.logger({ taskId });
  const circle: Record<string, unknown> = {};
  circle.self = circle;
  await Promise.all([
    logger.info('nul \0 and half \ud83d of a pair, whole 😀', { 'key\0': ['\udc00'] }),
    logger.info(`é${'x'.repeat(1024 * 1024)}`, { big: 'y'.repeat(100_000), kind: 'output' }),
    logger.info('circle', circle),
  ]);
  const [odd, big, round] = await linesOf(taskId);
  expect(odd?.message).toBe('nul \\u0000 and half \\ud83d of a pair, whole 😀');
  expect(odd?.metadata).toEqual({ 'key\\u0000': ['\\udc00'] });
  expect(big?.message).toMatch(/^éx+ … \[cut: 1048578 bytes\]$/);
  expect(Buffer.byteLength(big?.message ?? '')).toBeLessThan(65_600);
  expect(big?.metadata).toEqual({
    kind: 'output',
    cut: expect.stringContaining('left out'),
    whole: { bytes: 1_048_578 },
  });
  expect(round?.metadata).toEqual({ cut: expect.stringContaining('no JSON') });
});

test('known secrets do not reach a row in any of their usual forms', async () => {
  const taskId = newTaskId();
  const base64 = Buffer.from(secret).toString('base64');
  await logs.logger({ taskId }).info(`a ${secret} b ${base64} c ?k=${encodeURIComponent(secret)} short`, {
    env: { [secret]: [secret] },
  });
  const [line] = await linesOf(taskId);
  const leaks = [secret, base64.replace(/=+$/, ''), encodeURIComponent(secret)];
  for (const form of leaks) expect(JSON.stringify(line)).not.toContain(form);
  expect(line?.message).toContain('short');
});

test('a batch that is sent again after an unclear commit is stored once', async () => {
  const taskId = newTaskId();
  const line = { taskId, adwId: null, phase: null, level: 'info', message: 'once', metadata: {} } as const;
  const batch = { producer: crypto.randomUUID(), number: 1, lines: [{ ...line, timestamp: new Date().toISOString() }] };
  expect((await insertLogBatch(database, batch))?.get(taskId)?.lastSeq).toBe(1);
  expect(await insertLogBatch(database, batch)).toBeUndefined();
  expect(await linesOf(taskId)).toHaveLength(1);
});

test('a batch large enough for COPY is stored once, each line as it would be in a small one', async () => {
  const [first, second] = [newTaskId(), newTaskId()];
  const lines = numbers(300).map(
    (n): StoredLine => ({
      taskId: n % 2 ? first : second,
      adwId: n % 3 ? null : 'adw-abcdefghijkl',
      phase: n % 5 ? 'TEST' : null,
      level: 'warn',
      message: `${n} back\\slash "quoted", NULL, {braces}\ttab\nline end 🙂 é`,
      metadata: { kind: 'output', error: `wörld "${n}"` },
      timestamp: new Date(n * 86_400_123).toISOString(), // before PostgreSQL's year of 2000 too
      ...(n === 10 ? { whole: Buffer.from('the whole of it') } : {}),
    }),
  );
  const batch = { producer: crypto.randomUUID(), number: 1, lines };
  expect((await insertLogBatch(database, batch))?.get(first)?.lastSeq).toBe(150);
  expect(await insertLogBatch(database, batch)).toBeUndefined();
  await insertLogBatch(database, { ...batch, number: 2, lines: lines.slice(0, 20) });
  for (const taskId of [first, second]) {
    const own = lines.filter((line) => line.taskId === taskId);
    const expected = [...own, ...own.slice(0, 10)].map(({ whole: _, ...line }, at) => ({ seq: at + 1, ...line }));
    expect(await linesOf(taskId)).toEqual(expected);
  }
  const wholes = await database.pool.query('select seq, data from sentra.log_wholes where task_id = $1 order by seq', [
    second,
  ]);
  const data = Buffer.from('the whole of it');
  expect(wholes.rows).toEqual([
    { seq: '5', data },
    { seq: '155', data },
  ]);
});

test('a large batch that PostgreSQL refuses leaves nothing behind, and the connection goes on', async () => {
  const taskId = newTaskId();
  const lineOf = (message: string): StoredLine => ({
    ...{ taskId, adwId: null, phase: null, level: 'info', message, metadata: {} },
    timestamp: new Date().toISOString(),
  });
  const producer = crypto.randomUUID();
  const lines = [...numbers(300).map((n) => lineOf(`${n}`)), lineOf('no text: \0')];
  await expect(insertLogBatch(database, { producer, number: 1, lines })).rejects.toThrow(/invalid byte sequence/);
  expect(await linesOf(taskId)).toEqual([]);
  await insertLogBatch(database, { producer, number: 1, lines: lines.slice(0, 300) });
  expect((await linesOf(taskId)).map((line) => line.seq)).toEqual(numbers(300));
});

test('search finds words with pattern characters, and pages follow each other', async () => {
  const taskId = newTaskId();
  const logger = logs.logger({ taskId });
  await Promise.all(['50% done', '50 of 100', 'a_b', 'aXb', 'back\\slash'].map((text) => logger.info(text)));
  const search = async (q: string) =>
    (await listLogs(database.db, taskId, { q, limit: 10, order: 'asc' })).items.map((line) => line.message);
  expect(await search('50% DONE')).toEqual(['50% done']);
  expect(await search('a_b')).toEqual(['a_b']);
  expect(await search('k\\s')).toEqual(['back\\slash']);
  const first = await listLogs(database.db, taskId, { limit: 3, order: 'asc' });
  const second = await listLogs(database.db, taskId, { limit: 3, order: 'asc', after: first.nextAfter });
  expect([...first.items, ...second.items].map((line) => line.seq)).toEqual(numbers(5));
  expect(second.nextAfter).toBe(5);
});

test('a database that is killed while lines are written loses none and doubles none', async () => {
  const home = await mkdtemp(path.join(os.tmpdir(), 'sentra-logs-'));
  await chmod(home, 0o755);
  const postgres = await startEmbedded({ home, fsync: false });
  const own = await openDatabase(postgres.url);
  await own.migrate();
  const pipeline = createLogPipeline({ database: own, redact: createRedactor([]) });
  const taskId = newTaskId();
  const logger = pipeline.logger({ taskId });
  const writing = numbers(20).map(async (writer) => {
    for (const n of numbers(12)) await Promise.all(numbers(15).map((of) => logger.info(`${writer}:${n}:${of}`))); // enough for COPY
  });
  for (const kill of numbers(3)) {
    while ((await linesOf(taskId, own)).length < kill * 600) await pipeline.flush();
    const pid = (await readFile(path.join(postgres.dataDir, 'postmaster.pid'), 'utf8')).split('\n')[0];
    process.kill(Number(pid), 'SIGKILL');
    await postgres.ensure();
  }
  await Promise.all(writing);
  const lines = await linesOf(taskId, own);
  expect(lines.map((line) => line.seq)).toEqual(numbers(3_600));
  expect(new Set(lines.map((line) => line.message)).size).toBe(3_600);
  await pipeline.close();
  await own.close();
  await postgres.stop();
  await rm(home, { recursive: true, force: true });
});
