import { chmod, mkdtemp, readFile, rm, stat, writeFile } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import pg from 'pg';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { run, start } from '#src/process.ts';
import { type EmbeddedPostgres, startEmbedded } from '#src/store/postgres.ts';

const fixture = fileURLToPath(new URL('../fixtures/start-postgres.ts', import.meta.url));
const command = (home: string, ...more: string[]) => ({
  command: process.execPath,
  args: [fixture, home, ...more],
  cwd: process.cwd(),
  env: { PATH: '/usr/bin:/bin' },
});

let folder: string;
let home: string;
let started: EmbeddedPostgres | undefined;
beforeEach(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'sentra-postgres-'));
  await chmod(folder, 0o755);
  home = path.join(folder, 'home');
});
afterEach(async () => {
  await started?.stop();
  await rm(folder, { recursive: true, force: true });
});

/** The last one is stopped after the test. */
async function begin(): Promise<EmbeddedPostgres> {
  started = await startEmbedded({ home, fsync: false });
  return started;
}

async function query(postgres: EmbeddedPostgres, sql: string) {
  const client = new pg.Client({ connectionString: postgres.url });
  client.on('error', () => {});
  await client.connect();
  try {
    return (await client.query(sql)).rows;
  } finally {
    await client.end();
  }
}

const postmasterPid = async (postgres: EmbeddedPostgres) =>
  Number((await readFile(path.join(postgres.dataDir, 'postmaster.pid'), 'utf8')).split('\n')[0]);

test('two processes that start at once on an empty folder share one server', async () => {
  const outcomes = await Promise.all([run(command(home)), run(command(home))]);
  const answers = outcomes.map((o) => JSON.parse(o.stdout.toString()) as { how: string; port: number });
  expect(answers.map((a) => a.how).sort()).toEqual(['adopted', 'created']);
  expect(answers[0]?.port).toBe(answers[1]?.port);
  expect((await begin()).port).toBe(answers[0]?.port);
});

test('a server whose Node process was killed is adopted with its data', async () => {
  const child = start(command(home, 'stay'));
  await new Promise((told) => child.stdout?.once('data', told));
  child.kill('SIGKILL');
  await new Promise((gone) => child.once('exit', gone));
  const postgres = await begin();
  expect(postgres.how).toBe('adopted');
  expect(await query(postgres, 'select 1 as one')).toEqual([{ one: 1 }]);
});

test('a killed postmaster is started again on the same port with everything that was committed', async () => {
  const postgres = await begin();
  await query(postgres, 'create table kept as select 7 as n');
  const { port } = postgres;
  process.kill(await postmasterPid(postgres), 'SIGKILL');
  await Promise.all([postgres.ensure(), postgres.ensure()]);
  expect(postgres.port).toBe(port);
  expect(await query(postgres, 'select n from kept')).toEqual([{ n: 7 }]);
});

test('a postmaster that is killed again while it recovers is started once more', async () => {
  const postgres = await begin();
  await query(postgres, 'create table kept as select 1 as n');
  process.kill(await postmasterPid(postgres), 'SIGKILL');
  const killed = await postmasterPid(postgres);
  const ensured = postgres.ensure();
  let next = killed;
  await expect
    .poll(
      async () => {
        next = await postmasterPid(postgres).catch(() => killed); // the file of the first is removed before
        return Boolean(next) && next !== killed;
      },
      { interval: 1, timeout: 30_000 },
    )
    .toBe(true);
  process.kill(next, 'SIGKILL');
  await ensured;
  expect(await query(postgres, 'select n from kept')).toEqual([{ n: 1 }]);
  expect([killed, next]).not.toContain(await postmasterPid(postgres));
});

test('a port that another program took meanwhile is given up for a free one', async () => {
  const first = await begin();
  await query(first, 'create table kept as select 7 as n');
  await first.stop();
  const stranger = net.createServer().listen(first.port, '127.0.0.1');
  await new Promise((up) => stranger.once('listening', up));
  const second = await begin();
  expect(second.how).toBe('started');
  expect(second.port).not.toBe(first.port);
  expect(await query(second, 'select n from kept')).toEqual([{ n: 7 }]);
  stranger.close();
});

test('a pid file whose number now belongs to another process does not stop the start', async () => {
  const first = await begin();
  const pidFile = path.join(first.dataDir, 'postmaster.pid');
  const content = await readFile(pidFile, 'utf8');
  await first.stop();
  await writeFile(pidFile, content.replace(/^\d+/, String(process.pid)));
  expect((await begin()).how).toBe('started');
});

test('data that an interrupted creation left half made is set aside', async () => {
  const { dataDir, stop } = await begin();
  await stop();
  await rm(path.join(dataDir, 'PG_VERSION'));
  expect((await begin()).how).toBe('created');
});

test('the server listens on 127.0.0.1 alone, wants a password, and its connection file is private', async () => {
  const postgres = await begin();
  const [settings] = await query(
    postgres,
    `select current_setting('listen_addresses') as listen, current_setting('unix_socket_directories') as sockets,
            current_setting('server_encoding') as encoding, current_setting('password_encryption') as passwords`,
  );
  expect(settings).toEqual({ listen: '127.0.0.1', sockets: '', encoding: 'UTF8', passwords: 'scram-sha-256' });
  const withoutPassword = new pg.Client({ connectionString: postgres.url.replace(/:[^:@]+@/, ':wrong@') });
  await expect(withoutPassword.connect()).rejects.toThrow(/password authentication failed/);
  const { mode } = await stat(path.join(postgres.place, 'connection.json'));
  expect(mode & 0o777).toBe(0o600);
});

test('a home that cannot be a folder is refused with its path and the way out', async () => {
  await writeFile(home, 'a file');
  started = undefined;
  await expect(startEmbedded({ home })).rejects.toMatchObject({
    code: 'storage_unwritable',
    message: expect.stringMatching(new RegExp(`${home}.*SENTRA_HOME`)),
  });
});

test.runIf(process.getuid?.() === 0)(
  'under root a home that others cannot enter keeps its data where the database can',
  async () => {
    await chmod(folder, 0o700);
    const postgres = await begin();
    expect(postgres.place).toMatch(/^\/var\/lib\/sentra\/[0-9a-f]{16}$/);
    expect(await query(postgres, 'select 1 as one')).toEqual([{ one: 1 }]);
    await postgres.stop();
    started = undefined;
    await rm(postgres.place, { recursive: true });
  },
);
