import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentConfig, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until, waitForTask } from '../helpers/sentra.ts';
import { expectWhole, listAttempts, listLines, processesOf, waitForEnd, waitForLine } from '../helpers/survival.ts';

let sentra: TestSentra;
beforeAll(async () => {
  sentra = await startTestSentra();
});
afterAll(() => sentra?.stop());

/** A command that stays for ever the first time, and goes on the next. */
const holdsOnce = (name: string) =>
  `test -e "$HOME/held-${name}" || { touch "$HOME/held-${name}"; echo holding ${name}; sleep 600; }`;

async function begin(config: object, files: Record<string, string> = {}) {
  const repository = makeRepository({ config, remote: true, files });
  const project = await sentra.client.addProject({ body: { path: repository.path } });
  const { id } = await sentra.client.createTask({ body: { projectId: project.id, title: 'Survive' } });
  await sentra.client.executeTask({ params: { taskId: id }, body: {} });
  return { id, repository };
}

/** SIGKILL, start again; answers the milliseconds from the start to the first new line of the task. */
async function crash(id: string): Promise<number> {
  const running = processesOf(id);
  const lines = (await listLines(sentra, id)).length;
  await sentra.kill();
  const restartedAt = performance.now();
  await sentra.restart();
  await waitForEnd(running);
  await until(async () => (await listLines(sentra, id)).length > lines, 30_000);
  return Math.round(performance.now() - restartedAt);
}

test('a server killed in every phase takes the same attempt up again, and nothing is there twice', async () => {
  const { id, repository } = await begin(
    agentConfig('holds', {
      setup: { install: holdsOnce('install') },
      test: `${holdsOnce('TEST')}; grep -q green state.txt`,
    }),
  );
  const times: Record<string, number> = {};
  await waitForLine(sentra, id, 'holding install');
  times.install = await crash(id);
  for (const phase of ['PLAN', 'CODE', 'TEST', 'REVIEW']) {
    await waitForLine(sentra, id, `holding ${phase}`);
    expect((await listAttempts(sentra, id)).at(-1)).toBe(`${phase} 1 running`);
    expect(processesOf(id).length).toBeGreaterThan(0);
    times[phase] = await crash(id);
  }
  const task = await waitForTask(sentra, id);
  await expectWhole(sentra, task, repository.path);
  console.info('restart to going on, in milliseconds:', times);
  expect(readdirSync(path.join(sentra.home, 'saved', id))).toHaveLength(3);
  expect(existsSync(path.join(task.worktreePath ?? '', 'half-CODE.txt'))).toBe(false);
});
