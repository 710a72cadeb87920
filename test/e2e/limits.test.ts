/** Limits of the model: work is parked until they end, gives its slots back, spends no attempt, and goes on by itself. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentConfig, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until, waitForTask } from '../helpers/sentra.ts';
import { listLines } from '../helpers/survival.ts';

let sentra: TestSentra;
beforeAll(async () => {
  sentra = await startTestSentra();
});
afterAll(() => sentra?.stop());

const limitedUntil = (time: number) => agentConfig(`until=${time}`, { limits: { agentAttempts: 1 } });

async function addTasks(config: object, count: number): Promise<string[]> {
  const { client } = sentra;
  const project = await client.addProject({ body: { path: makeRepository({ config }).path } });
  const tasks = Array.from({ length: count }, (_, at) => ({ key: `t${at}`, title: `Task ${at}`, autoStart: true }));
  return (await client.createTasks({ body: { projectId: project.id, tasks } })).items.map(({ id }) => id);
}

test('tasks that meet a limit are parked, leave their slots, ask nobody before it ends, and then all go on', async () => {
  const { client } = sentra;
  const end = Date.now() + 16_000;
  const ids = await addTasks(limitedUntil(end), 8);
  const first = ids[0] as string;
  await until(async () => (await listLines(sentra, first)).includes('429'), 10_000);
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
  for (const id of ids) expect(await waitForTask(sentra, id)).toMatchObject({ status: 'in_review', error: null });
  const lines = await Promise.all(ids.map((id) => listLines(sentra, id)));
  const asked = lines.flat().filter((line) => line === '429').length;
  expect(asked).toBeLessThanOrEqual(4); // as many as were at work when the first was told
  const { items: errors } = await client.listLogs({ params: { taskId: ids[0] as string }, query: { level: 'error' } });
  expect(errors).toEqual([]); // nothing was wrong: it waited
  const { items } = await client.listLogs({
    params: { taskId: ids[7] as string },
    query: { q: 'working on PLAN', limit: 10 },
  });
  expect(Date.parse(items[0]?.timestamp ?? '')).toBeGreaterThan(end - 200);
});

test('a server that is killed while work is parked goes on when the limit ends', async () => {
  const end = Date.now() + 8_000;
  const [id = ''] = await addTasks(limitedUntil(end), 1);
  await until(async () => (await listLines(sentra, id)).some((line) => line.includes('goes on by itself')), 10_000);
  await sentra.kill();
  await sentra.restart();
  expect(await sentra.client.getTask({ params: { id } })).toMatchObject({ status: 'queued' });
  expect(await waitForTask(sentra, id)).toMatchObject({ status: 'in_review', error: null });
});

test('a parked task can be cancelled', async () => {
  const [id = ''] = await addTasks(limitedUntil(Date.now() + 600_000), 1);
  await until(async () => (await listLines(sentra, id)).some((line) => line.includes('goes on by itself')), 10_000);
  expect(await sentra.client.cancelTask({ params: { id } })).toMatchObject({ status: 'cancelled' });
  await until(async () => (await sentra.client.getTask({ params: { id } })).worktreePath === null, 10_000);
});
