import type pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Database } from '#src/store/database.ts';
import { databaseErrors } from '#src/store/database-error.ts';
import { createTestDatabase } from '../helpers/database.ts';

let place: Awaited<ReturnType<typeof createTestDatabase>>;
let database: Database;
beforeAll(async () => {
  place = await createTestDatabase();
  database = place.database;
  await database.pool.query('create table shelf (id int primary key, title text not null)');
  await database.pool.query("insert into shelf select n, 'book ' || n from generate_series(1, 2000) n");
});
afterAll(() => place.drop());

const listPrepared = async (client: pg.PoolClient): Promise<string[]> =>
  (await client.query("select statement from pg_prepared_statements where name like 'sentra%'")).rows.map(
    ({ statement }) => statement,
  );

test('what transactions send again is prepared, with one plan for all values that reads no whole table', async () => {
  const text = 'select title from shelf where id = any($1::int[])';
  const titles: string[] = [];
  const prepared = await database.transaction(async (_, client) => {
    for (let id = 1; id <= 3; id++) titles.push((await client.query(text, [[id]])).rows[0].title);
    return listPrepared(client);
  });
  expect(titles).toEqual(['book 1', 'book 2', 'book 3']);
  expect(prepared).toEqual([text]);
  const plan = await database.transaction(async (_, client) => {
    const name = (await client.query("select name from pg_prepared_statements where name like 'sentra%'")).rows[0].name;
    return (await client.query(`explain (analyze, format text) execute ${name}('{7}')`)).rows
      .map((row) => row['QUERY PLAN'])
      .join('\n');
  });
  expect(plan).toMatch(/\$1/); // the value is not in the plan
  expect(plan).not.toMatch(/Seq Scan/);
});

test('a statement without values, one of many rows, and one that was sent once are left alone', async () => {
  const long = `select $1::int as n, ${"'x'".padEnd(5_000)} as x`;
  const prepared = await database.transaction(async (_, client) => {
    for (let n = 0; n < 3; n++) {
      await client.query('select 1; select 2');
      await client.query(long, [n]);
    }
    await client.query('select $1::int as once', [1]);
    return listPrepared(client);
  });
  expect(prepared).not.toContainEqual(expect.stringMatching(/select 1|as x|as once/));
});

test('what was prepared for a table that another process changed is prepared anew, in each connection', async () => {
  const read = (id: number) =>
    database.transaction(async (_, client) => {
      const { rows } = await client.query('select * from shelf where id = $1', [id]);
      await client.query('select pg_sleep($1::float8)', [0.05]); // so that the reads are on a connection each
      return rows[0];
    });
  const readAll = () => Promise.all([1, 2, 3, 4, 5].map(read));
  await readAll();
  await readAll();
  const before = databaseErrors.repeated;
  await database.pool.query('alter table shelf add column row int not null default 3');
  expect(await readAll()).toEqual([1, 2, 3, 4, 5].map((id) => ({ id, title: `book ${id}`, row: 3 })));
  expect(databaseErrors.repeated).toBeGreaterThan(before);
});
