import { afterAll, beforeAll, expect, test } from 'vitest';
import { takeWorkerLock } from '#src/store/worker-lock.ts';
import { createTestDatabase } from '../helpers/database.ts';

type TestDatabase = Awaited<ReturnType<typeof createTestDatabase>>;
let place: TestDatabase;
beforeAll(async () => {
  place = await createTestDatabase();
});
afterAll(() => place.drop());

const never = () => {
  throw new Error('the lock was lost');
};
const holders = async () =>
  (
    await place.database.pool.query(
      "select pid from pg_locks where locktype = 'advisory' and classid = 7002 and granted",
    )
  ).rows;

test('a worker id belongs to one process at a time', async () => {
  const lock = await takeWorkerLock(place.url, 'worker-a', never);
  expect(await takeWorkerLock(place.url, 'worker-a', never)).toBeUndefined();
  await lock?.release();
  const next = await takeWorkerLock(place.url, 'worker-a', never);
  expect(next).toBeDefined();
  await next?.release();
});

test('a lock whose connection broke is taken again', async () => {
  const lock = await takeWorkerLock(place.url, 'worker-b', never);
  const [before] = await holders();
  await place.database.pool.query('select pg_terminate_backend($1)', [before.pid]);
  await expect
    .poll(async () => (await holders())[0]?.pid, { timeout: 10_000 })
    .toSatisfy((pid) => pid && pid !== before.pid);
  await lock?.release();
});
