import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Database, openDatabase } from '#src/store/database.ts';
import { whenAvailable } from '#src/store/database-error.ts';
import { takeWorkerLock } from '#src/store/worker-lock.ts';
import { layCable } from '../helpers/cable.ts';
import { createTestDatabase } from '../helpers/database.ts';

type Cable = Awaited<ReturnType<typeof layCable>>;
let place: Awaited<ReturnType<typeof createTestDatabase>>;
let cable: Cable;
let database: Database;
beforeAll(async () => {
  place = await createTestDatabase();
  cable = await layCable(place.url);
  database = await openDatabase(cable.url);
});
afterAll(async () => {
  await database.close();
  await cable.close();
  await place.drop();
});

const listHolders = async (): Promise<number[]> =>
  (
    await place.database.pool.query(
      "select pid from pg_locks where locktype = 'advisory' and classid = 7002 and granted and database = (select oid from pg_database where datname = current_database())",
    )
  ).rows.map(({ pid }) => pid);

test('what waits on a connection that leads nowhere any more fails as when the server is away, and the next one works', async () => {
  await database.transaction(async () => {});
  cable.stall();
  await expect(database.transaction(async () => 'never')).rejects.toMatchObject({ code: 'database_unavailable' });
  expect(await database.transaction(async () => 'fine')).toBe('fine');
}, 20_000);

test('a long answer is waited for, while the connection beside it is given up and its session at the server ended', async () => {
  await whenAvailable(() => database.pool.query('select 1'));
  const dead = await database.pool.connect();
  const pid = (await dead.query('select pg_backend_pid() as pid')).rows[0].pid;
  cable.stall();
  const long = await database.pool.connect();
  const answer = long.query('select pg_sleep(6), 1 as one');
  await expect(dead.query('select 1')).rejects.toThrow(/terminated/);
  dead.release(true);
  expect((await answer).rows[0].one).toBe(1);
  long.release();
  const left = await place.database.pool.query('select from pg_stat_activity where pid = $1', [pid]);
  expect(left.rowCount).toBe(0);
}, 30_000);

test('the lock of a worker is taken again when its connection leads nowhere any more', async () => {
  let isLost = false;
  const lock = await takeWorkerLock(database.connections, 'worker-s', () => {
    isLost = true;
  });
  const [before] = await listHolders();
  cable.stall();
  await expect
    .poll(listHolders, { timeout: 40_000 })
    .toSatisfy((pids: number[]) => pids.length === 1 && pids[0] !== before);
  expect(isLost).toBe(false);
  await lock?.release();
}, 60_000);

test('a goodbye that nobody answers is over after a moment', async () => {
  const lock = await takeWorkerLock(database.connections, 'worker-t', () => {});
  cable.stall();
  await lock?.release();
  await database.connections.connect('again').then((client) => client.end());
});

test('a transaction that nobody goes on with lets go of its locks', async () => {
  const settings = await whenAvailable(() =>
    database.pool.query(
      "select name, setting from pg_settings where name in ('idle_in_transaction_session_timeout', 'tcp_keepalives_idle') order by name",
    ),
  );
  expect(settings.rows).toEqual([
    { name: 'idle_in_transaction_session_timeout', setting: '20000' },
    { name: 'tcp_keepalives_idle', setting: '4' },
  ]);
  const left = database.transaction(async (_tx, client) => {
    await client.query("set local idle_in_transaction_session_timeout = '100ms'");
    await client.query('select pg_advisory_xact_lock(7, 7)');
    await expect
      .poll(
        async () => (await place.database.pool.query('select pg_try_advisory_xact_lock(7, 7) as free')).rows[0].free,
        { timeout: 10_000 },
      )
      .toBe(true);
    await client.query('select 1');
  });
  await expect(left).rejects.toMatchObject({ code: 'database_unavailable' });
}, 20_000);
