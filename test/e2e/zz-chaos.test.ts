import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentConfig, makeRepository } from '../helpers/repository.ts';
import { readFileSync } from 'node:fs';
import { startEmbedded } from '#src/store/postgres.ts';
import { startTestSentra, type TestSentra, until, waitForTask } from '../helpers/sentra.ts';
import { expectWhole, listLines, processesOf } from '../helpers/survival.ts';
let sentra: TestSentra;
beforeAll(async () => { sentra = await startTestSentra(); });
afterAll(() => sentra?.stop());
test('random kills', async () => {
  const tasks: { id: string; repository: { path: string } }[] = [];
  for (let i = 0; i < 3; i++) {
    const repository = makeRepository({ config: agentConfig('good'), remote: true });
    const project = await sentra.client.addProject({ body: { path: repository.path } });
    const { id } = await sentra.client.createTask({ body: { projectId: project.id, title: 'Survive' } });
    await sentra.client.executeTask({ params: { taskId: id }, body: {} });
    tasks.push({ id, repository });
  }
  let kills = 0;
  for (; kills < 14; kills++) {
    await sleep(Math.random() * 900);
    const states = await Promise.all(tasks.map(async (t) => (await sentra.client.getTask({ params: { id: t.id } })).status));
    if (states.every((s) => s === 'in_review' || s === 'failed')) break;
    if (kills % 3 === 1) { const { dataDir } = await startEmbedded({ home: sentra.home }); process.kill(Number(readFileSync(dataDir + '/postmaster.pid', 'utf8').split('\n')[0]), 'SIGKILL'); await sleep(Math.random() * 1500); if (kills % 2) { await until(() => sentra.client.getSystem().then(() => true, () => false), 30000); continue; } }
    if (kills % 4 === 3) await sentra.quit(); else await sentra.kill();
    await sentra.restart();
  }
  console.info('kills', kills);
  for (const { id, repository } of tasks) {
    const task = await waitForTask(sentra, id);
    if (task.status !== 'in_review') console.info(await listLines(sentra, id));
    await expectWhole(sentra, task, repository.path);
  }
  expect(tasks.flatMap((t) => processesOf(t.id))).toEqual([]);
}, 200_000);
