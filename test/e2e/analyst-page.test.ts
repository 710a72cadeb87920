/** The analyst in a browser: a specification goes in, its tasks are edited as a graph, and then created. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser, signIn } from '../helpers/browser.ts';
import { makeFolder, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra } from '../helpers/sentra.ts';

const proposed = [
  { key: 'schema', title: 'Store invoices', description: 'A table.', type: 'chore', priority: 'high' },
  { key: 'api', title: 'Answer invoices', description: 'A route.', type: 'feature', dependencies: ['schema'] },
  { key: 'page', title: 'Show invoices', description: 'A page.', type: 'feature', dependencies: ['api'] },
  { key: 'mail', title: 'Mail invoices', description: 'Each month.', type: 'feature', dependencies: ['api'] },
  { key: 'filter', title: 'Filter invoices', description: 'By date.', type: 'feature', dependencies: ['page'] },
  { key: 'docs', title: 'Describe invoices', type: 'chore', priority: 'utmost', dependencies: ['mail', 'filter'] },
];

/** Says a line, waits until it may go on, and proposes the tasks above. */
const analyst = `
import { existsSync, writeFileSync } from 'node:fs';
for await (const _ of process.stdin);
console.log('Reading the invoices');
while (!existsSync(process.argv[2])) await new Promise((done) => setTimeout(done, 50));
writeFileSync(process.env.SENTRA_RESULT, JSON.stringify({ tasks: ${JSON.stringify(proposed)} }));
`;

let sentra: TestSentra;
let browser: Browser;
let page: Page;
let go: string;
beforeAll(async () => {
  [sentra, browser] = await Promise.all([startTestSentra(), openBrowser()]);
  go = path.join(makeFolder('go'), 'go');
  page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  await signIn(page, sentra.client);
});
afterAll(async () => {
  await browser?.close();
  await sentra?.stop();
});

const addProject = async (name: string) => {
  const command = ['node', 'analyst.mjs', go];
  const config = { agents: { default: 'mine', mine: { kind: 'command', command } }, isolation: 'none' };
  const repository = makeRepository({ config, files: { 'analyst.mjs': analyst } });
  return (await sentra.client.addProject({ body: { path: repository.path, name } })).id;
};
const region = (name: string) => page.getByRole('region', { name, exact: true });
const row = (title: string) => region('Proposed tasks').getByRole('button', { name: title });
const titles = async () =>
  (await region('Proposed tasks').getByRole('rowheader').allInnerTexts()).map((text) => text.split('\n')[0]?.trim());
const chosen = () => page.getByRole('complementary', { name: 'Chosen task' });
const saved = async () => {
  const id = new URL(page.url()).pathname.split('/').at(-1) ?? '';
  const { tasks } = await sentra.client.getAnalysis({ params: { id } });
  return Object.fromEntries(tasks.map(({ title, dependencies }) => [title, dependencies]));
};
const violations = async () => {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  return page.evaluate(`${axe}; axe.run().then((r) => r.violations.map((v) => v.id))`);
};
const widthAt = async (width: number) => {
  await page.setViewportSize({ width, height: 800 });
  return page.evaluate('document.documentElement.scrollWidth');
};

test('a specification becomes tasks that are dropped, merged, split and mended, then created', async () => {
  await page.goto(`${sentra.url}/analyst`);
  await page.getByText('Add a repository to begin').waitFor();
  const projectId = await addProject('harbor');
  await page.getByText('Nothing has been analyzed yet').waitFor();
  await page.getByText('npx sentra analyze FILE').waitFor();
  await page.getByText('Without a specification the repository itself is looked at').waitFor();
  expect(await violations()).toEqual([]);

  const file = { name: 'invoices.md', mimeType: 'text/markdown', buffer: Buffer.from('# Invoices\n\nAll of them.') };
  await page.getByLabel('File with the specification').setInputFiles(file);
  const specification = page.getByRole('textbox', { name: 'Specification' });
  await expect.poll(() => specification.inputValue()).toBe('# Invoices\n\nAll of them.');
  await page.getByRole('button', { name: 'Analyze', exact: true }).click();
  await page.getByRole('heading', { name: 'Invoices', level: 1 }).waitFor();
  await region('What the agent says').getByText('Reading the invoices').waitFor({ timeout: 60_000 });
  await page.getByRole('button', { name: 'Stop' }).waitFor();
  expect(await violations()).toEqual([]);
  writeFileSync(go, '');

  await row('Describe invoices').waitFor({ timeout: 60_000 });
  expect(await titles()).toEqual(proposed.map(({ title }) => title));
  await page.getByText('What Sentra put right').click();
  await page.getByText(/^Task 6: its priority was left out/).waitFor();

  await row('Mail invoices').click();
  await chosen().getByRole('button', { name: 'Drop' }).click();
  await expect.poll(saved).toEqual({
    'Store invoices': [],
    'Answer invoices': ['schema'],
    'Show invoices': ['api'],
    'Filter invoices': ['page'],
    'Describe invoices': ['api', 'filter'],
  });
  await page.getByRole('button', { name: 'Undo' }).click();
  await expect.poll(titles).toContain('Mail invoices');
  await page.keyboard.press('Control+z'); // nothing is left to take back
  await row('Mail invoices').click();
  await chosen().getByRole('button', { name: 'Drop' }).click();

  await page.getByRole('checkbox', { name: 'Mark Show invoices' }).check();
  await page.getByRole('checkbox', { name: 'Mark Filter invoices' }).check();
  await region('Marked tasks').getByText('2 tasks marked').waitFor();
  await region('Marked tasks').getByRole('button', { name: 'Merge into one' }).click();
  await region('Marked tasks').waitFor({ state: 'detached' });
  await expect.poll(saved).toEqual({
    'Store invoices': [],
    'Answer invoices': ['schema'],
    'Show invoices and Filter invoices': ['api'],
    'Describe invoices': ['api', 'page'],
  });

  const title = chosen().getByRole('textbox', { name: 'Title' });
  await expect.poll(() => title.inputValue()).toBe('Show invoices and Filter invoices');
  await title.fill('Show and filter invoices');
  await title.press('Enter');
  await row('Show and filter invoices').waitFor();

  await row('Store invoices').click();
  await chosen().getByRole('textbox', { name: 'Depends on' }).fill('describe');
  await chosen().getByRole('checkbox', { name: 'Describe invoices' }).check();
  await region('Problems').getByText('These would wait for one another').waitFor();
  const create = page.getByRole('button', { name: 'Create 4 tasks' });
  expect(await create.getAttribute('title')).toBe('1 problem to settle first');
  await row('Describe invoices').click();
  await region('Problems').getByRole('button', { name: 'Go to Store invoices' }).click();
  expect(await violations()).toEqual([]);
  await chosen().getByRole('button', { name: 'Remove Describe invoices' }).click();
  await region('Problems').waitFor({ state: 'detached' });

  await row('Answer invoices').click();
  await chosen().getByRole('button', { name: 'Split in two' }).click();
  await row('Answer invoices (part 2)').waitFor();
  expect(await violations()).toEqual([]);
  await page.getByRole('button', { name: 'Create 5 tasks' }).click();
  await page.waitForURL(/\/graph/);
  await page.getByText('Show and filter invoices').first().waitFor();

  const { items } = await sentra.client.listTasks({ query: { projectId } });
  const titleOf = new Map(items.map((task) => [task.id, task.title]));
  expect(Object.fromEntries(items.map((t) => [t.title, t.dependencies.map((id) => titleOf.get(id)).sort()]))).toEqual({
    'Store invoices': [],
    'Answer invoices (part 1)': ['Store invoices'],
    'Answer invoices (part 2)': ['Answer invoices (part 1)'],
    'Show and filter invoices': ['Answer invoices (part 2)'],
    'Describe invoices': ['Answer invoices (part 2)', 'Show and filter invoices'],
  });

  await page.keyboard.press('g');
  await page.keyboard.press('a');
  const listed = region('Analyses').getByRole('link', { name: /^Invoices/ });
  await listed.getByText('Tasks created').waitFor();
  await listed.click();
  await page.getByRole('link', { name: 'Show and filter invoices' }).click();
  await page.waitForURL(/\/tasks\/task-/);
});

test('an edit of a proposal that was changed elsewhere is refused, and the newer one shown', async () => {
  const projectId = await addProject('lighthouse');
  const { id } = await sentra.client.createAnalysis({ body: { projectId, specification: 'Lamps' } });
  await page.goto(`${sentra.url}/analyst/${id}`);
  await row('Store invoices').waitFor({ timeout: 60_000 });
  let isElsewhere = false;
  await page.route('**/api/analyses/*', async (route) => {
    if (isElsewhere || route.request().method() !== 'PATCH') return route.continue();
    isElsewhere = true;
    const { tasks } = await sentra.client.getAnalysis({ params: { id } });
    await sentra.client.patchAnalysis({ params: { id }, body: { tasks: tasks.slice(0, 2) } });
    return route.continue();
  });
  await page.getByRole('button', { name: 'Add a task' }).click();
  await page.getByText('The proposal was changed elsewhere meanwhile').waitFor();
  await expect.poll(titles).toEqual(['Store invoices', 'Answer invoices']);
  await page.keyboard.press('j');
  await expect.poll(() => chosen().getByRole('textbox', { name: 'Title' }).inputValue()).toBe('Store invoices');
  await page.keyboard.press('j');
  await expect.poll(() => chosen().getByRole('textbox', { name: 'Title' }).inputValue()).toBe('Answer invoices');

  await page.getByRole('button', { name: 'Throw away' }).click();
  await page.getByRole('dialog').getByRole('button', { name: 'Throw away' }).click();
  await page.getByText('A person ended the analysis.').waitFor();
  await page.getByRole('button', { name: 'Analyze again' }).click();
  await row('Describe invoices').waitFor({ timeout: 60_000 });
});

test('a phone has all of it', async () => {
  await widthAt(360);
  await page.goto(page.url().replace(/\?.*/, '')); // no task is chosen
  await row('Mail invoices').waitFor();
  expect(await widthAt(360)).toBe(360);
  await row('Mail invoices').click();
  const dialog = page.getByRole('dialog', { name: 'Proposed task' });
  await dialog.getByRole('textbox', { name: 'Title' }).waitFor();
  expect(await violations()).toEqual([]);
  await dialog.getByRole('button', { name: 'Drop' }).click();
  await dialog.getByRole('button', { name: 'Close' }).click();
  await expect.poll(titles).not.toContain('Mail invoices');
  await page.goto(`${sentra.url}/home`);
  await region('Needs you')
    .getByRole('link', { name: /^Lamps .*5 tasks are proposed. Look$/ })
    .waitFor();
  await page.getByRole('navigation', { name: 'More pages' }).getByRole('link', { name: 'Analyst' }).click();
  await region('Analyses')
    .getByRole('link', { name: /^Lamps/ })
    .waitFor();
  expect(await widthAt(360)).toBe(360);
  expect(await violations()).toEqual([]);
});
