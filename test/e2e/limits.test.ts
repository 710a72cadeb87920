/**
 * Limits of the model: work is parked until they end, gives its slots back, spends no attempt, and goes on by itself.
 * `SENTRA_TEST_LIMITED=100` lets so many tasks meet one, each with a slot when it ends, and tells when the last one went on.
 */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentConfig, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until, waitForTask } from '../helpers/sentra.ts';
import { listLines } from '../helpers/survival.ts';

let sentra: TestSentra;
const count = Number(process.env.SENTRA_TEST_LIMITED ?? 8);
const slots = count > 8 ? count : 4;
beforeAll(async () => {
  sentra = await startTestSentra({ env: { SENTRA_SLOTS: String(slots) } });
});
afterAll(() => sentra?.stop());

const limitedUntil = (time: number) => agentConfig(`until=${time}`, { limits: { agentAttempts: 1 } });

async function addTasks(config: object, count: number): Promise<string[]> {
  const { client } = sentra;
  const project = await client.addProject({ body: { path: makeRepository({ config }).path } });
  const tasks = Array.from({ length: count }, (_, at) => ({ key: `t${at}`, title: `Task ${at}`, autoStart: true }));
  return (await client.createTasks({ body: { projectId: project.id, tasks } })).items.map(({ id }) => id);
}

test('tasks that meet a limit are parked, leave their slots, ask nobody before it ends, and then all go on', {
  timeout: 120_000 + count * 10_000,
}, async () => {
  const { client } = sentra;
  const end = Date.now() + 14_000 + count * 750;
  const ids = await addTasks(limitedUntil(end), count);
  const first = await firstLimited(ids);
  await until(async () => (await client.getTask({ params: { id: first } })).status === 'queued', 5_000);
  const why = await client.getWhy({ params: { id: first } });
  expect(why.runnable).toBe(false);
  expect(why.reasons[0]).toMatchObject({
    code: 'rate_limited',
    until: new Date(end).toISOString(),
    message: expect.stringContaining('the weekly limit is used up'),
  });
  const [other = ''] = await addTasks(agentConfig(), 1);
  await until(async () => (await listLines(sentra, other)).includes('working on PLAN, attempt 1'), 60_000);
  expect(Date.now()).toBeLessThan(end); // the slots were free for it
  expect(await waitForTask(sentra, other)).toMatchObject({ status: 'in_review' });
  for (const id of ids)
    expect(await waitForTask(sentra, id, undefined, count * 10_000)).toMatchObject({
      status: 'in_review',
      error: null,
    });
  const lines = await Promise.all(ids.map((id) => listLines(sentra, id)));
  const asked = lines.flat().filter((line) => line === '429').length;
  expect(asked).toBeLessThanOrEqual(slots); // as many as were at work when the first was told
  const { items: errors } = await client.listLogs({ params: { taskId: first }, query: { level: 'error' } });
  expect(errors).toEqual([]); // nothing was wrong: it waited
  const begun = await Promise.all(ids.map(lastBegin));
  const late = begun.map((at) => at - end).sort((a, b) => a - b);
  expect(late[0]).toBeGreaterThan(-200);
  console.log(`${count} tasks went on ${late[0]} to ${late.at(-1)} ms after the end of the limit; ${asked} had met it`);
});

/** A task that met the limit: any of those with a slot may be the first, and the others are then parked before they ask. */
async function firstLimited(ids: readonly string[]): Promise<string> {
  let first: string | undefined;
  await until(async () => {
    const lines = await Promise.all(ids.map((id) => listLines(sentra, id)));
    first = ids.find((_, at) => lines[at]?.includes('429'));
    return first !== undefined;
  }, 10_000);
  return first as string;
}

/** When the agent began with the phase that the limit had held, in milliseconds since 1970. */
async function lastBegin(taskId: string): Promise<number> {
  const { items } = await sentra.client.listLogs({ params: { taskId }, query: { q: 'working on PLAN', limit: 10 } });
  return Date.parse(items.at(-1)?.timestamp ?? '');
}

test('a server that is killed while work is parked goes on when the limit ends', async () => {
  const end = Date.now() + 15_000;
  const [id = ''] = await addTasks(limitedUntil(end), 1);
  await until(async () => (await listLines(sentra, id)).some((line) => line.includes('goes on by itself')), 10_000);
  await sentra.kill();
  await sentra.restart();
  expect(await sentra.client.getTask({ params: { id } })).toMatchObject({ status: 'queued' });
  expect(await waitForTask(sentra, id)).toMatchObject({ status: 'in_review', error: null });
});

test('a parked task is nothing to complain of, and can be cancelled', async () => {
  const [id = ''] = await addTasks(limitedUntil(Date.now() + 600_000), 1);
  await until(async () => (await listLines(sentra, id)).some((line) => line.includes('goes on by itself')), 10_000);
  expect((await sentra.client.verify()).checks.flatMap(({ problems }) => problems)).toEqual([]);
  expect(await sentra.client.cancelTask({ params: { id } })).toMatchObject({ status: 'cancelled' });
  await until(async () => (await sentra.client.getTask({ params: { id } })).worktreePath === null, 10_000);
});
