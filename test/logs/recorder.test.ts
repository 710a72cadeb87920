import { afterAll, beforeAll, expect, test } from 'vitest';
import { newTaskId } from '#src/domain/ids.ts';
import type { LogLine } from '#src/domain/log.ts';
import { createLogPipeline, type LogPipeline, type RecordSource } from '#src/logs/pipeline.ts';
import { openRaw, openWhole } from '#src/logs/raw-download.ts';
import { createRedactor } from '#src/logs/redactor.ts';
import type { Database } from '#src/store/database.ts';
import { listLogs } from '#src/store/log-pages.ts';
import { createTestDatabase } from '../helpers/database.ts';

const secret = 'a secret=of/nobody';
const source: RecordSource = { name: 'npm test', metadata: { kind: 'output', toolUsed: 'npm test' } };
let fresh: Awaited<ReturnType<typeof createTestDatabase>>;
let database: Database;
let logs: LogPipeline;
beforeAll(async () => {
  fresh = await createTestDatabase();
  database = fresh.database;
  logs = createLogPipeline({ database, redact: createRedactor([secret]) });
});
afterAll(async () => {
  await logs.close();
  await fresh.drop();
});

const linesOf = async (taskId: string): Promise<LogLine[]> =>
  (await listLogs(database.db, taskId, { limit: 5_000, order: 'asc' })).items;
const bytesOf = async (download: Promise<{ body: ReadableStream<Uint8Array> }>): Promise<Buffer> =>
  Buffer.from(await new Response((await download).body).arrayBuffer());

/** Small numbers from a seed, the same on every machine. */
function randomFrom(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Text, colours, line ends, NUL, broken UTF-8 and noise, by turns. */
function strangeBytes(random: (below: number) => number): Buffer {
  const kinds = [
    () => Buffer.from('plain words é 😀 \u001b[31mred\u001b[0m'),
    () => Buffer.from(['\n', '\r\n', '\r', '\n\n'][random(4)] as string),
    () => Buffer.from([0, 0xff, 0xc3, 0xed, 0xa0, 0x80].slice(random(5))),
    () => Buffer.from(Array.from({ length: random(90) }, () => random(256))),
  ];
  return Buffer.concat(Array.from({ length: random(9) }, () => (kinds[random(4)] as () => Buffer)()));
}

test('10,000 streams of random bytes, cut at random, come back byte for byte, and no insert fails', async () => {
  const random = randomFrom(7);
  const tasks = Array.from({ length: 200 }, () => ({
    taskId: newTaskId(),
    stdout: [] as Buffer[],
    stderr: [] as Buffer[],
  }));
  const writing = tasks.map(async ({ taskId, ...written }) => {
    for (let session = 0; session < 25; session++) {
      const recorder = logs.logger({ taskId, phase: 'TEST' }).record(source);
      for (const stream of ['stdout', 'stderr'] as const) {
        const bytes = strangeBytes(random);
        written[stream].push(bytes);
        for (let from = 0, size = 0; from < bytes.length; from += size) {
          size = 1 + random(40);
          void recorder.onOutput(bytes.subarray(from, from + size), stream);
        }
      }
      await recorder.end();
    }
  });
  await Promise.all(writing);
  for (const { taskId, ...written } of tasks)
    for (const stream of ['stdout', 'stderr'] as const)
      expect(await bytesOf(openRaw(database.db, taskId, { stream }))).toEqual(Buffer.concat(written[stream]));
}, 240_000);

test('what a program writes becomes lines as people read them, and its colours stay', async () => {
  const taskId = newTaskId();
  const recorder = logs.logger({ taskId, phase: 'CODE' }).record(source);
  const said = Buffer.from('one\r\n\u001b[32mtwo\u001b[0m é\n\nlast');
  for (const byte of said) void recorder.onOutput(Buffer.from([byte]), 'stdout');
  void recorder.onOutput(Buffer.from('wrong\n'), 'stderr');
  await recorder.end();
  const lines = await linesOf(taskId);
  const of = (level: string) => lines.filter((line) => line.level === level).map((line) => line.message);
  expect(of('info')).toEqual(['one', '\u001b[32mtwo\u001b[0m é', '', 'last']);
  expect(of('warn')).toEqual(['wrong']);
  expect(await bytesOf(openRaw(database.db, taskId, { stream: 'stdout' }))).toEqual(said);
  expect(await bytesOf(openRaw(database.db, taskId, { phase: ['CODE'], stream: 'stderr' }))).toEqual(
    Buffer.from('wrong\n'),
  );
  await expect(openRaw(database.db, taskId, { phase: ['PLAN'] })).rejects.toThrow('Nothing that programs of');
});

test('bytes that are no text are told in one line, which leads to them', async () => {
  const taskId = newTaskId();
  const random = randomFrom(3);
  const noise = Buffer.from(Array.from({ length: 70_000 }, () => random(256)));
  noise[noise.length - 1] = 10;
  const recorder = logs.logger({ taskId }).record(source);
  await recorder.onOutput(Buffer.from('before it\n'), 'stdout');
  for (let at = 0; at < noise.length; at += 1_000) await recorder.onOutput(noise.subarray(at, at + 1_000), 'stdout');
  await recorder.onOutput(Buffer.from('after all of it\n'), 'stdout');
  await recorder.end();
  const lines = await linesOf(taskId);
  expect(lines.map((line) => line.message)).toEqual(['before it', '70000 bytes of binary output', 'after all of it']);
  expect(lines[1]?.metadata).toMatchObject({ binary: { bytes: 70_000 }, raw: { stream: 'stdout', start: 10 } });
  expect(await bytesOf(openWhole(database.db, taskId, 2))).toEqual(noise);
});

test('a line over 64 KiB is cut, its whole can be fetched, and so can any other', async () => {
  const taskId = newTaskId();
  const long = 'wörd '.repeat(400_000);
  const recorder = logs.logger({ taskId }).record(source);
  for (let at = 0; at < long.length; at += 50_000)
    void recorder.onOutput(Buffer.from(long.slice(at, at + 50_000)), 'stdout');
  await recorder.end();
  await logs.logger({ taskId }).info('short');
  const [line] = await linesOf(taskId);
  expect(line?.message.length).toBeLessThan(66_000);
  expect(line?.metadata.whole).toEqual({ bytes: Buffer.byteLength(long) });
  expect((await bytesOf(openWhole(database.db, taskId, 1))).toString()).toBe(long);
  expect((await bytesOf(openWhole(database.db, taskId, 2))).toString()).toBe('short');
  await expect(openWhole(database.db, taskId, 3)).rejects.toThrow('has no line 3');
});

test('secrets are neither in the lines nor in the transcript, wherever the bytes were cut', async () => {
  const taskId = newTaskId();
  const encoded = Buffer.from(`{"key":"${secret}"}`).toString('base64');
  const text = `say ${secret} and ${encoded} ok\n`;
  for (let size = 1; size <= 64; size += 9) {
    const recorder = logs.logger({ taskId }).record({ ...source, name: `tool ${secret}` });
    for (let at = 0; at < text.length; at += size)
      void recorder.onOutput(Buffer.from(text.slice(at, at + size)), 'stdout');
    await recorder.note(JSON.stringify({ said: text }));
    await recorder.end();
  }
  const { rows } = await database.pool.query('select name from sentra.transcripts where task_id = $1', [taskId]);
  const all = `${JSON.stringify(await linesOf(taskId))}${await bytesOf(openRaw(database.db, taskId, {}))}${JSON.stringify(rows)}`;
  expect(all).toContain('say [redacted] and');
  expect(all).not.toContain(secret);
  expect(all).not.toContain(encoded.slice(12, 30));
});

test('when the quota of a task is used up one line says so, and what Sentra does is still told', async () => {
  const taskId = newTaskId();
  logs.setQuota(taskId, 20_000);
  const log = logs.logger({ taskId });
  for (let round = 0; round < 3; round++) {
    const recorder = log.record(source);
    const random = randomFrom(round);
    for (let at = 0; at < 200; at++)
      await recorder.onOutput(
        Buffer.from(`${Array.from({ length: 90 }, () => random(36).toString(36)).join('')}\n`),
        'stdout',
      );
    await recorder.end();
  }
  await log.info('a step', { kind: 'step' });
  const lines = await linesOf(taskId);
  const told = lines.filter((line) => /The log of this task has reached/.test(line.message));
  expect(told).toHaveLength(1);
  expect(lines.length).toBeLessThan(220);
  expect(lines.at(-1)?.message).toBe('a step');
  expect(lines.some((line) => /The raw output of this task has reached/.test(line.message))).toBe(true);
  const { rows } = await database.pool.query('select raw_bytes from sentra.log_heads where task_id = $1', [taskId]);
  expect(Number(rows[0].raw_bytes)).toBeLessThan(40_000);
  const again = createLogPipeline({ database, redact: createRedactor([]), quota: 20_000 });
  for (let at = 0; at < 3; at++) await again.logger({ taskId }).info('more', { kind: 'output' });
  await again.close();
  expect((await linesOf(taskId)).filter((line) => line.message === 'more')).toHaveLength(1);
});
