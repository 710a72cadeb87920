/** The log viewer in a real browser, on a log that is longer than the page could hold. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser } from '../helpers/browser.ts';
import { seedLog } from '../helpers/log-seed.ts';
import { makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra } from '../helpers/sentra.ts';

const seeded = 60_000;
/** Writes on and on, a hundred lines a second. */
const talker = `let line = 0;
setInterval(() => console.log('live line ' + ++line), 10);
`;
const repository = makeRepository({
  config: {
    agents: { default: 'talker', talker: { kind: 'command', command: ['node', 'talker.mjs'] } },
  },
  files: { 'talker.mjs': talker },
});

let sentra: TestSentra;
let browser: Browser;
let page: Page;
let taskId: string;
const errors: string[] = [];

beforeAll(async () => {
  [sentra, browser] = await Promise.all([startTestSentra(), openBrowser()]);
  page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  page.setDefaultTimeout(60_000);
  page.on('pageerror', (e) => errors.push(e.message));
  const { id: projectId } = await sentra.client.addProject({ body: { path: repository.path } });
  ({ id: taskId } = await sentra.client.createTask({ body: { projectId, title: 'Talk a lot' } }));
  await seedLog(sentra.home, taskId, seeded);
  await page.goto((await sentra.client.createLoginLink()).url);
  await page.getByRole('link', { name: /Talk a lot/ }).waitFor();
}, 180_000);
afterAll(async () => {
  await browser?.close();
  await sentra?.stop();
});

const open = (query: string) => page.goto(`${sentra.url}/tasks/${taskId}${query}`);
const row = (text: string | RegExp) => page.locator('.log-line').filter({ hasText: text });
const eventually = (look: () => unknown) => expect.poll(look, { timeout: 30_000 });
const rowCount = () => page.locator('.log-line').count();
const search = () => page.getByLabel('Search logs');
const matches = () => page.getByRole('status', { name: 'Matches' });

test('a link to a line shows it in the middle of all others, of which only those on the screen are in the page', {
  timeout: 120_000,
}, async () => {
  await open('?tab=logs&line=31415');
  const marked = page.locator('.log-line[data-marked]');
  await marked.getByText('line 31415 of').waitFor();
  await eventually(async () => (await marked.boundingBox())?.y).toBeGreaterThan(200);
  expect(await rowCount()).toBeLessThan(100);
  await page.getByText('60,000 of 60,000 lines').waitFor();

  await page.getByLabel('Go to line').fill('7');
  await page.getByLabel('Go to line').press('Enter');
  await marked.getByText('line 7 of').waitFor();
  expect(new URL(page.url()).searchParams.get('line')).toBe('7');
});

test('the scroll bar, the keys and a wrapped view reach every line', { timeout: 120_000 }, async () => {
  const list = page.getByRole('region', { name: 'Log lines' });
  await page.evaluate(`document.querySelector('.log').scrollTop = ${(30_000 - 20) * 20}`);
  await row('line 30000 holds a needle').waitFor();
  await list.focus();
  await page.keyboard.press('End');
  await row('line 60000 holds a needle').waitFor();
  await page.getByRole('button', { name: 'Wrap' }).click();
  await list.focus();
  await page.keyboard.press('Home');
  await row('line 1 of').waitFor();
  for (let times = 0; times < 4; times++) await page.keyboard.press('PageDown');
  await eventually(() => row('line 1 of').count()).toBe(0);
  for (let times = 0; times < 5; times++) await page.keyboard.press('PageUp');
  await row('line 1 of').waitFor();
  await page.getByRole('button', { name: 'Wrap' }).click();
});

test('a text or expression is found in the whole log, counted, gone through, and shown alone on request', {
  timeout: 120_000,
}, async () => {
  await open('?tab=logs&line=31415');
  await row('line 31415 of').waitFor();
  await search().fill('HOLDS A NEEDLE');
  await eventually(() => matches().textContent()).toBe('32/60');
  await row('line 32000').locator('mark').getByText('holds a needle').waitFor();
  await search().press('Enter');
  await eventually(() => matches().textContent()).toBe('33/60');
  await search().press('Shift+Enter');
  await search().press('Shift+Enter');
  await eventually(() => matches().textContent()).toBe('31/60');

  await page.getByRole('button', { name: 'Regular expression' }).click();
  await search().fill('line [1-3]000 holds');
  await eventually(() => matches().textContent()).toMatch(/^[1-3]\/3$/);
  await page.getByRole('button', { name: 'Only matching lines' }).click();
  await page.getByText('3 of 60,000 lines').waitFor();
  await eventually(rowCount).toBe(3);
  await search().fill('line (');
  await page.getByRole('alert').first().waitFor();
  await search().fill('');
  await page.getByText('60,000 of 60,000 lines').waitFor();
});

test('phases, levels and times narrow the lines, and a linked line keeps its place among them', {
  timeout: 120_000,
}, async () => {
  await open('?tab=logs&level=warn,error&line=31400');
  await page.locator('.log-line[data-marked]').getByText('line 31400').waitFor();
  await page.getByText('600 of 60,000 lines').waitFor();
  await page.getByRole('button', { name: 'Up to here' }).click();
  await page.getByText('314 of 60,000 lines').waitFor();
  await page.getByRole('checkbox', { name: 'CODE' }).click();
  await page.getByText('31 of 60,000 lines').waitFor();
  await page.getByRole('button', { name: 'Any time' }).click();
  await page.getByText('60 of 60,000 lines').waitFor();
});

test('new lines are followed until a person scrolls up, then told and gone to; from any page by the key l', {
  timeout: 180_000,
}, async () => {
  await sentra.client.executeTask({ params: { taskId }, body: {} });
  await page.goto(sentra.url);
  await page.getByRole('link', { name: /Talk a lot/ }).focus();
  await page.keyboard.press('l');
  const drawer = page.getByRole('dialog', { name: 'Logs of Talk a lot' });
  await drawer
    .locator('.log-line')
    .filter({ hasText: /live line [2-9]\d\d/ })
    .first()
    .waitFor({ timeout: 60_000 });

  await drawer.getByRole('region', { name: 'Log lines' }).hover();
  await page.mouse.wheel(0, -400);
  const follow = drawer.getByRole('button', { name: 'Follow' });
  await eventually(() => follow.getAttribute('aria-pressed')).toBe('false');
  const stays = await drawer.locator('.log-line').first().textContent();
  const told = drawer.getByRole('button', { name: /new lines$/ });
  await told.waitFor();
  expect(await drawer.locator('.log-line').first().textContent()).toBe(stays);
  await told.click();
  await eventually(() => follow.getAttribute('aria-pressed')).toBe('true');
  await sentra.client.cancelTask({ params: { id: taskId } });

  await page.keyboard.press('Escape');
  await drawer.waitFor({ state: 'detached' });
  await page.evaluate('document.activeElement.blur()');
  await page.keyboard.press('l');
  await page.getByRole('dialog', { name: 'Logs of which task?' }).getByRole('searchbox').press('Enter');
  await drawer.waitFor();
  await page.keyboard.press('Escape');

  await open('/logs?find=needle');
  await eventually(() => matches().textContent()).toMatch(/\/60$/);
  expect(errors).toEqual([]);
});

test('who said a line and in which attempt are counted and narrow the lines, also those that come', {
  timeout: 120_000,
}, async () => {
  const facet = (title: string) => page.getByRole('group', { name: title });
  const count = async (title: string, name: string) =>
    Number((await facet(title).textContent())?.match(new RegExp(`${name}only([\\d,]+)`))?.[1]?.replaceAll(',', ''));
  await open('?tab=logs&source=command');
  await page.getByText(/^60,000 of 6\d,\d{3} lines$/).waitFor();
  expect(await count('Source', 'command')).toBe(seeded);
  const before = await count('Source', 'agent');
  expect(before).toBeGreaterThan(200);

  await sentra.client.retryTask({ params: { id: taskId }, body: {} });
  await eventually(() => count('Source', 'agent')).toBeGreaterThan(before + 20);
  await facet('Source').getByRole('button', { name: 'Only agent' }).click();
  await row('live line').first().waitFor();
  expect(await count('Attempt', '1')).toBeGreaterThan(before);
  await facet('Attempt').getByRole('button', { name: 'Only 2' }).click();
  await eventually(rowCount).toBe(0);
  await facet('Attempt').getByRole('button', { name: 'Only 1' }).click();
  await row('live line').first().waitFor();
  await open('?tab=logs&source=agent&attempt=1&find=begins&only=true');
  await row(/begins [A-Z]+, attempt 1/)
    .first()
    .waitFor();
  expect(await row('live line').count()).toBe(0);
  await sentra.client.cancelTask({ params: { id: taskId } });
  expect(errors).toEqual([]);
});
