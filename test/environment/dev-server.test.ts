import { mkdir } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { afterAll, beforeEach, expect, test, vi } from 'vitest';
import { connectDoor, connectLoopback } from '#src/environment/dev-door.ts';
import {
  type DevServerReport,
  type DevServerSpec,
  defaultLimits,
  superviseDevServer,
} from '#src/environment/dev-server.ts';
import { isPortFree } from '#src/environment/ports.ts';
import { createRunner } from '#src/environment/runner.ts';
import { createSandbox } from '#src/sandbox/wall.ts';
import { listLaunchers, untilLaunched } from '../helpers/launchers.ts';
import { makeFolder } from '../helpers/repository.ts';
import { createTestRoom, findAlive } from '../sandbox/room.ts';

const fixture = path.resolve(import.meta.dirname, '../fixtures/dev-server.mjs');
const place = await createTestRoom();
const sandbox = createSandbox({ stateDir: place.stateDir });
const doors = makeFolder('doors');
const limits = {
  ...defaultLimits,
  pollMs: 20,
  healthMs: 50,
  backoffMs: 20,
  restarts: 2,
  restartsBeforeReady: 1,
  windowMs: 60_000,
  windowLines: 20,
  windowBytes: 1_000_000,
};
let port = 20_100;
beforeEach(() => {
  port += 1;
});
afterAll(async () => {
  await sandbox.close();
  await place.remove();
});

const homeOf = () => path.join(place.stateDir, 'homes', `home-${port}`);

function specOf(words: string, { confined = true, ...more }: Partial<DevServerSpec> & { confined?: boolean } = {}) {
  const own = port;
  const room = {
    ...place.room,
    homePath: homeOf(),
    readable: [fixture],
    doors: { folder: doors, serves: own, reaches: [] },
  };
  return {
    command: `exec node ${fixture} $FRONTEND_PORT ${words}`,
    runner: createRunner({ sandbox: confined ? sandbox : undefined, room, baseEnv: {} }),
    env: { FRONTEND_PORT: `${own}` },
    port: own,
    portName: 'FRONTEND_PORT',
    ready: '/' as const,
    readyMs: 10_000,
    connect: () => (confined ? connectDoor(doors, own) : connectLoopback(own)),
    ...(confined ? {} : { isPortFree: () => isPortFree(own) }),
    limits,
    ...more,
  };
}

/** Starts one; `stop` resolves when its processes are gone. */
function begin(spec: DevServerSpec) {
  const reports: DevServerReport[] = [];
  const lines: string[] = [];
  const stopping = new AbortController();
  const done = superviseDevServer(
    spec,
    { onReport: (report) => reports.push(report), onLine: (line) => lines.push(line) },
    stopping.signal,
  );
  const reached = (state: DevServerReport['state']) =>
    vi.waitFor(() => expect(reports.at(-1)?.state).toBe(state), { timeout: 15_000, interval: 20 });
  const stop = async () => {
    stopping.abort();
    await done;
  };
  return { reports, lines, reached, stop, done };
}

async function failed(spec: DevServerSpec): Promise<{ message: string; restarts: number; lines: string[] }> {
  const server = begin(spec);
  await server.done;
  const last = server.reports.at(-1);
  expect(last?.state).toBe('failed');
  return { message: last?.message ?? '', restarts: last?.restarts ?? 0, lines: server.lines };
}

async function get(spec: DevServerSpec, target = '/'): Promise<string> {
  const socket = await spec.connect();
  socket.write(`GET ${target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n`);
  return Buffer.concat(await socket.toArray()).toString();
}

test('a dev server that goes down with what had started it is started again', async () => {
  await untilLaunched();
  const server = begin(specOf(''));
  await server.reached('ready');
  for (const pid of listLaunchers()) process.kill(pid, 'SIGKILL');
  await vi.waitFor(() => expect(server.reports.at(-1)).toMatchObject({ state: 'ready', restarts: 1 }), 15_000);
  await server.stop();
});

test('a confined dev server is reached from the host by its door alone, and leaves nothing behind when it is stopped', async () => {
  const spec = specOf('');
  const server = begin(spec);
  await server.reached('ready');
  expect(server.reports.map((report) => report.state)).toEqual(['starting', 'ready']);
  expect(await get(spec)).toContain('<h1>empty</h1>');
  await expect(connectLoopback(spec.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  expect(server.lines).toContain(`ready at http://localhost:${spec.port}/`);
  await server.stop();
  expect(await findAlive(`${fixture} ${spec.port}`)).toEqual([]);
  expect(server.reports.at(-1)?.state).toBe('ready'); // who stopped it knows
});

test('other rooms of the same task reach it at localhost, and a room without that door does not', async () => {
  const spec = specOf('');
  const server = begin(spec);
  await server.reached('ready');
  const ask = async (folder: string | undefined) => {
    const room = { ...place.room, ...(folder ? { doors: { folder, reaches: [spec.port] } } : {}) };
    const runner = createRunner({ sandbox, room, baseEnv: {} });
    const script = `fetch('http://localhost:${spec.port}/').then(r => r.text()).then(t => console.log(t), () => console.log('closed'))`;
    const outcome = await runner.run(['node', '-e', script], { network: 'none', timeoutMs: 10_000 });
    return outcome.stdout.toString();
  };
  expect(await ask(doors)).toContain('<h1>empty</h1>');
  expect(await ask(makeFolder('doors'))).toBe('closed\n'); // as another task's
  expect(await ask(undefined)).toBe('closed\n');
  await server.stop();
});

test('one that dies is started again, and what it was is told', async () => {
  await mkdir(homeOf(), { recursive: true });
  const spec = specOf('once');
  const server = begin(spec);
  await server.reached('ready');
  expect(server.reports.map((report) => report.state)).toEqual(['starting', 'starting', 'ready']);
  expect(server.reports[1]).toMatchObject({ restarts: 1, message: expect.stringContaining('exited with 3') });
  await get(spec, '/quit').catch(() => ''); // it ends in the middle of the answer
  await vi.waitFor(() => expect(server.reports.at(-1)).toMatchObject({ state: 'ready', restarts: 2 }), {
    timeout: 5000,
  });
  await server.stop();
});

test('one that dies again and again is given up with its last lines', async () => {
  const { message, restarts } = await failed(specOf('dies'));
  expect(message).toMatch(/^It exited with 3 after [\d.]+ s\. It was started 2 times\.\nno such module: left-pad$/);
  expect(restarts).toBe(1);
});

test('one that goes to the background is told to stay, and is not left at work', async () => {
  const { message } = await failed(specOf('background'));
  expect(message).toContain('has to stay in the foreground');
  expect(await findAlive(`${fixture} ${port}`)).toEqual([]);
});

test('one that never listens is given up after its time', async () => {
  const { message, restarts } = await failed(specOf('silent', { readyMs: 2500 }));
  expect(message).toMatch(/not ready within 2\.5 s: nothing listens.* at port/);
  expect(restarts).toBe(0);
});

test('one that listens elsewhere is told where it should', async () => {
  const { message } = await failed(specOf('elsewhere', { readyMs: 2500 }));
  expect(message).toContain(`It names port ${port + 5}: it has to listen on $FRONTEND_PORT, which is ${port}.`);
});

test('one that answers 500 is not ready, and is unhealthy when it was', async () => {
  expect((await failed(specOf('broken', { readyMs: 2500 }))).message).toContain('/ answers 500');
});

test('one that speaks no HTTP is ready when it accepts connections', async () => {
  for (const ready of ['/', false] as const) {
    port += 1;
    const server = begin(specOf('raw', { ready }));
    await server.reached('ready');
    await server.stop();
  }
});

test('one that floods is ended, and the log keeps the beginning', async () => {
  const { message, lines } = await failed(specOf('floods'));
  expect(message).toContain('printed more than anybody can read');
  expect(lines.length).toBeLessThanOrEqual((1 + limits.restarts) * limits.windowLines);
});

test('without confinement a port that another program has is named, and not taken for the dev server', async () => {
  const other = net.createServer((socket) => socket.end('HTTP/1.1 200 OK\r\n\r\n')).listen(port, '127.0.0.1');
  await new Promise((done) => other.once('listening', done));
  expect((await failed(specOf('', { confined: false }))).message).toContain(`Port ${port} is used by another program`);
  await new Promise((done) => other.close(done));
  const spec = specOf('', { confined: false });
  const server = begin(spec);
  await server.reached('ready');
  expect(await get(spec)).toContain('<h1>empty</h1>');
  await server.stop();
});

test('a link that a room leaves in place of its door leads nowhere', async () => {
  const secret = path.join(makeFolder('host'), 'host.sock');
  const service = net.createServer((socket) => socket.end('a service of the host')).listen(secret);
  await new Promise((done) => service.once('listening', done));
  const runner = createRunner({
    sandbox,
    room: { ...place.room, doors: { folder: doors, serves: port, reaches: [] } },
    baseEnv: {},
  });
  const attack = `rm /run/sentra/doors/${port}.sock && ln -s ${secret} /run/sentra/doors/${port}.sock`;
  expect((await runner.run(attack, { network: 'none', timeoutMs: 10_000 })).exitCode).toBe(0);
  const followed = await new Promise<string>((done) => {
    net.connect(path.join(doors, `${port}.sock`)).once('data', (data) => done(data.toString())); // the attack works
  });
  expect(followed).toBe('a service of the host');
  await expect(connectDoor(doors, port)).rejects.toMatchObject({ message: expect.stringMatching(/ELOOP|no socket/) });
  service.close();
});
