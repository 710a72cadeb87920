/**
 * Log lines from a hundred writers to their commits, through the pipeline that Sentra runs: how long each waits at a load that
 * is usual, and how many go through when they come as fast as they can, beside the least that PostgreSQL takes for the same rows.
 */
import { randomBytes } from 'node:crypto';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { newTaskId } from '#src/domain/ids.ts';
import { createLogPipeline, type Logger, type LogPipeline } from '#src/logs/pipeline.ts';
import { createRedactor } from '#src/logs/redactor.ts';
import { type Database, openDatabase } from '#src/store/database.ts';
import { startEmbedded } from '#src/store/postgres.ts';
import { type Benchmark, interleave, median, type Result } from './benchmark.ts';
import { type CopiedLine, copyData, copyLines } from './copy-lines.ts';

const writers = 100;
const offeredPerSecond = 5_000;
const offeredSeconds = 8;
const runs = 7;
const singleLines = 2_000;
const redactedLines = 200_000;
const secrets = Array.from({ length: 30 }, () => randomBytes(24).toString('base64'));

type Bench = { database: Database; pipeline: LogPipeline; say: (line: string) => void };

export const logsIngest: Benchmark = {
  name: 'logs-ingest',
  title: 'log lines of 100 writers to their commits, beside COPY and one INSERT per line',
  async measure(say, option) {
    const lines = Number(option ?? 60_000);
    const home = await mkdtemp(path.join(os.tmpdir(), 'sentra-bench-'));
    await chmod(home, 0o755);
    const postgres = await startEmbedded({ home });
    const database = await openDatabase(postgres.url);
    await database.migrate();
    const pipeline = createLogPipeline({ database, redact: createRedactor(secrets) });
    try {
      const bench = { database, pipeline, say };
      const offered = await measureOffered(bench);
      const saturated = await measureSaturated(bench, lines);
      return [offered, ...saturated, measureRedaction(say)];
    } finally {
      await pipeline.close();
      await database.close();
      await postgres.stop();
      await rm(home, { recursive: true, force: true });
    }
  },
};

const textOf = (writer: number, at: number): string =>
  `\u001b[32m✓\u001b[39m src/orders/price-${writer}.test.ts > rounds half a cent to the even one (${at} ms) { tax: 0.19 }`;

const openWriters = (pipeline: LogPipeline): Logger[] =>
  Array.from({ length: writers }, () => pipeline.logger({ taskId: newTaskId(), phase: 'TEST' }));

const write = (logger: Logger, writer: number, at: number) =>
  logger.info(textOf(writer, at), { kind: 'output', toolUsed: 'npm test' });

/** From the call to the commit, at a steady rate; the floor is one INSERT at a time beside it, by nobody else's leave. */
async function measureOffered({ database, pipeline, say }: Bench): Promise<Result> {
  const loggers = openWriters(pipeline);
  const waits: number[] = [];
  const pending: Promise<unknown>[] = [];
  const startedAt = performance.now();
  for (let sent = 0; sent < offeredPerSecond * offeredSeconds; ) {
    const due = Math.floor(((performance.now() - startedAt) / 1000) * offeredPerSecond);
    for (; sent < due; sent++) {
      const from = performance.now();
      const writer = sent % writers;
      const counts = sent > offeredPerSecond; // the first second warms up
      pending.push(
        write(loggers[writer] as Logger, writer, sent).then(() => counts && waits.push(performance.now() - from)),
      );
    }
    await sleep(1);
  }
  await Promise.all(pending);
  const floors: number[] = [];
  const insert = inserterOf(database);
  for (let at = 0; at < 1_000; at++) {
    const from = performance.now();
    await insert(at);
    floors.push(performance.now() - from);
  }
  const [value, floor] = [percentile(waits, 99), percentile(floors, 99)];
  say(
    `offered ${offeredPerSecond} lines/s: p50 ${percentile(waits, 50)} ms, p99 ${value} ms, longest ${percentile(waits, 100)} ms; one INSERT p99 ${floor} ms`,
  );
  return { name: 'logs-ingest', value, unit: 'ms', floor, ratio: hundredth(value / floor), runs: 1 };
}

async function measureSaturated({ database, pipeline, say }: Bench, lines: number): Promise<Result[]> {
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  const value = async () => {
    const loggers = openWriters(pipeline);
    const startedAt = performance.now();
    for (let at = 0; at < lines; at++) {
      if (at % 1_000 === 0) await pipeline.ready();
      void write(loggers[at % writers] as Logger, at % writers, at);
    }
    await pipeline.flush();
    return performance.now() - startedAt;
  };
  const timeCopy = async (format: 'text' | 'binary') => {
    const data = copyData(linesToCopy(lines), format);
    const startedAt = performance.now();
    await copyLines(client, data, format);
    return performance.now() - startedAt;
  };
  const binary: number[] = [];
  const floor = async () => {
    binary.push(await timeCopy('binary'));
    return timeCopy('text');
  };
  const copy = await interleave('logs-ingest-saturated', { value, floor }, { warmUps: 2, runs, say });
  await client.end();
  const least = median(binary.slice(-runs));
  say(
    `${perSecond(lines, copy.value)} lines/s, COPY ${perSecond(lines, copy.floor)} lines/s: ${hundredth(copy.floor / copy.value)} of COPY; binary COPY ${perSecond(lines, least)} lines/s: ${hundredth(least / copy.value)} of it`,
  );
  const insert = inserterOf(database);
  const startedAt = performance.now();
  for (let at = 0; at < singleLines; at++) await insert(at);
  const one = ((performance.now() - startedAt) / singleLines) * lines;
  const single: Result = {
    name: 'logs-ingest-single',
    value: copy.value,
    unit: 'ms',
    floor: Math.round(one),
    ratio: Math.round((copy.value / one) * 10_000) / 10_000,
    runs: 1,
  };
  say(`one awaited INSERT per line: ${perSecond(lines, one)} lines/s, a ${hundredth(one / copy.value)}th`);
  return [copy, single];
}

/** What cleaning costs: a line with thirty secrets known and none in it. */
function measureRedaction(say: Bench['say']): Result {
  const redact = createRedactor(secrets);
  const texts = Array.from({ length: 1_000 }, (_, at) => textOf(at % writers, at));
  const time = (act: (text: string) => unknown) => {
    const startedAt = performance.now();
    for (let at = 0; at < redactedLines; at++) act(texts[at % texts.length] as string);
    return performance.now() - startedAt;
  };
  time(redact);
  const value = hundredth(time(redact));
  const floor = hundredth(time((text) => text.includes('a word that is not there')));
  say(
    `redaction: ${hundredth((value / redactedLines) * 1_000)} µs a line; looking for one word ${hundredth((floor / redactedLines) * 1_000)} µs`,
  );
  return { name: 'logs-redaction', value, unit: 'ms', floor, ratio: hundredth(value / floor), runs: 1 };
}

function inserterOf(database: Database): (at: number) => Promise<unknown> {
  const taskId = newTaskId();
  let seq = 0;
  return (at) =>
    database.pool.query({
      name: 'bench-insert',
      text: 'insert into sentra.logs (task_id, seq, adw_id, phase, level, message, metadata) values ($1, $2, $3, $4, $5, $6, $7)',
      values: [taskId, ++seq, null, 'TEST', 'info', textOf(1, at), '{"kind":"output","toolUsed":"npm test"}'],
    });
}

function linesToCopy(lines: number): CopiedLine[] {
  const tasks = Array.from({ length: writers }, newTaskId);
  const timestamp = new Date().toISOString();
  return Array.from({ length: lines }, (_, at) => ({
    taskId: tasks[at % writers] as string,
    seq: Math.floor(at / writers) + 1,
    message: textOf(at % writers, at),
    timestamp,
  }));
}

const percentile = (values: readonly number[], percent: number): number => {
  const sorted = [...values].sort((a, b) => a - b);
  return hundredth(sorted[Math.min(sorted.length - 1, Math.floor((sorted.length * percent) / 100))] ?? 0);
};
const perSecond = (lines: number, ms: number) => Math.round((lines / ms) * 1_000).toLocaleString('en');
const hundredth = (value: number) => Math.round(value * 100) / 100;
