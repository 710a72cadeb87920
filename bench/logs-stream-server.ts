/**
 * The server's half of the benchmark: writes lines to many tasks through the pipeline and serves them; and, for the floor, sends the same
 * number of ready texts over bare WebSockets. Tells when each line was committed, on the clock that all processes of a machine share.
 */
import { once } from 'node:events';
import { setTimeout as sleep } from 'node:timers/promises';
import { type WebSocket, WebSocketServer } from 'ws';
import type { Task } from '#src/domain/task.ts';
import { createLogFeeds } from '#src/logs/log-feed.ts';
import { createLogReader } from '#src/logs/log-reader.ts';
import { createLogPipeline } from '#src/logs/pipeline.ts';
import { createRedactor } from '#src/logs/redactor.ts';
import { streamLogs } from '#src/logs/stream-logs.ts';
import { openDatabase } from '#src/store/database.ts';
import { serve } from '../test/server/serve.ts';

export type Order = { what: 'lines' | 'texts'; seconds: number } | { what: 'end' };
/** `rssBytes`: each second; `liveBytes`: what a collection of garbage leaves, each half minute and at the end. */
export type Report = { committedAt: number[]; rssBytes: number[]; liveBytes: number[] };

const [url = '', perSecond = '', ...taskIds] = process.argv.slice(2);
const tickMs = 5;
const now = () => Number(process.hrtime.bigint() / 1000n) / 1000;
const database = await openDatabase(url);
const logs = createLogPipeline({ database, redact: createRedactor([]) });
const source = { feeds: createLogFeeds({ db: database.db, logs }), reader: createLogReader(database) };
const server = await serve(
  { getTask: async ({ params }) => ({ id: params.id }) as Task },
  { logStream: (stream) => streamLogs(source, stream) },
);
const bare = new WebSocketServer({ port: 0, host: '127.0.0.1' });
await once(bare, 'listening');
const followers = new Map<string, Set<WebSocket>>(taskIds.map((taskId) => [taskId, new Set()]));
bare.on('connection', (socket, request) => followers.get(request.url?.slice(1) ?? '')?.add(socket));

/** Of each line; made before the first, so that it does not grow with the lines. */
let committedAt = new Float64Array();
for (const taskId of taskIds)
  logs.subscribe(taskId, (lines) => {
    const at = now();
    for (const { message } of lines) committedAt[Number(message.slice(0, message.indexOf(' ')))] = at;
  });
const loggers = taskIds.map((taskId) => logs.logger({ taskId, phase: 'TEST' }));
const text = 'src/orders/price.test.ts > rounds half a cent to the even one (12 ms) { tax: 0.19 }';

const write = {
  lines: (n: number) => void loggers[n % loggers.length]?.info(`${n} ${text}`, { kind: 'output' }),
  texts: (n: number) => {
    const message = JSON.stringify({
      seq: n,
      taskId: taskIds[0],
      level: 'info',
      message: `${n} ${text}`,
      metadata: {},
    });
    committedAt[n] = now();
    for (const socket of followers.get(taskIds[n % taskIds.length] as string) ?? []) socket.send(message);
  },
};

async function offer(what: 'lines' | 'texts', seconds: number): Promise<Report> {
  committedAt = new Float64Array(Math.ceil(seconds * Number(perSecond))).fill(0);
  const rssBytes: number[] = [];
  const liveBytes: number[] = [];
  const begun = performance.now();
  for (let sent = 0, left = true; left; ) {
    const passed = Math.min((performance.now() - begun) / 1000, seconds);
    left = passed < seconds;
    for (const due = passed * Number(perSecond); sent < due; sent++) write[what](sent);
    if (rssBytes.length < passed) rssBytes.push(process.memoryUsage().rss);
    if (liveBytes.length < Math.floor(passed / 30)) liveBytes.push(measureLive());
    await sleep(tickMs);
  }
  await logs.flush();
  liveBytes.push(measureLive());
  return { committedAt: [...committedAt], rssBytes, liveBytes };
}

function measureLive(): number {
  globalThis.gc?.();
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

process.on('message', async (order: Order) => {
  if (order.what === 'end') process.exit(0);
  process.send?.(await offer(order.what, order.seconds));
});
process.send?.({ port: server.port, barePort: (bare.address() as { port: number }).port });
