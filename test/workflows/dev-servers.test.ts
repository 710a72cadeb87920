import { readFileSync } from 'node:fs';
import type { Socket } from 'node:net';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { newAdwId } from '#src/domain/ids.ts';
import { createLogPipeline } from '#src/logs/pipeline.ts';
import { createRedactor } from '#src/logs/redactor.ts';
import { createProjects } from '#src/orchestrator/projects.ts';
import { createTasks } from '#src/orchestrator/tasks.ts';
import { createTaskWorktree } from '#src/orchestrator/worktrees.ts';
import { createSandbox } from '#src/sandbox/wall.ts';
import { createChanges } from '#src/store/change.ts';
import { forgetDevServers, listServingWorkers } from '#src/store/dev-servers.ts';
import { insertRun } from '#src/store/runs.ts';
import { setWorktreeState } from '#src/store/worktrees.ts';
import { DevServers } from '#src/workflows/dev-servers.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { makeFolder, makeRepository } from '../helpers/repository.ts';

/** Part of the project: behind the wall there is nothing of this checkout. */
const program = readFileSync(path.resolve(import.meta.dirname, '../fixtures/dev-server.mjs'), 'utf8');
const { database, drop } = await createTestDatabase();
const home = makeFolder('home');
const sandbox = createSandbox({ stateDir: home });
const changes = createChanges(database, () => {});
const secret = 'dev-server-canary-41';
const redactor = createRedactor([secret]);
const logs = createLogPipeline({ database, redact: redactor });
// What runs agents and jobs has no part in this.
const own = {
  database,
  changes,
  logs,
  redactor,
  sandbox,
  home,
  workerId: 'worker-one',
  baseEnv: {},
  operator: { network: 'listed', hosts: [], unconfined: 'all' },
  identity: { name: 'a', email: 'a@localhost' },
} as unknown as Omit<Parts, 'devServers'>;
let servers: DevServers;

beforeAll(() => {
  servers = new DevServers(own, () => 4400);
});
afterAll(async () => {
  for (const { id } of made) await servers.stop(id);
  await servers.close();
  await logs.close();
  await sandbox.close();
  await drop();
});

const made: { id: string }[] = [];

async function makeTask(
  isolation: 'shared' | 'none' = 'shared',
  start = 'exec node serve.mjs',
): Promise<{ id: string }> {
  const command = (port: string) => ({ command: `${start} $${port}`, port });
  const config = { isolation, dev: { web: command('FRONTEND_PORT'), api: command('BACKEND_PORT') } };
  const repository = makeRepository({ config, files: { 'serve.mjs': program } });
  const project = await createProjects({ database, changes }).add({ path: repository.path });
  const task = await createTasks(own).create({ projectId: project.id, title: 'Serve' });
  await createTaskWorktree({ ...own, devServers: servers }, task.id);
  await setWorktreeState(database.db, task.id, 'ready');
  made.push(task);
  return task;
}

const portOf = async (id: string, name: string) =>
  (await servers.list(id)).find((server) => server.name === name)?.port ?? 0;
const states = async (id: string) => (await servers.list(id)).map(({ name, state }) => `${name} ${state}`);
const reach = (id: string, ...expected: string[]) =>
  vi.waitFor(async () => expect(await states(id)).toEqual(expected), { timeout: 20_000, interval: 50 });

async function connect(id: string, name?: string): Promise<Socket> {
  const { socket } = await servers.open(id, name);
  if (!socket) throw new Error(`${name} of ${id} does not listen`);
  return socket;
}

async function ask(id: string, target: string, name?: string): Promise<string> {
  const socket = await connect(id, name);
  socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  const answer = Buffer.concat(await socket.toArray()).toString();
  return answer.slice(answer.indexOf('\r\n\r\n') + 4);
}

test('those of one task reach each other at localhost, and not those of another task', async () => {
  const [one, two] = [await makeTask(), await makeTask()];
  await Promise.all([servers.request(one.id), servers.request(two.id, ['web'])]);
  await reach(one.id, 'web ready', 'api ready');
  await reach(two.id, 'web ready', 'api stopped');
  expect(await ask(one.id, `/peer?port=${await portOf(one.id, 'api')}`)).toContain('<title>Harbor</title>');
  expect(await ask(two.id, `/peer?port=${await portOf(one.id, 'api')}`)).toContain('closed');
  const urls = (await servers.list(one.id)).map(({ url }) => url);
  expect(urls).toEqual([`http://${one.id}.localhost:4400/`, `http://api.${one.id}.localhost:4400/`]);
});

test('what a run needs stops with it, but for what a person asked for too', async () => {
  const { id } = await makeTask();
  const adwId = newAdwId();
  await servers.startFor(adwId, id, ['web', 'api']);
  expect(await servers.whenReady(id, ['web', 'api'], AbortSignal.timeout(20_000))).toBeUndefined();
  await servers.request(id, ['api']);
  await servers.release(adwId, id);
  expect(await states(id)).toEqual(['web stopped', 'api ready']);
});

test('what one that was given up said last is kept and told without secrets', async () => {
  const { id } = await makeTask('shared', `echo 'no key ${secret}'; exit 3;`);
  await servers.request(id, ['web']);
  await reach(id, 'web failed', 'api stopped');
  const { rows } = await database.pool.query('select * from sentra.dev_servers where task_id = $1', [id]);
  expect(JSON.stringify(rows)).toContain('no key [redacted]');
  expect(JSON.stringify([rows, await servers.list(id)])).not.toContain(secret);
});

test('what a person asked for stops when nobody looks at it any more', async () => {
  const { id } = await makeTask();
  await servers.request(id, ['web']);
  await reach(id, 'web ready', 'api stopped');
  const socket = await connect(id);
  await servers.stopIdle(Date.now() + 1000);
  expect(await states(id)).toContain('web ready'); // somebody looks
  const closed = new Promise((done) => socket.once('close', done));
  socket.destroy();
  await closed;
  await servers.stopIdle(Date.now() - 60_000);
  expect(await states(id)).toContain('web ready'); // not for long enough
  await servers.stopIdle(Date.now() + 1000);
  expect(await servers.list(id)).toMatchObject([{ state: 'stopped', message: 'Nobody looked at it for a while.' }, {}]);
});

test('without confinement they listen on the host, and the ports stay the task’s own', async () => {
  const { id } = await makeTask('none');
  await servers.request(id, ['web']);
  await reach(id, 'web ready', 'api stopped');
  expect(servers.doorsOf(id)).toEqual({});
  const port = await portOf(id, 'web');
  expect(await fetch(`http://127.0.0.1:${port}/`).then((r) => r.text())).toContain('Harbor');
  await servers.request(id, ['api']);
  await reach(id, 'web ready', 'api ready');
  expect(await portOf(id, 'web')).toBe(port);
  expect(await ask(id, `/peer?port=${await portOf(id, 'api')}`)).toContain('Harbor');
});

test('an aborted wait ends, and the dev server goes on', async () => {
  const { id } = await makeTask();
  await servers.startFor(newAdwId(), id, ['web']);
  await expect(servers.whenReady(id, ['web'], AbortSignal.abort())).rejects.toThrow();
  await reach(id, 'web ready', 'api stopped');
});

test('a process that starts settles what it had itself; of a dead one it takes what a run needs', async () => {
  const [asked, needed] = [await makeTask(), await makeTask()];
  const adwId = newAdwId();
  const run = { adwId, taskId: needed.id, workflowType: 'test' as const, fromPhase: null, comments: null };
  await insertRun(database.db, run);
  await servers.request(asked.id, ['web']);
  await servers.startFor(adwId, needed.id, ['web']);
  for (const { id } of [asked, needed]) await reach(id, 'web ready', 'api stopped');

  const other = new DevServers({ ...own, workerId: 'worker-two' }, () => 4400);
  try {
    await other.resume();
    for (const { id } of [asked, needed]) expect(await states(id)).toEqual(['web ready', 'api stopped']);
    expect(await listServingWorkers(database.db)).toEqual(['worker-one']);

    await other.takeOver('worker-one');
    expect(await servers.list(asked.id)).toMatchObject([{ state: 'stopped', requested: true, url: null }, {}]);
    await reach(needed.id, 'web ready', 'api stopped');
    expect(await listServingWorkers(database.db)).toEqual(['worker-two']);
    expect((await other.open(needed.id, 'web')).socket?.destroy()).toBeDefined();

    await servers.stopForgotten(); // it was not dead after all
    expect((await servers.open(needed.id, 'web')).socket).toBeUndefined();
    await reach(needed.id, 'web ready', 'api stopped');
    await servers.resume();
    await reach(asked.id, 'web ready', 'api stopped');
  } finally {
    await other.stop(needed.id);
    await other.close();
  }
});

test('what another process removed with its worktree ends', async () => {
  const { id } = await makeTask();
  await servers.request(id, ['web']);
  await reach(id, 'web ready', 'api stopped');
  await servers.stopForgotten();
  expect(await states(id)).toEqual(['web ready', 'api stopped']);
  await forgetDevServers(database.db, id);
  await servers.stopForgotten();
  expect((await servers.open(id, 'web')).socket).toBeUndefined();
  expect(servers.doorsOf(id)).toEqual({});
  expect(await states(id)).toEqual(['web stopped', 'api stopped']);
});
