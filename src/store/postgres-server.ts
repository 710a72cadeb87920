/** The files of one embedded server: its data, its connection, its process. Knows nothing of who asks for it. */
import { randomBytes, randomInt } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chown, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import pg from 'pg';
import { SentraError } from '#src/errors.ts';
import { run } from '#src/process.ts';
import { type Binaries, prepareBinaries } from '#src/store/postgres-binaries.ts';
import { makeOwned, type PostgresUser, postgresEnv, runAs } from '#src/store/postgres-user.ts';

export type Server = { place: string; user: PostgresUser | undefined; fsync: boolean };
export type Connection = { port: number; password: string };

const startDeadlineMs = 60_000;
const mostKills = 5;
const databaseName = 'sentra';

export const dataDirOf = (server: Server) => path.join(server.place, 'data');
export const urlOf = ({ port, password }: Connection, database = databaseName) =>
  `postgres://sentra:${password}@127.0.0.1:${port}/${database}`;

/** The connection of a server that was made completely; undefined when there is none yet. */
export async function findConnection(server: Server): Promise<Connection | undefined> {
  const data = dataDirOf(server);
  if (!existsSync(path.join(data, 'PG_VERSION'))) return undefined;
  try {
    return JSON.parse(await readFile(connectionFile(server), 'utf8')) as Connection;
  } catch (cause) {
    throw new SentraError(
      'database_unavailable',
      `The database in ${data} has no readable ${connectionFile(server)} beside it: put that file back, or move ${data} away to start with an empty database.`,
      { cause },
    );
  }
}

/** Makes the data directory beside its final place and moves it there when it is whole, so a killed one is redone. */
export async function createData(server: Server): Promise<Connection> {
  const data = dataDirOf(server);
  if (existsSync(data) && (await readdir(data)).length > 0) await rename(data, `${data}.incomplete-${Date.now()}`);
  const connection = { port: await pickPort(), password: randomBytes(24).toString('hex') };
  const half = `${data}.new`;
  const passwordFile = path.join(server.place, 'new-password');
  await rm(half, { recursive: true, force: true });
  await makeOwned(half, server.user);
  try {
    await writePrivate(passwordFile, connection.password);
    if (server.user) await chown(passwordFile, server.user.uid, server.user.gid);
    const { initdb } = await prepareBinaries(server.place, server.user);
    const made = await runAs(server.user, initdb, [
      ...['-D', half, '-U', 'sentra', '-A', 'scram-sha-256', `--pwfile=${passwordFile}`, '-E', 'UTF8', '--locale=C'],
      ...(server.fsync ? [] : ['--no-sync']),
    ]);
    if (made.exitCode !== 0) throw cannot(server, 'be created', `${made.stderr}`);
  } finally {
    await rm(passwordFile, { force: true });
  }
  await writeConnection(server, connection);
  await rm(data, { recursive: true, force: true });
  await rename(half, data);
  return connection;
}

/** The connection when our server answers there now; the port is that of the running process. */
export async function findRunning(server: Server, connection: Connection): Promise<Connection | undefined> {
  const running = await findPostmaster(server);
  if (!running) return undefined;
  const current = { ...connection, port: running.port || connection.port };
  if (!(await answers(current))) return undefined;
  if (current.port !== connection.port) await writeConnection(server, current);
  return current;
}

/** Starts it on its port, or on another when a stranger took that one. Resolves when it answers. */
export async function startServer(server: Server, connection: Connection): Promise<Connection> {
  const binaries = await prepareBinaries(server.place, server.user);
  const deadline = performance.now() + startDeadlineMs;
  let current = connection;
  let kills = 0;
  for (;;) {
    const running = await findPostmaster(server);
    if (!running) {
      await rm(path.join(dataDirOf(server), 'postmaster.pid'), { force: true });
      if (!(await isFree(current.port))) {
        current = { ...current, port: await pickPort() };
        await writeConnection(server, current);
      }
    }
    const complaint = running ? 'it runs but does not answer' : await startOnce(server, binaries, current);
    const found = await findRunning(server, current);
    if (found) return found;
    const isThere = running ?? (await findPostmaster(server));
    const waits = isThere || /shared memory block|address already in use/i.test(complaint);
    const isKilled = !waits && ++kills < mostKills && saysNothingOfIt(complaint);
    if ((!waits && !isKilled) || performance.now() > deadline) throw cannot(server, 'be started', complaint);
    await sleep(100); // it starts up or recovers, or the children of a killed one are still ending
  }
}

/** Who was killed while it started, as by the kernel for its memory, has written at most what it did, and what it told clients. */
function saysNothingOfIt(complaint: string): boolean {
  const own = complaint.replace(/^.* FATAL: +(the database system is|terminating connection) .*$/gm, '').trim();
  return /^(\d.* LOG: |pg_ctl: could not start server|$)/.test(own) && !/ (ERROR|FATAL|PANIC): /.test(own);
}

export async function stopServer(server: Server): Promise<void> {
  if (!(await findPostmaster(server))) return;
  const { pgCtl } = await prepareBinaries(server.place, server.user);
  const stopped = await runAs(server.user, pgCtl, ['-D', dataDirOf(server), '-m', 'fast', '-w', '-t', '30', 'stop']);
  if (stopped.exitCode !== 0 && (await findPostmaster(server))) throw cannot(server, 'be stopped', `${stopped.stderr}`);
}

/** Makes the database itself when absent. */
export async function createDatabase(connection: Connection): Promise<void> {
  await withClient(connection, async (client) => {
    const { rowCount } = await client.query('select from pg_database where datname = $1', [databaseName]);
    if (!rowCount) await client.query(`create database ${databaseName}`);
  });
}

export async function answers(connection: Connection): Promise<boolean> {
  try {
    await withClient(connection, (client) => client.query('select 1'));
    return true;
  } catch {
    return false;
  }
}

async function withClient(connection: Connection, use: (client: pg.Client) => Promise<unknown>): Promise<void> {
  const client = new pg.Client({ connectionString: urlOf(connection, 'postgres'), connectionTimeoutMillis: 3_000 });
  client.on('error', () => {}); // the query that was running rejects with the same error
  try {
    await client.connect();
    await use(client);
  } finally {
    await client.end().catch(() => {}); // the connection is already gone
  }
}

async function startOnce(server: Server, { pgCtl }: Binaries, { port }: Connection): Promise<string> {
  const logFolder = path.join(server.place, 'log');
  const log = path.join(logFolder, 'postgres.log');
  await makeOwned(logFolder, server.user);
  await rm(log, { force: true });
  const args = ['-D', dataDirOf(server), '-w', '-t', '60', '-l', log, '-o', optionsFor(server, port), 'start'];
  const started = await runAs(server.user, pgCtl, args);
  if (started.exitCode === 0) return '';
  const lines = await readFile(log, 'utf8').catch(() => '');
  return lines.trim().split('\n').slice(-8).join('\n') || `${started.stderr}`;
}

function optionsFor(server: Server, port: number): string {
  const settings = {
    port,
    listen_addresses: '127.0.0.1',
    unix_socket_directories: '',
    max_connections: 200,
    shared_buffers: '128MB',
    tcp_keepalives_idle: 10,
    tcp_keepalives_interval: 5,
    tcp_keepalives_count: 3,
    log_checkpoints: 'off',
    autovacuum_naptime: '10s',
    ...(server.fsync ? {} : { fsync: 'off', full_page_writes: 'off' }),
  };
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}='${value}'`)
    .join(' ');
}

/** The live postmaster of this data directory. A number in a stale file may by now be any other process. */
async function findPostmaster(server: Server): Promise<{ port: number } | undefined> {
  const data = dataDirOf(server);
  const lines = (await readFile(path.join(data, 'postmaster.pid'), 'utf8').catch(() => '')).split('\n');
  const pid = Number(lines[0]);
  if (!pid || !(await commandLineOf(pid)).includes(data)) return undefined;
  return { port: Number(lines[3]) };
}

async function commandLineOf(pid: number): Promise<string> {
  if (process.platform === 'linux') return readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  const args = ['-ww', '-o', 'command=', '-p', String(pid)];
  return (await run({ command: 'ps', args, cwd: '/', env: postgresEnv })).stdout.toString();
}

/** Below the ephemeral range, so that no outgoing connection sits on it while the server restarts. */
async function pickPort(): Promise<number> {
  for (let tries = 0; tries < 200; tries++) {
    const port = randomInt(14_000, 20_000);
    if (await isFree(port)) return port;
  }
  throw new SentraError('ports_exhausted', 'No free port between 14000 and 19999 for the embedded database: free one.');
}

function isFree(port: number): Promise<boolean> {
  return new Promise((done) => {
    const probe = net.createServer();
    probe.once('error', () => done(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => done(true)));
  });
}

const connectionFile = (server: Server) => path.join(server.place, 'connection.json');

async function writeConnection(server: Server, connection: Connection): Promise<void> {
  const half = `${connectionFile(server)}.new`;
  await writePrivate(half, JSON.stringify(connection));
  await rename(half, connectionFile(server));
}

async function writePrivate(file: string, content: string): Promise<void> {
  await rm(file, { force: true });
  await writeFile(file, content, { mode: 0o600 });
}

const cannot = (server: Server, what: string, complaint: string) =>
  new SentraError(
    'database_unavailable',
    `The embedded database in ${server.place} cannot ${what}: ${complaint.trim() || 'it gave no reason'}\nFree what it names, or set DATABASE_URL to a server.`,
  );
