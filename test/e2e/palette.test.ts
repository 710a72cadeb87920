/** The command palette in a browser: by key from anywhere, by touch, and what it finds and does. */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Locator, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser, signIn } from '../helpers/browser.ts';
import { agentConfig, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, waitForTask } from '../helpers/sentra.ts';

let sentra: TestSentra;
let browser: Browser;
let page: Page;
const ids: Record<string, string> = {};
beforeAll(async () => {
  [sentra, browser] = await Promise.all([startTestSentra(), openBrowser()]);
  page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  const work = { harbor: ['Charge fees for late boats', 'Show the tide'], island: ['Charge for ferries'] };
  for (const [name, titles] of Object.entries(work)) {
    const { path } = makeRepository({ config: agentConfig() });
    const { id: projectId } = await sentra.client.addProject({ body: { path, name } });
    ids[name] = projectId;
    for (const title of titles) ids[title] = (await sentra.client.createTask({ body: { projectId, title } })).id;
  }
  await signIn(page, sentra.client);
});
afterAll(async () => {
  await browser?.close();
  await sentra?.stop();
});

const palette = (of = page) => of.getByRole('dialog', { name: 'Command palette' });
const field = (of = page) => palette(of).getByRole('combobox');
const active = async () => page.locator(`[id="${await field().getAttribute('aria-activedescendant')}"]`).textContent();
const focused = (one: Locator) => one.and(page.locator(':focus'));
const options = () => palette().getByRole('option').allInnerTexts();
const violations = async (of = page) => {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  return of.evaluate(`${axe}; axe.run().then((r) => r.violations.map((v) => v.id))`);
};

test('a key opens it while a person types, again or Escape closes it, and the focus is where it was', async () => {
  await page.goto(`${sentra.url}/?project=${ids.harbor}`);
  const search = page.getByRole('searchbox', { name: 'Search tasks' });
  await search.fill('ti');
  for (const key of ['Escape', 'ControlOrMeta+k']) {
    await page.keyboard.press('ControlOrMeta+k');
    await focused(field()).waitFor();
    await page.keyboard.press(key);
    await palette().waitFor({ state: 'detached' });
    await focused(search).waitFor();
  }
  expect(await search.inputValue()).toBe('ti');
  await search.fill('');
});

test('words find tasks, the open project first, and Enter opens one', async () => {
  await page.keyboard.press('ControlOrMeta+k');
  await field().fill('charge');
  await expect.poll(options).toMatchObject([/Charge fees for late boats/, /Charge for ferries\s+island · Ready/]);
  expect(await violations()).toEqual([]);
  await field().fill('boats FEES');
  await expect.poll(options).toMatchObject([/Charge fees/]);
  await page.keyboard.press('Enter');
  await page.waitForURL(`**/tasks/${ids['Charge fees for late boats']}?project=${ids.harbor}`);
  await page.getByRole('heading', { name: 'Charge fees for late boats' }).waitFor();
  await page.keyboard.press('ControlOrMeta+k');
  await field().fill(ids['Charge for ferries']?.slice(5, 13) ?? '');
  await palette()
    .getByRole('option', { name: /Charge for ferries/ })
    .click();
  await page.waitForURL(`**/tasks/${ids['Charge for ferries']}?project=${ids.island}`);
});

test('it does with the open task what its header offers, and says what was refused', async () => {
  await page.getByRole('heading', { name: 'Charge for ferries' }).waitFor();
  await page.keyboard.press('ControlOrMeta+k');
  await expect.poll(options).toMatchObject({ 0: /^Start/, 1: /^Cancel/, 2: /^Skip/, 3: /^New task/ });
  await page.route('**/api/tasks/*/cancel', (route) => route.abort());
  await field().fill('cancel');
  await page.keyboard.press('Enter');
  await palette().getByRole('alert').waitFor();
  await page.unroute('**/api/tasks/*/cancel');
  await page.keyboard.press('Enter');
  await palette().waitFor({ state: 'detached' });
  await expect
    .poll(async () => (await sentra.client.getTask({ params: { id: ids['Charge for ferries'] ?? '' } })).status)
    .toBe('cancelled');
});

test('a merge is confirmed as on the page, and the focus is back when it is not', async () => {
  const body = { projectId: ids.harbor ?? '', title: 'Light the mole', autoStart: true };
  const { id } = await sentra.client.createTask({ body });
  await waitForTask(sentra, id);
  await page.goto(`${sentra.url}/tasks/${id}?project=${ids.harbor}&tab=logs`);
  await page.getByLabel('Search logs').focus();
  await page.keyboard.press('ControlOrMeta+k');
  await palette()
    .getByRole('option', { name: /^Merge / })
    .waitFor();
  expect((await options()).join()).not.toContain('Request changes');
  await field().fill('merge');
  await expect.poll(options).toMatchObject([/^Merges/, /^Merge\s+Light the mole/]);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  const confirm = page.getByRole('dialog', { name: /^Merge pull request/ });
  await confirm.getByRole('button', { name: 'Not now' }).click();
  await confirm.waitFor({ state: 'detached' });
  await focused(page.getByLabel('Search logs')).waitFor();
});

test('arrows, Home and End move through pages, projects and actions', async () => {
  await page.keyboard.press('ControlOrMeta+k');
  await field().waitFor();
  await page.keyboard.press('End');
  expect(await active()).toMatch(/^Logs/);
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('ArrowUp');
  await page.keyboard.press('ArrowUp');
  expect(await active()).toMatch(/^Settings\s*g s$/);
  await page.keyboard.press('Enter');
  await page.waitForURL('**/settings?*');

  await page.keyboard.press('ControlOrMeta+k');
  await field().fill('harbor');
  await page.keyboard.press('Enter');
  await page.waitForURL(`${sentra.url}/?project=${ids.harbor}`);

  for (const [theme, other] of [
    ['light', 'dark'],
    ['dark', 'light'],
  ]) {
    await page.keyboard.press('ControlOrMeta+k');
    await field().fill('theme');
    await palette()
      .getByRole('option', { name: `Use the ${theme} theme` })
      .waitFor();
    await page.keyboard.press('Enter');
    await expect.poll(() => page.locator('html').getAttribute('data-theme')).toBe(theme);
    await page.keyboard.press('ControlOrMeta+k');
    await palette()
      .getByRole('option', { name: `Use the ${other} theme` })
      .waitFor();
    expect(await violations()).toEqual([]);
    await page.keyboard.press('Escape');
    await palette().waitFor({ state: 'detached' });
  }
});

test('it leads to the list of keys, where its own is', async () => {
  await page.keyboard.press('ControlOrMeta+k');
  await field().fill('keyboard');
  await page.keyboard.press('Enter');
  const keys = page.getByRole('dialog', { name: 'Keyboard shortcuts' });
  await keys.getByText('Command palette: go to, find a task, or do something').waitFor();
  await focused(keys.getByRole('button', { name: 'Close' })).waitFor();
  await page.keyboard.press('Escape');
  await keys.waitFor({ state: 'detached' });
});

test('what nothing matches becomes a new task, and another dialog is answered first', async () => {
  await page.keyboard.press('ControlOrMeta+k');
  await field().fill('Paint the pier');
  await palette().getByText('No match. Enter creates a task with this title.').waitFor();
  await page.keyboard.press('Enter');
  const title = page.getByRole('dialog', { name: 'New task' }).getByLabel('Title');
  await focused(title).waitFor();
  expect(await title.inputValue()).toBe('Paint the pier');
  await page.keyboard.press('ControlOrMeta+k');
  expect(await palette().count()).toBe(0);
  await page.keyboard.press('Enter');
  await page.getByRole('link', { name: /Paint the pier/ }).waitFor();
});

test('a phone opens it with a button, and nothing is wider than the screen', async () => {
  const phone = await page.context().newPage();
  await phone.setViewportSize({ width: 360, height: 740 });
  await phone.goto(sentra.url);
  await phone.getByRole('button', { name: 'Command palette' }).click();
  await field(phone).fill('tide');
  await palette(phone)
    .getByRole('option', { name: /Show the tide/ })
    .waitFor();
  expect(await phone.evaluate('document.documentElement.scrollWidth')).toBe(360);
  expect(await violations(phone)).toEqual([]);
  await palette(phone)
    .getByRole('option', { name: /Show the tide/ })
    .click();
  await phone.waitForURL(`**/tasks/${ids['Show the tide']}`);
  expect(await phone.evaluate('document.documentElement.scrollWidth')).toBe(360);
  await phone.close();
});
