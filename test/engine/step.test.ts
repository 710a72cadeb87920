import { DBOS } from '@dbos-inc/dbos-sdk';
import { afterAll, expect, test } from 'vitest';
import { newAdwId } from '#src/domain/ids.ts';
import { createEngine, launchEngine, runsQueue } from '#src/engine/engine.ts';
import { isCancellation, step, stillOurs } from '#src/engine/step.ts';
import { SentraError } from '#src/errors.ts';
import { moveJobs } from '#src/store/takeover.ts';
import { createTestDatabase } from '../helpers/database.ts';

const { database, drop } = await createTestDatabase();
const engine = await createEngine(database);
const workerId = 'worker-one';

/** What the job under test does in its step, and how each of its tries ended. */
let work: (id: string) => Promise<void> = async () => {};
const tries: string[] = [];
const job = async ({ id }: { id: string }) =>
  step('work', async () => {
    tries.push('begun');
    await work(id).finally(() => tries.push('over'));
  });
await launchEngine({ database, workerId, workflows: { job } });

afterAll(async () => {
  await DBOS.shutdown();
  await drop();
});

async function start(what: typeof work): Promise<string> {
  work = what;
  tries.length = 0;
  const id = newAdwId();
  await database.transaction((_, client) =>
    engine.enqueue(client, { id, workflow: 'job', queue: runsQueue(workerId), input: { id } }),
  );
  await expect.poll(() => tries.length, { timeout: 30_000 }).toBeGreaterThan(0);
  return id;
}

const takeAway = () => moveJobs(database.db, { from: workerId, to: 'worker-two', queueOf: runsQueue });
const away = () => new SentraError('database_unavailable', 'The database does not answer.');

test('a step that lost the database begins again when it is back', async () => {
  let count = 0;
  const id = await start(async () => {
    if (count++ < 2) throw away();
  });
  await engine.result(id, 10_000);
  expect(count).toBe(3);
});

test('a step whose job went to another worker meanwhile does not', async () => {
  const id = await start(async () => {
    await takeAway();
    throw away();
  });
  await engine.whenIdle(id);
  expect(tries).toEqual(['begun', 'over']);
});

test('a step that hears nothing of it asks, before it does what would hurt the work of the other', async () => {
  const asked: unknown[] = [];
  const id = await start(async () => {
    await stillOurs();
    asked.push('ours');
    await takeAway();
    await stillOurs().catch((e) => asked.push(isCancellation(e)));
  });
  await engine.whenIdle(id);
  expect(asked).toEqual(['ours', true]);
});

test('a cancelled job may still tidy up after itself', async () => {
  const asked: string[] = [];
  const id = await start(async (own) => {
    await engine.cancel(own);
    await stillOurs();
    asked.push('ours');
  });
  await engine.whenIdle(id);
  expect(asked).toEqual(['ours']);
});
