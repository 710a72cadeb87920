/** A circuit breaker stops what fails in a row, says so, and starts again when somebody closes it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentConfig, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until, waitForTask } from '../helpers/sentra.ts';

let sentra: TestSentra;
beforeAll(async () => {
  sentra = await startTestSentra({ env: { SENTRA_SLOTS: '1' } });
});
afterAll(() => sentra?.stop());

test('after five failures of one kind nothing starts with that agent in that project, until the breaker is closed', async () => {
  const { client } = sentra;
  const config = agentConfig('exit1', { limits: { agentAttempts: 1 } });
  const { id: projectId } = await client.addProject({ body: { path: makeRepository({ config }).path } });
  const tasks = Array.from({ length: 7 }, (_, at) => ({ key: `t${at}`, title: `Task ${at}`, autoStart: true }));
  const ids = (await client.createTasks({ body: { projectId, tasks } })).items.map(({ id }) => id);
  const failed = async () => (await client.listTasks({ query: { projectId, status: 'failed' } })).items.length;
  await until(async () => (await client.listBreakers()).items.length === 1, 30_000);
  expect((await client.listBreakers()).items[0]).toMatchObject({
    projectId,
    agent: 'tester',
    state: 'open',
    kind: 'agent',
    failures: 5,
    message: expect.stringContaining('I give up.'),
  });
  expect(await failed()).toBe(5);
  const why = await client.getWhy({ params: { id: ids[6] as string } });
  expect(why).toMatchObject({ runnable: false, reasons: [{ code: 'breaker_open', until: expect.any(String) }] });
  expect(why.reasons[0]?.message).toContain(`npx sentra breaker close tester --project ${projectId}`);

  const other = await client.addProject({ body: { path: makeRepository({ config: agentConfig() }).path } });
  const { id } = await client.createTask({ body: { projectId: other.id, title: 'Elsewhere', autoStart: true } });
  expect(await waitForTask(sentra, id)).toMatchObject({ status: 'in_review' });
  expect(await failed()).toBe(5);

  await sentra.kill();
  await sentra.restart();
  expect((await sentra.client.listBreakers()).items).toHaveLength(1);
  expect(await sentra.client.closeBreaker({ params: { id: projectId, agent: 'tester' } })).toEqual({ closed: true });
  for (const task of ids) await waitForTask(sentra, task);
  expect((await sentra.client.listBreakers()).items).toEqual([]); // two failures are none yet
});
