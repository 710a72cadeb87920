/**
 * Reading one task of a million lines among five million, through the HTTP API: its first page, a page under a filter, and searches that
 * were never asked before. The floor is the same page read from the table by its numbers, in turns with them.
 */
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createClient } from '#src/client/client.ts';
import { newProjectId } from '#src/domain/ids.ts';
import type { Task } from '#src/domain/task.ts';
import { createLogIndex } from '#src/logs/log-index.ts';
import { createLogReader } from '#src/logs/log-reader.ts';
import { searchProject } from '#src/logs/project-search.ts';
import { type Database, openDatabase } from '#src/store/database.ts';
import { startEmbedded } from '#src/store/postgres.ts';
import { serve, token } from '../test/server/serve.ts';
import type { Benchmark, Result } from './benchmark.ts';
import { bigTask, needleAt, seedLines } from './log-lines.ts';

const samples = 60;
const limit = 200;

export const logsRead: Benchmark = {
  name: 'logs-read',
  title: 'first page, filter, text and pattern in a task of a million lines among five million',
  async measure(say, option) {
    const lines = Number(option ?? 1_000_000);
    const home = await mkdtemp(path.join(os.tmpdir(), 'sentra-bench-'));
    await chmod(home, 0o755);
    const postgres = await startEmbedded({ home });
    const database = await openDatabase(postgres.url);
    await database.migrate();
    try {
      await prepare(database, lines, say);
      return await measureReads(database, lines, say);
    } finally {
      await database.close();
      await postgres.stop();
      await rm(home, { recursive: true, force: true });
    }
  },
};

async function prepare(database: Database, lines: number, say: (line: string) => void): Promise<void> {
  const before = performance.now();
  await seedLines(database.pool, lines, newProjectId());
  const seeded = performance.now();
  say(`${lines * 5} lines stored in ${((seeded - before) / 1000).toFixed(0)} s`);
  const index = createLogIndex({
    database,
    onError: (e) => {
      throw e;
    },
  });
  const blocks = (await index.fillOnce()) + (await index.fillOnce());
  const seconds = (performance.now() - seeded) / 1000;
  const sizes = await database.pool.query(
    `select pg_total_relation_size('sentra.log_blocks') as index, pg_total_relation_size('sentra.logs') as lines`,
  );
  const { index: ours, lines: theirs } = sizes.rows[0];
  say(
    `indexed in ${seconds.toFixed(0)} s: ${blocks} blocks, ${Math.round((ours / theirs) * 100)} % of what the lines take`,
  );
  await database.pool.query('vacuum analyze sentra.logs');
}

async function measureReads(database: Database, lines: number, say: (line: string) => void): Promise<Result[]> {
  const reader = createLogReader(database);
  const server = await serve({
    getTask: async ({ params }) => ({ id: params.id }) as Task,
    listLogs: ({ params, query }) => reader.list(params.taskId, query),
    searchLogs: ({ query }) => searchProject(database, query),
  });
  const client = createClient({ url: server.url, token });
  const ask = (query: object) => client.listLogs({ params: { taskId: bigTask }, query: { limit, ...query } });
  const word = (n: number) => needleAt(1 + ((n * 7919) % Math.floor(lines / 1000)) * 1000).slice(0, 10);
  const levels = ['error', 'warn', 'debug', 'warn,error'];
  const phases = ['PLAN', 'CODE', 'TEST', 'REVIEW'];
  const contenders: Record<string, (n: number) => Promise<{ items: unknown[] }>> = {
    'logs-read-page': (n) => ask(n % 2 ? { order: 'desc' } : {}),
    'logs-read-filter': (n) => ask({ level: levels[n % 4], phase: phases[(n >> 2) % 4], offset: (n % 3) * 100 }),
    // One line has the first, no line the second though all of its words are common, and a seventh of all the third.
    'logs-read-text': (n) => ask({ q: [word(n), `the ship needs a tide ${n}`, `typeerror: ${'abc'[n % 3]}`][n % 3] }),
    'logs-read-regex': (n) =>
      ask({ q: [`haystack \\w+ ${word(n)}`, `\\y[0-9a-f]{40}${n}\\y`, ` in ${n % 9}\\d+ ms$`][n % 3], regex: true }),
  };
  const times = new Map(Object.keys(contenders).map((name) => [name, [] as number[]]));
  const floors: number[] = [];
  const timed = async (work: () => Promise<unknown>) => {
    const before = performance.now();
    await work();
    return performance.now() - before;
  };
  try {
    for (let n = -4; n < samples; n++) {
      const first = 1 + (((n + 4) * 16_001) % (lines - limit));
      const floor = await timed(() =>
        database.pool.query('select * from sentra.logs where task_id = $1 and seq >= $2 order by seq limit $3', [
          bigTask,
          first,
          limit,
        ]),
      );
      if (n >= 0) floors.push(floor);
      for (const [name, contender] of Object.entries(contenders)) {
        const ms = await timed(() => contender(n + 4));
        if (n >= 0) times.get(name)?.push(ms);
      }
    }
    return [...times].map(([name, own]) => resultOf(name, own, floors, say));
  } finally {
    await server.close();
  }
}

function resultOf(name: string, times: number[], floors: number[], say: (line: string) => void): Result {
  const [value, floor] = [quantile(times, 0.5), quantile(floors, 0.5)];
  const p95Ms = quantile(times, 0.95);
  say(`${name}: p95 ${p95Ms} ms, median ${value} ms; a page of the table takes ${floor} ms`);
  return { name, value, unit: 'ms', floor, ratio: Math.round((value / floor) * 100) / 100, runs: times.length, p95Ms };
}

const quantile = (values: readonly number[], part: number) =>
  Math.round(
    ([...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * part))] ?? 0) * 10,
  ) / 10;
