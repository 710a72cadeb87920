/**
 * Five thousand lines a second over a hundred tasks to 50 and to 500 readers: how long from the commit of a line until a reader has it.
 * The floor is as many ready texts over bare WebSockets, without a database.
 */
import { type ChildProcess, spawn } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { WebSocket } from 'ws';
import { newTaskId } from '#src/domain/ids.ts';
import { openDatabase } from '#src/store/database.ts';
import { startEmbedded } from '#src/store/postgres.ts';
import { until } from '../test/helpers/sentra.ts';
import { bearer } from '../test/server/serve.ts';
import type { Benchmark, Result } from './benchmark.ts';
import type { Order, Report } from './logs-stream-server.ts';

const perSecond = 5_000;
const tasks = 100;
const readerCounts = [50, 500];
/** With room for more the engine lets garbage lie, and its growth says nothing about what is kept. */
const smallHeap = '--max-old-space-size=256';

type Server = { child: ChildProcess; port: number; barePort: number };
type Arrival = { n: number; at: number };

export const logsStream: Benchmark = {
  name: 'logs-stream',
  title: '5,000 lines a second to 50 and to 500 readers, from commit to reader; the option is seconds',
  async measure(say, option) {
    const seconds = Number(option ?? 15);
    const home = await mkdtemp(path.join(os.tmpdir(), 'sentra-bench-'));
    await chmod(home, 0o755);
    const postgres = await startEmbedded({ home });
    const database = await openDatabase(postgres.url);
    await database.migrate();
    await database.close();
    const taskIds = Array.from({ length: tasks }, newTaskId);
    const server = await launch(postgres.url, taskIds);
    try {
      const results: Result[] = [];
      for (const readers of readerCounts) {
        await measureOnce(server, taskIds, { what: 'lines', readers, seconds: 2 }); // warms up
        const floor = await measureOnce(server, taskIds, { what: 'texts', readers, seconds: Math.min(seconds, 15) });
        const value = await measureOnce(server, taskIds, { what: 'lines', readers, seconds });
        results.push(resultOf(readers, value, floor, say));
      }
      return results;
    } finally {
      server.child.send({ what: 'end' } satisfies Order);
      await new Promise((done) => server.child.once('exit', done));
      await postgres.stop();
      await rm(home, { recursive: true, force: true });
    }
  },
};

async function launch(url: string, taskIds: string[]): Promise<Server> {
  const program = path.join(import.meta.dirname, 'logs-stream-server.ts');
  const child = spawn(process.execPath, ['--expose-gc', smallHeap, program, url, String(perSecond), ...taskIds], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
  });
  const ports = await new Promise<{ port: number; barePort: number }>((done) => child.once('message', done));
  return { child, ...ports };
}

type Course = { what: 'lines' | 'texts'; readers: number; seconds: number };
type Measured = { delays: number[] } & Pick<Report, 'rssBytes' | 'liveBytes'>;
let served = 0;

async function measureOnce(server: Server, taskIds: string[], { what, readers, seconds }: Course): Promise<Measured> {
  const before = served;
  const arrivals: Arrival[] = [];
  const sockets = await Promise.all(
    Array.from({ length: readers }, (_, at) =>
      connect(server, taskIds[at % tasks] as string, { what, after: before, arrivals }),
    ),
  );
  const answer = new Promise<Report>((done) => server.child.once('message', done));
  server.child.send({ what, seconds } satisfies Order);
  const { committedAt, rssBytes, liveBytes } = await answer;
  if (what === 'lines') served += committedAt.length / tasks;
  const expected = (committedAt.length / tasks) * readers;
  await until(
    () => arrivals.length >= expected,
    60_000,
    () => `${arrivals.length} of ${expected} deliveries`,
  );
  for (const socket of sockets) socket.terminate();
  const delays = arrivals.map(({ n, at }) => at - (committedAt[n] ?? at)).sort((a, b) => a - b);
  return { delays, rssBytes, liveBytes };
}

function connect(
  { port, barePort }: Server,
  taskId: string,
  { what, after, arrivals }: { what: Course['what']; after: number; arrivals: Arrival[] },
): Promise<WebSocket> {
  const url =
    what === 'lines' ? `ws://127.0.0.1:${port}/logs/${taskId}?after=${after}` : `ws://127.0.0.1:${barePort}/${taskId}`;
  const socket = new WebSocket(url, { headers: bearer });
  socket.on('message', (data: Buffer) => {
    const at = Number(process.hrtime.bigint() / 1000n) / 1000;
    const message = data.toString();
    const from = message.indexOf('"message":"') + 11;
    arrivals.push({ n: Number(message.slice(from, message.indexOf(' ', from))), at });
  });
  return new Promise((done, fail) => socket.once('open', () => done(socket)).once('error', fail));
}

function resultOf(readers: number, value: Measured, floor: Measured, say: (line: string) => void): Result {
  const [ours, least] = [quantile(value.delays, 0.99), quantile(floor.delays, 0.99)];
  const megabytes = (bytes: number | undefined) => ((bytes ?? 0) / 2 ** 20).toFixed(0);
  const rssAt = (part: number) => megabytes(value.rssBytes[Math.floor((value.rssBytes.length - 1) * part)]);
  say(
    `${readers} readers: p99 ${ours} ms, median ${quantile(value.delays, 0.5)} ms of ${value.delays.length} deliveries; floor p99 ${least} ms`,
  );
  say(
    `  memory of the server: ${rssAt(0.2)} MB after a fifth of the time, ${rssAt(1)} MB at its end; in use, each half minute and at the end: ${value.liveBytes.map(megabytes).join(', ')} MB`,
  );
  return {
    name: `logs-stream-${readers}`,
    value: ours,
    unit: 'ms',
    floor: least,
    ratio: Math.round((ours / least) * 100) / 100,
    runs: 1,
    rssBytes: value.rssBytes.at(-1) ?? 0,
  };
}

const quantile = (sorted: readonly number[], part: number) =>
  Math.round((sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? 0) * 10) / 10;
