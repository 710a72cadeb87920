/** What work costs is kept to the micro-dollar, whatever dies meanwhile, and budgets stop it before more is spent. */
import { existsSync } from 'node:fs';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Costs } from '#src/domain/cost.ts';
import { openBrowser, signIn } from '../helpers/browser.ts';
import { makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until, waitForTask as waitFor } from '../helpers/sentra.ts';
import { listAttempts, waitForLine } from '../helpers/survival.ts';

vi.setConfig({ testTimeout: 240_000, hookTimeout: 120_000 });

const spenderPath = path.resolve(import.meta.dirname, '../fixtures/spender.mjs');
let sentra: TestSentra;
let browser: Browser;
beforeAll(async () => {
  [sentra, browser] = await Promise.all([startTestSentra(), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await sentra?.stop();
});

const waitForTask = (on: TestSentra, id: string) => waitFor(on, id, undefined, 120_000);

async function addProject(modes: string, budget: object = {}): Promise<string> {
  const agents = { default: 'spender', spender: { kind: 'command', command: ['node', spenderPath, modes] } };
  const { path: repository } = makeRepository({ config: { test: 'true', agents, budget } });
  return (await sentra.client.addProject({ body: { path: repository } })).id;
}

const addTask = async (projectId: string, title = 'Spend'): Promise<string> =>
  (await sentra.client.createTask({ body: { projectId, title, autoStart: true } })).id;

const costsOf = (projectId: string, by: Costs['by'] = 'task'): Promise<Costs> =>
  sentra.client.getCosts({ query: { projectId, by } });

const reasonsOf = async (id: string) => (await sentra.client.getWhy({ params: { id } })).reasons;

test('a month that is used up holds what has not begun, and a raise lets it go on', async () => {
  const projectId = await addProject('usd=0.4');
  const first = await addTask(projectId);
  expect(await waitForTask(sentra, first)).toMatchObject({ status: 'in_review', costUsd: 1.2, knownCostUsd: 1.2 });
  await sentra.client.patchBudget({ body: { projectId, monthUsd: 1 } });
  const second = await addTask(projectId, 'More');
  await until(async () => (await reasonsOf(second))[0]?.code === 'budget', 60_000);
  const [reason] = await reasonsOf(second);
  expect(reason?.message).toContain("the month's budget of the project is used up, $1.20 of $1.00");
  expect(reason?.message).toContain(`npx sentra budget set --month USD --project ${projectId}`);
  expect(Date.parse(reason?.until ?? '')).toBeGreaterThan(Date.now());
  const [meter] = (await costsOf(projectId)).budgets;
  expect(meter).toMatchObject({ scope: 'project', period: 'month', limitUsd: 1, spentUsd: 1.2, percent: 120 });
  await sentra.client.patchBudget({ body: { projectId, monthUsd: 100 } });
  expect(await waitForTask(sentra, second)).toMatchObject({ status: 'in_review' });
});

test('a session that passes what is left is ended with its work kept; a retry waits, burns no attempt, and goes on after a raise', async () => {
  const projectId = await addProject('usd=3,holds-CODE', { taskUsd: 5 });
  const id = await addTask(projectId);
  const task = await waitForTask(sentra, id);
  expect(task).toMatchObject({ status: 'failed', phase: 'CODE', error: { code: 'budget' }, costUsd: 6 });
  expect(task.error?.message).toMatch(/the task's budget is used up, \$6\.00 of \$5\.00\. .*then retry the task/);
  expect(existsSync(path.join(task.worktreePath ?? '', 'half.txt'))).toBe(true);
  const { items } = await sentra.client.listLogs({ params: { taskId: id }, query: { q: 'is used by', limit: 10 } });
  expect(items.map(({ message }) => message.match(/by (\d+) %/)?.[1])).toEqual(['50', '100']);

  await sentra.client.retryTask({ params: { id }, body: {} });
  await until(async () => (await sentra.client.getTask({ params: { id } })).waitsFor !== null, 60_000);
  expect(await sentra.client.getTask({ params: { id } })).toMatchObject({
    status: 'queued',
    waitsFor: { code: 'budget', until: null },
  });
  expect(await reasonsOf(id)).toMatchObject([{ code: 'budget', message: expect.stringContaining('$6.00 of $5.00') }]);
  await sentra.client.patchBudget({ body: { taskId: id, taskUsd: 50 } });
  expect(await waitForTask(sentra, id)).toMatchObject({ status: 'in_review', costUsd: 12 });
  expect(await listAttempts(sentra, id)).toEqual(['CODE 1 passed', 'TEST 1 passed', 'REVIEW 1 passed']);
});

test('a kill between what a session has told and its end neither loses nor doubles a cent', async () => {
  const projectId = await addProject('usd=0.7,tokens=1000,holds-CODE');
  const id = await addTask(projectId);
  await waitForLine(sentra, id, 'holding CODE', 120_000);
  await sentra.kill();
  await sentra.restart();
  expect(await waitForTask(sentra, id)).toMatchObject({ status: 'in_review', costUsd: 2.8, tokens: 4000 });
  const { total, items } = await costsOf(projectId, 'phase');
  expect(total).toMatchObject({ costUsd: 2.8, agentUsd: 2.8, pricesUsd: 0, sessions: 4, unknownSessions: 0 });
  expect(items.map(({ key, costUsd, sessions }) => [key, costUsd, sessions])).toEqual([
    ['CODE', 1.4, 2],
    ['PLAN', 0.7, 1],
    ['REVIEW', 0.7, 1],
  ]);
  const { items: runs } = await sentra.client.listRuns({ params: { id } });
  expect(runs[0]?.phases.find(({ phase }) => phase === 'CODE')).toMatchObject({ attempt: 1, costUsd: 1.4 });
});

test('tokens without a price are unknown until somebody sets one, and then say whose word the money is', async () => {
  const projectId = await addProject('tokens=1000000');
  const id = await addTask(projectId);
  expect(await waitForTask(sentra, id)).toMatchObject({ costUsd: null, knownCostUsd: 0, tokens: 3_000_000 });
  expect((await costsOf(projectId)).total).toMatchObject({ costUsd: null, knownUsd: 0, unknownSessions: 3 });
  const body = { projectId, model: 'test-model-*', inputUsd: 2.5, outputUsd: 10 };
  const { items } = await sentra.client.setPrice({ body });
  expect(items[0]).toMatchObject({ model: 'test-model-*', scope: 'project', cacheReadUsd: 2.5 });
  expect(await sentra.client.getTask({ params: { id } })).toMatchObject({ costUsd: 7.5 });
  expect((await costsOf(projectId, 'model')).items).toMatchObject([
    { key: 'test-model-1', costUsd: 7.5, pricesUsd: 7.5, agentUsd: 0, tokens: { input: 3_000_000 } },
  ]);
  await sentra.client.removePrice({ params: { model: 'test-model-*' }, query: { projectId } });
  expect(await sentra.client.getTask({ params: { id } })).toMatchObject({ costUsd: 7.5 }); // it cost what it did then
});

test('the page shows what was spent, and a person changes what may be', async () => {
  const projectId = await addProject('usd=0.25', { taskUsd: 5 });
  const id = await addTask(projectId, 'Seen on the page');
  await waitForTask(sentra, id);
  const page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  page.setDefaultTimeout(60_000);
  await signIn(page, sentra.client);
  await page.goto(`${sentra.url}/costs?project=${projectId}`);
  await page.getByRole('region', { name: 'Spent' }).getByText('$0.75').first().waitFor();
  await page.getByRole('link', { name: /Seen on the page/ }).waitFor();
  await page.getByText('A task may cost $5.00.').waitFor();
  await page.getByRole('button', { name: 'Edit' }).click();
  await page.getByLabel('A month').fill('1.50');
  await page.getByRole('button', { name: 'Keep budget' }).click();
  await page.getByText('50 %').waitFor();
  await page.getByLabel('Add up').selectOption('phase');
  await page.getByRole('region', { name: 'Where it went' }).getByText('REVIEW').waitFor();
  await page.getByText('No task is left: nothing more will be spent.').waitFor();
  await page.getByRole('button', { name: 'Set price' }).click();
  await page.getByRole('textbox', { name: 'Model' }).fill('my-model');
  await page.getByRole('spinbutton', { name: 'Input' }).fill('1');
  await page.getByRole('spinbutton', { name: 'Output' }).fill('2');
  await page.getByRole('button', { name: 'Keep price' }).click();
  await page.getByRole('listitem').filter({ hasText: 'my-model' }).getByText('$1 / $2 / $1 / $1').waitFor();
  expect((await sentra.client.listPrices({ query: { projectId } })).items[0]).toMatchObject({ model: 'my-model' });
});
