import { sql } from 'drizzle-orm';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { messageOf } from '#src/errors.ts';
import { afterCommit, type Database, openDatabase } from '#src/store/database.ts';
import { createTestDatabase } from '../helpers/database.ts';

let url: string;
let database: Database;
let drop: () => Promise<void>;
beforeAll(async () => {
  ({ url, database, drop } = await createTestDatabase());
  await database.pool.query('create table counter as select 1 as id, 0 as n union select 2, 0');
});
afterAll(() => drop());

test('two transactions that lock in opposite order both commit', async () => {
  let arrived = 0;
  let release = () => {};
  const both = new Promise<void>((go) => {
    release = go;
  });
  const addTo = (first: number, second: number) =>
    database.transaction(async (_tx, client) => {
      await client.query('update counter set n = n + 1 where id = $1', [first]);
      if (++arrived === 2) release();
      await both;
      await client.query('update counter set n = n + 1 where id = $1', [second]);
    });
  await Promise.all([addTo(1, 2), addTo(2, 1)]);
  const { rows } = await database.pool.query('select n from counter');
  expect(rows).toEqual([{ n: 2 }, { n: 2 }]);
});

test('what waits for a commit is called after it, once, and never after a rollback', async () => {
  const told: string[] = [];
  await database.transaction(async (tx) => afterCommit(tx, () => told.push('committed')));
  await expect(
    database.transaction(async (tx) => {
      afterCommit(tx, () => told.push('rolled back'));
      throw new Error('no');
    }),
  ).rejects.toThrow('no');
  expect(told).toEqual(['committed']);
});

test('a connection that is cut in a transaction is reported as such, and the next one works', async () => {
  const cut = database.transaction(async (_tx, client) => {
    const { rows } = await client.query('select pg_backend_pid() as pid');
    await database.pool.query('select pg_terminate_backend($1)', [rows[0].pid]);
    await client.query('select 1');
  });
  await expect(cut).rejects.toMatchObject({ code: 'database_unavailable' });
  expect(await database.transaction(async () => 'fine')).toBe('fine');
});

test('migrations of several processes at once run one after the other', async () => {
  let running = 0;
  const migrateAlone = () =>
    database.migrate(async () => {
      expect(++running).toBe(1);
      await database.pool.query('select 1');
      running--;
    });
  await Promise.all([migrateAlone(), migrateAlone(), migrateAlone()]);
});

test('an address where no database answers is refused with what to check', async () => {
  const nowhere = url.replace(/:\d+\//, ':1/');
  await expect(openDatabase(nowhere)).rejects.toMatchObject({
    code: 'database_unavailable',
    message: expect.stringContaining('DATABASE_URL'),
  });
});

test('why a query failed is told without the query and its values', async () => {
  const failed = await database.db.execute(sql`select ${'a secret'}::int`).catch((e) => e);
  expect(failed.message).toContain('a secret');
  expect(messageOf(failed)).toBe('invalid input syntax for type integer: "a secret"');
  const unknown = await database.db.execute(sql`select ${'a secret'} from nowhere`).catch((e) => e);
  expect(messageOf(unknown)).toBe('relation "nowhere" does not exist');
});
