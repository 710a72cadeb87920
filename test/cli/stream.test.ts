import type { AddressInfo } from 'node:net';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { type WebSocket, WebSocketServer } from 'ws';
import { followEvents, followLogs } from '#src/client/stream.ts';
import type { LogLine } from '#src/domain/log.ts';
import { cli } from '../helpers/cli.ts';
import { aTask } from '../helpers/contract-api.ts';

const taskId = 'task-aaaa00000001';
const lineOf = (seq: number, message = `line ${seq}`): LogLine => ({
  seq,
  taskId,
  adwId: null,
  phase: 'CODE',
  level: 'info',
  message,
  metadata: {},
  timestamp: '2026-01-01T00:00:00.000Z',
});

let server: WebSocketServer;
let connection: { url: string; token: string };
let visits: { url: string; protocols: string | undefined }[];

beforeEach(async () => {
  visits = [];
  server = new WebSocketServer({ port: 0, host: '127.0.0.1', handleProtocols: () => 'sentra' });
  server.on('connection', (_, request) =>
    visits.push({ url: request.url ?? '', protocols: request.headers['sec-websocket-protocol'] }),
  );
  await new Promise((done) => server.once('listening', done));
  connection = { url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`, token: 'secret' };
});
afterEach(async () => {
  for (const socket of server.clients) socket.terminate();
  await new Promise((done) => server.close(done));
});

const onConnection = (act: (socket: WebSocket, visit: number) => void) =>
  server.on('connection', (socket) => act(socket, visits.length));

test('a stream that is cut goes on after the last line that came, and repeats none', async () => {
  onConnection((socket, visit) => {
    const from = visit === 1 ? 1 : 3; // the second time it also repeats a line
    for (const seq of [from, from + 1]) socket.send(JSON.stringify(lineOf(seq)));
    if (visit === 1) socket.send(JSON.stringify(lineOf(3)), () => socket.terminate());
  });
  const seen: number[] = [];
  const stop = new AbortController();
  const filter = { after: 0, phase: ['CODE' as const] };
  const onLine = (line: LogLine) => {
    seen.push(line.seq);
    if (line.seq === 4) stop.abort();
  };
  await followLogs(connection, { taskId, filter }, onLine, stop.signal);
  expect(seen).toEqual([1, 2, 3, 4]);
  expect(visits.map((v) => v.url)).toEqual([
    `/logs/${taskId}?after=0&phase=CODE`,
    `/logs/${taskId}?after=3&phase=CODE`,
  ]);
});

test('the token travels as a sub-protocol, never in the address', async () => {
  onConnection((socket) => socket.send(JSON.stringify(lineOf(1))));
  const stop = new AbortController();
  await followLogs(connection, { taskId, filter: {} }, () => stop.abort(), stop.signal);
  expect(visits).toEqual([{ url: `/logs/${taskId}?after=0`, protocols: 'sentra, bearer.secret' }]);
});

test('events that this client does not know are passed over', async () => {
  const event = { id: 7, projectId: null, taskId, data: {}, timestamp: 'x' };
  onConnection((socket) => {
    socket.send(JSON.stringify({ hello: true }));
    socket.send(JSON.stringify({ ...event, id: 6, type: 'moon.rose' }));
    socket.send(JSON.stringify({ ...event, type: 'task.changed' }));
  });
  const stop = new AbortController();
  const seen: number[] = [];
  const onEvent = (e: { id: number }) => {
    seen.push(e.id);
    stop.abort();
  };
  await followEvents(connection, 5, onEvent, stop.signal);
  expect(seen).toEqual([7]);
  expect(visits[0]?.url).toBe('/api/events?after=5');
});

test('logs --follow prints each line once as it comes, and ends when the task rests', async () => {
  let status: 'running' | 'completed' = 'running';
  onConnection((socket) => {
    for (const seq of [1, 2]) socket.send(JSON.stringify(lineOf(seq)));
    status = 'completed';
  });
  const stored = [1, 2, 3].map((seq) => lineOf(seq));
  const result = await cli(
    ['task', 'logs', taskId, '--follow', '--json'],
    {
      getTask: () => aTask({ status }),
      listLogs: ({ query }) => ({ items: stored.filter((l) => l.seq > (query.after ?? 0)), nextAfter: 3 }),
    },
    { connection: async () => connection },
  );
  const lines = result.out
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line).seq);
  expect(lines).toEqual([1, 2, 3]);
  expect(result.code).toBe(0);
});

test('wait answers as soon as an event tells that the task ended', async () => {
  let status: 'running' | 'in_review' = 'running';
  const event = { id: 1, type: 'task.changed', projectId: null, taskId, data: {}, timestamp: 'x' };
  onConnection((socket) => {
    status = 'in_review';
    socket.send(JSON.stringify(event));
  });
  const startedAt = performance.now();
  const change = { connection: async () => connection };
  const result = await cli(['task', 'wait', taskId, '--json'], { getTask: () => aTask({ status }) }, change);
  expect(result.json()).toMatchObject({ status: 'in_review' });
  expect(performance.now() - startedAt).toBeLessThan(1500);
});
