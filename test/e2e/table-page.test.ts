/** The table in a browser: many tasks chosen, and handled at once. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser, signIn } from '../helpers/browser.ts';
import { agentConfig, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra } from '../helpers/sentra.ts';

let sentra: TestSentra;
let browser: Browser;
let page: Page;
let projectId: string;
beforeAll(async () => {
  [sentra, browser] = await Promise.all([startTestSentra(), openBrowser()]);
  page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  const { path } = makeRepository({ config: agentConfig('shares') });
  ({ id: projectId } = await sentra.client.addProject({ body: { path } }));
  await signIn(page, sentra.client);
});
afterAll(async () => {
  await browser?.close();
  await sentra?.stop();
});

const rows = () => page.getByRole('row').filter({ has: page.getByRole('rowheader') });
const titles = async () =>
  (await rows().getByRole('rowheader').allInnerTexts()).map((text) => text.split('\n')[0]?.trim());
const box = (title: string) => page.getByRole('checkbox', { name: `Choose ${title}` });
const bar = () => page.getByRole('region', { name: 'Chosen tasks' });
const listed = async () => (await sentra.client.listTasks({ query: { projectId } })).items;

test('tasks are sorted, chosen in a row, and started, ranked and skipped together', async () => {
  await page.goto(`${sentra.url}/table`);
  await page.getByText('No task yet').waitFor();
  const tasks = ['Ash', 'Birch', 'Cedar', 'Dogwood', 'Elm'].map((title) => ({ key: title, title }));
  await sentra.client.createTasks({ body: { projectId, tasks } });
  await box('Elm').waitFor();
  await page.getByRole('button', { name: 'Task', exact: true }).click();
  await page.waitForURL(/sort=title/);
  expect(await titles()).toEqual(['Ash', 'Birch', 'Cedar', 'Dogwood', 'Elm']);

  await box('Birch').click();
  await box('Dogwood').click({ modifiers: ['Shift'] });
  await bar().getByText('3 tasks chosen').waitFor();
  await bar().getByRole('combobox', { name: 'Set priority' }).selectOption('High');
  await bar().getByText('Set priority: 3 of 3').waitFor();
  const high = (await listed()).filter(({ priority }) => priority === 'high').map(({ title }) => title);
  expect(high.toSorted()).toEqual(['Birch', 'Cedar', 'Dogwood']);

  await page.getByRole('searchbox', { name: 'Search tasks' }).fill('cedar');
  await bar().getByText('1 task chosen').waitFor();
  await bar().getByRole('button', { name: 'Skip' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Skip 1 task' }).click();
  await rows().getByText('Skipped').waitFor();
  await page.getByRole('searchbox', { name: 'Search tasks' }).fill('');
  await bar().getByText('3 tasks chosen').waitFor();
  expect((await listed()).filter(({ status }) => status === 'skipped').map(({ title }) => title)).toEqual(['Cedar']);

  await bar()
    .getByRole('button', { name: /^Start 2$/ })
    .click();
  await bar().getByText('Start: 2 of 2').waitFor();
  await rows().getByText('In review').nth(1).waitFor({ timeout: 60_000 });
  await bar().getByRole('button', { name: 'Choose none' }).click();
  await bar().waitFor({ state: 'detached' });
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  expect(await page.evaluate(`${axe}; axe.run().then((r) => r.violations.map((v) => v.id))`)).toEqual([]);
});

test('one that is refused is told by name, and stops no other', async () => {
  await page.goto(`${sentra.url}/table?sort=title`);
  await box('Birch').check();
  await box('Dogwood').check();
  await bar().getByRole('button', { name: 'Merge' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Merge 2 tasks' }).click();
  await bar().getByText('Merge: 2 of 2, 1 refused').waitFor({ timeout: 60_000 });
  await bar()
    .getByText(/^(Birch|Dogwood): .* conflicts with main in shared.txt/)
    .waitFor();
  const statuses = (await listed()).filter(({ title }) => /Birch|Dogwood/.test(title)).map(({ status }) => status);
  expect(statuses.toSorted()).toEqual(['completed', 'in_review']);
});
