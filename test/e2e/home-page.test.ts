/** The first page in a browser: what needs a person, and the way there; figures, money and events beside it. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser, signIn } from '../helpers/browser.ts';
import { agentConfig, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, waitForTask } from '../helpers/sentra.ts';

let sentra: TestSentra;
let browser: Browser;
let page: Page;
beforeAll(async () => {
  [sentra, browser] = await Promise.all([startTestSentra(), openBrowser()]);
  page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  await signIn(page, sentra.client);
});
afterAll(async () => {
  await browser?.close();
  await sentra?.stop();
});

const region = (name: string) => page.getByRole('region', { name, exact: true });
const violations = async () => {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  return page.evaluate(`${axe}; axe.run().then((r) => r.violations.map((v) => v.id))`);
};

test('it teaches how to begin, then leads to what waits for a person, live and after a reload', async () => {
  await page.goto(`${sentra.url}/home`);
  await page.getByText('Add a repository to begin').waitFor();
  const { client } = sentra;
  const { id: projectId } = await client.addProject({
    body: { path: makeRepository({ config: agentConfig() }).path, name: 'harbor' },
  });
  await region('Needs you').getByText('Nothing waits for you').waitFor();
  await region('Latest events').getByText('Nothing has happened yet').waitFor();

  const { id } = await client.createTask({ body: { projectId, title: 'Charge fees', autoStart: true } });
  await waitForTask(sentra, id);
  const need = region('Needs you').getByRole('link', { name: /^Charge fees .* Review$/ });
  await need.getByText('Pull request #1 is ready for you.').waitFor();
  await expect.poll(() => page.title()).toBe('(1) Home · Sentra');
  const row = region('Projects').getByRole('row').filter({ hasText: 'harbor' });
  expect(await row.getByRole('cell').allInnerTexts()).toMatchObject({ 1: '1', 2: '0', 4: '1' });
  await page.reload();
  for (const told of ['Created', 'CODE passed', 'Pull request #1 opened'])
    await region('Latest events').getByText(told).waitFor();
  expect(await violations()).toEqual([]);

  await need.click();
  await page.getByRole('button', { name: 'Merge', exact: true }).first().waitFor();
  await client.mergeTask({ params: { id } });
  await waitForTask(sentra, id, ['completed']);
  await page.keyboard.press('g');
  await page.keyboard.press('h');
  await region('Needs you').getByText('Nothing waits for you').waitFor();
  await region('Latest events').getByText('Merged, #1').waitFor();
  await expect.poll(() => row.getByRole('cell').allInnerTexts()).toMatchObject({ 1: '0', 3: '1', 4: '0' });
});

test('a phone has it in the bar below, and from there the pages that have no place in it', async () => {
  const phone = await page.context().newPage();
  await phone.setViewportSize({ width: 360, height: 740 });
  await phone.goto(sentra.url);
  await phone.getByRole('navigation', { name: 'Main' }).getByRole('link', { name: 'Home' }).click();
  await phone.getByText('Nothing waits for you').waitFor();
  expect(await phone.evaluate('document.documentElement.scrollWidth')).toBe(360);
  await phone.getByRole('navigation', { name: 'More pages' }).getByRole('link', { name: 'Table' }).click();
  await phone.getByRole('heading', { name: 'Table' }).waitFor();
  await phone.close();
});
