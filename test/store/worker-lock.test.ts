import { setTimeout } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { takeWorkerLock, withLockOf } from '#src/store/worker-lock.ts';
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
  const lock = await takeWorkerLock(place.database.connections, 'worker-a', never);
  expect(await takeWorkerLock(place.database.connections, 'worker-a', never)).toBeUndefined();
  await lock?.release();
  const next = await takeWorkerLock(place.database.connections, 'worker-a', never);
  expect(next).toBeDefined();
  await next?.release();
});

test('a lock whose connection broke is taken again', async () => {
  const lock = await takeWorkerLock(place.database.connections, 'worker-b', never);
  const [before] = await holders();
  await place.database.pool.query('select pg_terminate_backend($1)', [before.pid]);
  await expect
    .poll(async () => (await holders())[0]?.pid, { timeout: 10_000 })
    .toSatisfy((pid) => pid && pid !== before.pid);
  await lock?.release();
});

test('whoever takes over its work while it is away gives the lock back; another process with its id does not', async () => {
  let isLost = false;
  const lock = await takeWorkerLock(place.database.connections, 'worker-c', () => {
    isLost = true;
  });
  const away = async () => {
    await expect.poll(async () => (await holders()).length, { timeout: 20_000 }).toBe(1);
    const [{ pid }] = await holders();
    await place.database.pool.query('select pg_terminate_backend($1)', [pid]);
    await expect.poll(holders).toEqual([]);
  };
  await away();
  const longerThanItsPatience = 3_600;
  const over = await withLockOf(place.database.connections, 'worker-c', () => setTimeout(longerThanItsPatience));
  expect([over, isLost]).toEqual([true, false]);
  await away(); // it had it again
  const rival = await takeWorkerLock(place.database.connections, 'worker-c', never);
  expect(rival).toBeDefined();
  await expect.poll(() => isLost, { timeout: 20_000 }).toBe(true);
  await rival?.release();
  await lock?.release();
});
