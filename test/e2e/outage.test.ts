import { readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEmbedded } from '#src/store/postgres.ts';
import { agentConfig } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until, waitForTask } from '../helpers/sentra.ts';
import {
  beginTask,
  expectWhole,
  holdsOnce,
  listAttempts,
  listLines,
  processesOf,
  waitForEnd,
  waitForLine,
} from '../helpers/survival.ts';

let sentra: TestSentra;
beforeAll(async () => {
  sentra = await startTestSentra();
});
afterAll(() => sentra?.stop());

const begin = (config: object) => beginTask(sentra, config);

async function killDatabase(): Promise<void> {
  const { dataDir } = await startEmbedded({ home: sentra.home });
  const postmaster = Number(readFileSync(path.join(dataDir, 'postmaster.pid'), 'utf8').split('\n')[0]);
  process.kill(postmaster, 'SIGKILL');
}

const countOf = (lines: string[], text: string) => lines.filter((line) => line.includes(text)).length;

test('a database killed in the middle of a phase is started again, and the agent at work goes on', async () => {
  const { id, repository } = await begin(agentConfig('slow'));
  await waitForLine(sentra, id, 'still working on CODE 1');
  const killedAt = performance.now();
  await killDatabase();
  await until(
    () =>
      listLines(sentra, id).then(
        (lines) => lines.some((line) => line.includes('still working on CODE 5')),
        () => false,
      ),
    30_000,
  );
  console.info('database killed to the next lines, in milliseconds:', Math.round(performance.now() - killedAt));
  await expectWhole(sentra, await waitForTask(sentra, id), repository.path);
  const lines = await listLines(sentra, id);
  expect(countOf(lines, 'tester begins CODE')).toBe(1);
  for (let at = 0; at < 12; at++) expect(countOf(lines, `still working on CODE ${at}`)).toBe(at === 1 ? 3 : 1);
  expect(sentra.child.exitCode).toBeNull();
  expect(sentra.output()).toContain('The embedded database is back.');
});

test('tasks that lose the database wherever they happen to be end well', async () => {
  const tasks = await Promise.all(Array.from({ length: 4 }, () => begin(agentConfig())));
  const [first] = tasks as [(typeof tasks)[number], ...typeof tasks];
  for (const line of ['tester begins PLAN', 'Committed', 'tester begins REVIEW']) {
    await until(
      () =>
        listLines(sentra, first.id)
          .then((lines) => countOf(lines, line) > 0)
          .catch(() => false),
      30_000,
    );
    const revivals = countOf(sentra.output().split('\n'), 'database is back');
    await killDatabase();
    await until(() => countOf(sentra.output().split('\n'), 'database is back') > revivals, 30_000);
  }
  for (const { id, repository } of tasks) await expectWhole(sentra, await waitForTask(sentra, id), repository.path);
});

test('a server asked to stop in the middle of a phase goes on with it at the next start', async () => {
  const tests = `${holdsOnce('TEST')}; grep -q green state.txt`;
  const { id, repository } = await begin(agentConfig('holds-CODE', { test: tests }));
  for (const phase of ['CODE', 'TEST']) {
    await waitForLine(sentra, id, `holding ${phase}`);
    const running = processesOf(id);
    await sentra.quit();
    expect(sentra.child.exitCode, sentra.output()).toBe(0);
    await waitForEnd(running);
    await sentra.restart();
  }
  await expectWhole(sentra, await waitForTask(sentra, id), repository.path);
});

test('an agent killed from outside is tried again, and that does not count as a failure', async () => {
  const limits = { agentAttempts: 1 };
  const { id } = await begin(agentConfig('holds', { limits }));
  for (const phase of ['PLAN', 'CODE', 'REVIEW']) {
    await waitForLine(sentra, id, `holding ${phase}`);
    for (const pid of processesOf(id)) {
      try {
        process.kill(pid, 'SIGKILL');
      } catch {} // it went with the one before
    }
  }
  expect(await waitForTask(sentra, id)).toMatchObject({ status: 'in_review', error: null });
  expect(await listAttempts(sentra, id)).toEqual([
    'PLAN 1 failed',
    'PLAN 2 passed',
    'CODE 1 failed',
    'CODE 2 passed',
    'TEST 1 passed',
    'REVIEW 1 failed',
    'REVIEW 2 passed',
  ]);
  const { items } = await sentra.client.listRuns({ params: { id } });
  expect(items[0]?.phases[0]?.error).toMatchObject({ code: 'lost' });
});
