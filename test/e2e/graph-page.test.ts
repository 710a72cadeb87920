/** The graph in a browser: what it shows follows what happens, and what it changes stays a graph. */
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
  const { path } = makeRepository({ config: agentConfig() });
  ({ id: projectId } = await sentra.client.addProject({ body: { path } }));
  await signIn(page, sentra.client);
});
afterAll(async () => {
  await browser?.close();
  await sentra?.stop();
});

const node = (title: string) => page.getByRole('region', { name: 'Graph of tasks' }).getByTitle(title, { exact: true });
const rail = () => page.getByRole('complementary', { name: 'About the graph' });
const placeOf = async (title: string) => (await node(title).boundingBox()) ?? { x: Number.NaN };

test('tasks stand right of what they wait for, follow what happens, and cannot be made to wait in a circle', async () => {
  await page.goto(`${sentra.url}/graph`);
  await page.getByText('No open task waits for another').waitFor();
  await page.getByText('npx sentra task add TITLE --depends TASK --start').waitFor();
  const make = (key: string, dependencies: string[] = []) => ({ key, title: `Task ${key}`, dependencies });
  const tasks = [make('a'), make('b', ['a']), make('c', ['b']), make('d', ['a']), make('alone')];
  const { items } = await sentra.client.createTasks({ body: { projectId, tasks } });
  await node('Task c').waitFor();
  await page.getByText('4 open · 3 waiting · 1 task without a link').waitFor();
  const [a, b, c] = [await placeOf('Task a'), await placeOf('Task b'), await placeOf('Task c')];
  expect(a.x).toBeLessThan(b.x);
  expect(b.x).toBeLessThan(c.x);
  const chain = rail().getByRole('listitem').filter({ hasText: 'Task' });
  expect(await chain.allInnerTexts()).toEqual([
    expect.stringContaining('Task a'),
    expect.stringContaining('Task b'),
    expect.stringContaining('Task c'),
  ]);

  await node('Task a').click();
  await rail().getByText('3 tasks').waitFor();
  await rail().getByRole('button', { name: 'Change' }).click();
  await rail().getByRole('textbox', { name: 'Depends on' }).fill('Task c');
  await rail()
    .getByRole('checkbox', { name: /Task c/ })
    .check();
  await rail().getByRole('button', { name: 'Save' }).click();
  await rail()
    .getByText(/would wait for one another: "Task a"/)
    .waitFor();

  await sentra.client.skipTask({ params: { id: items[0]?.id ?? '' } });
  await node('Task a').getByText('Skipped').waitFor();
  await node('Task b').getByText('Ready').waitFor();
  await page.getByRole('button', { name: 'Smaller' }).click();
  expect((await node('Task c').boundingBox())?.width).toBeLessThan(180);
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  expect(await page.evaluate(`${axe}; axe.run().then((r) => r.violations.map((v) => v.id))`)).toEqual([]);
});

test('a thousand tasks are a picture in a moment, and on a phone a box opens its task', {
  timeout: 120_000,
}, async () => {
  const { path } = makeRepository({ config: agentConfig() });
  const { id } = await sentra.client.addProject({ body: { path } });
  const tasks = Array.from({ length: 1_000 }, (_, at) => ({
    key: `k${at}`,
    title: `Node ${at}`,
    dependencies: at === 0 ? [] : [`k${Math.floor((at * 7) / 8)}`],
  }));
  await sentra.client.createTasks({ body: { projectId: id, tasks } });
  await page.goto(`${sentra.url}/graph?project=${id}`);
  await node('Node 999').waitFor();
  await page.getByRole('button', { name: 'Show all' }).click();
  expect(await page.locator('.graph-node').count()).toBe(1_000);
  await page.setViewportSize({ width: 390, height: 844 });
  await page.reload();
  await node('Node 0').click();
  await page.getByRole('heading', { name: 'Node 0' }).waitFor();
});

test('a page that cannot be loaded says so, and how to go on', async () => {
  await page.setViewportSize({ width: 1440, height: 900 });
  await page.goto(sentra.url);
  await page.route('**/assets/merges-*.js', (route) => route.abort()); // as after an update of Sentra
  await page.getByRole('link', { name: 'Merges' }).first().click();
  await page.getByText('This page could not be shown').waitFor();
  await page.unroute('**/assets/merges-*.js');
  await page.getByRole('button', { name: 'Load again' }).click();
  await page.getByText('Nothing waits to be merged').waitFor();
});
