import { connect } from 'node:net';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type DatabaseRelay, startDatabaseRelay } from '#src/store/database-relay.ts';
import { createTestDatabase } from '../helpers/database.ts';
import { makeFolder } from '../helpers/repository.ts';

let database: Awaited<ReturnType<typeof createTestDatabase>>;
let relay: DatabaseRelay;
/** The name that PostgreSQL's clients look for in a folder of sockets. */
const folder = makeFolder('relay');

beforeAll(async () => {
  database = await createTestDatabase();
  relay = await startDatabaseRelay({ socketPath: path.join(folder, '.s.PGSQL.5432'), url: database.url });
});
afterAll(async () => {
  await relay.close();
  await database.drop();
});

const open = async (more: pg.ClientConfig = {}): Promise<pg.Client> => {
  const client = new pg.Client({ host: folder, port: 5432, user: 'anybody', ...more });
  await client.connect();
  return client;
};

it('lets in without a password, and leads to its one database whatever is asked for', async () => {
  const name = new URL(database.url).pathname.slice(1);
  const client = await open({ database: 'postgres', user: 'stranger' });
  const { rows } = await client.query('select current_database() as name, $1::int + 1 as sum', [41]);
  expect(rows).toEqual([{ name, sum: 42 }]);
  await client.end();
});

it('passes large results, transactions and what a session sets for itself', async () => {
  const client = await open({ application_name: 'tests', options: '-c search_path=sentra --statement_timeout=12345' });
  const { rows } = await client.query("select repeat('x', 3000000) as text");
  expect(rows[0].text).toHaveLength(3_000_000);
  const show = async (setting: string) => (await client.query(`show ${setting}`)).rows[0][setting];
  expect(await Promise.all(['application_name', 'search_path', 'statement_timeout'].map(show))).toEqual([
    'tests',
    'sentra',
    '12345ms',
  ]);
  await client.query('begin');
  await expect(client.query('select nonsense')).rejects.toThrow('nonsense');
  await client.query('rollback');
  await client.end();
});

it('a connection that ends here ends there', async () => {
  const client = await open({ application_name: 'short' });
  const count = async () =>
    (await database.database.pool.query("select from pg_stat_activity where application_name = 'short'")).rowCount;
  expect(await count()).toBe(1);
  await client.end();
  while ((await count()) !== 0);
});

it('a server that does not let in is told to the client as it is, without an address', async () => {
  const wrong = new URL(database.url);
  wrong.password = 'wrong-and-secret';
  const other = await startDatabaseRelay({ socketPath: path.join(folder, '.s.PGSQL.5433'), url: wrong.href });
  await expect(open({ port: 5433 })).rejects.toThrow(/^password authentication failed for user "\w+"$/);
  await other.close();
});

it('rubbish is hung up on, and the next one is served', async () => {
  for (const rubbish of ['GET / HTTP/1.1\r\n\r\n', '\0\0\0\x08', '\x7f\xff\xff\xff\0\x03\0\0']) {
    const socket = connect(relay.socketPath);
    const closed = new Promise((done) => socket.once('close', done));
    socket.on('error', () => {});
    socket.resume();
    socket.end(rubbish, 'latin1');
    await closed;
  }
  const client = await open();
  await client.end();
});
