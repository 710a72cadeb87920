/** Readers of several tasks over a line that is cut at random, while a writer in another process is killed and replaced. */
import { type ChildProcess, spawn } from 'node:child_process';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { type Connection, followLogs, openStreams } from '#src/client/stream.ts';
import { newTaskId } from '#src/domain/ids.ts';
import type { LogLine } from '#src/domain/log.ts';
import type { Task } from '#src/domain/task.ts';
import { createLogFeeds } from '#src/logs/log-feed.ts';
import { createLogReader } from '#src/logs/log-reader.ts';
import { createLogPipeline } from '#src/logs/pipeline.ts';
import { createRedactor } from '#src/logs/redactor.ts';
import { streamLogs } from '#src/logs/stream-logs.ts';
import type { Database } from '#src/store/database.ts';
import { openHints } from '#src/store/hints.ts';
import { until } from '../helpers/sentra.ts';
import { serve, token } from '../server/serve.ts';

export type CutOptions = { readers: number; cuts: number; kills: number; tasks: number; linesPerSecond: number };
export type Seen = { taskId: string; lines: Pick<LogLine, 'seq' | 'message'>[] };

const writer = path.resolve(import.meta.dirname, '../fixtures/log-writer.ts');
const patienceMs = 240_000;

/** Answers what each reader saw, and each task's lines as they are kept. */
export async function cutReaders(database: Database, options: CutOptions) {
  const taskIds = Array.from({ length: options.tasks }, newTaskId);
  const logs = createLogPipeline({ database, redact: createRedactor([]) });
  const hints = openHints(database.connections, ({ tasks, missed }) => {
    if (missed) logs.ringAll();
    else for (const taskId of tasks) logs.ring(taskId);
  });
  const source = { feeds: createLogFeeds({ db: database.db, logs }), reader: createLogReader(database) };
  const server = await serve(
    { getTask: async ({ params }) => ({ id: params.id }) as Task },
    { logStream: (stream) => streamLogs(source, stream) },
  );
  const line = await openLine(server.port);
  const ending = new AbortController();
  const connection = { url: `http://127.0.0.1:${line.port}`, token };
  const readers = startReaders(connection, taskIds, { count: options.readers, signal: ending.signal });
  const write = startWriters(database.url, taskIds, options);
  try {
    await write.start();
    let cuts = 0;
    for (let kills = 0; cuts < options.cuts; cuts += line.cut(1 + Math.floor(Math.random() * 3))) {
      if (cuts >= ((kills + 1) * options.cuts) / (options.kills + 1)) {
        kills++;
        await write.kill();
      }
      await sleep(Math.random() * 60);
    }
    await write.stop();
    const kept = new Map<string, LogLine[]>();
    for (const taskId of taskIds) kept.set(taskId, await linesOf(source.reader, taskId));
    const isDone = ({ taskId, lines }: Seen) => lines.at(-1)?.seq === kept.get(taskId)?.at(-1)?.seq;
    const stateOf = ({ taskId, lines }: Seen, at: number) =>
      `reader ${at} of ${taskId} at ${lines.at(-1)?.seq} of ${kept.get(taskId)?.length}`;
    const missing = () =>
      `not at the end: ${readers.seen
        .map(stateOf)
        .filter((_, at) => !isDone(readers.seen[at] as Seen))
        .join(', ')}`;
    await until(() => readers.seen.every(isDone), patienceMs, missing);
    return { seen: readers.seen, kept, cuts };
  } finally {
    ending.abort();
    await readers.closed;
    await write.stop();
    line.close();
    await server.close();
    await hints.close();
    await logs.close();
  }
}

/** Half of them have a socket each; the others share one for every ten. */
function startReaders(
  connection: Connection,
  taskIds: string[],
  { count, signal }: { count: number; signal: AbortSignal },
) {
  const closed: Promise<void>[] = [];
  let shared: ReturnType<typeof openStreams> | undefined;
  const seen = Array.from({ length: count }, (_, at): Seen => {
    const taskId = taskIds[at % taskIds.length] as string;
    const lines: Seen['lines'] = [];
    const keep = ({ seq, message }: LogLine) => lines.push({ seq, message });
    if (at < count / 2) closed.push(followLogs(connection, { taskId, filter: {} }, keep, signal));
    else {
      if (at % 10 === 0 || !shared) {
        shared = openStreams(connection, signal);
        closed.push(shared.closed);
      }
      shared.followLogs({ taskId, filter: {} }, { lines: (some) => some.forEach(keep) }, signal);
    }
    return { taskId, lines };
  });
  return { seen, closed: Promise.all(closed) };
}

function startWriters(url: string, taskIds: string[], { linesPerSecond }: CutOptions) {
  let run = 0;
  let child: ChildProcess | undefined;
  const start = () => {
    const args = [writer, url, String(++run), String(linesPerSecond), ...taskIds];
    child = spawn(process.execPath, args, { stdio: ['pipe', 'pipe', 'inherit'] });
    return new Promise<void>((stored) => child?.stdout?.once('data', () => stored()));
  };
  const gone = async (end: (child: ChildProcess) => void) => {
    const ended = child;
    child = undefined;
    if (!ended || ended.exitCode !== null || ended.signalCode !== null) return;
    const exit = new Promise((done) => ended.once('exit', done));
    end(ended);
    await exit;
  };
  return {
    start,
    /** SIGKILL in the middle of its work, and another one in its place. */
    kill: async () => {
      await gone((ended) => ended.kill('SIGKILL'));
      await start();
    },
    stop: () => gone((ended) => ended.stdin?.end('stop')),
  };
}

/** A line to the server whose connections can be cut, as a network does: without a word of goodbye. */
async function openLine(port: number) {
  const open = new Set<() => void>();
  const line = net.createServer((near) => {
    const far = net.connect(port, '127.0.0.1');
    const cut = () => {
      open.delete(cut);
      near.resetAndDestroy();
      far.resetAndDestroy();
    };
    open.add(cut);
    for (const socket of [near, far]) socket.on('error', cut).on('close', cut);
    // The server answers to its own name alone.
    near.once('data', (request) => {
      far.write(request.toString('latin1').replaceAll(`:${near.localPort}`, `:${port}`), 'latin1');
      near.pipe(far).pipe(near);
    });
  });
  await new Promise<void>((done) => line.listen(0, '127.0.0.1', done));
  return {
    port: (line.address() as net.AddressInfo).port,
    /** Answers how many there were to cut. */
    cut(count: number): number {
      const some = [...open].sort(() => Math.random() - 0.5).slice(0, count);
      for (const cut of some) cut();
      return some.length;
    },
    close: () => {
      line.close();
      for (const cut of [...open]) cut();
    },
  };
}

async function linesOf(reader: ReturnType<typeof createLogReader>, taskId: string): Promise<LogLine[]> {
  const lines: LogLine[] = [];
  for await (const page of reader.pages(taskId, {})) lines.push(...page);
  return lines;
}
