/** A team's backlog becomes tasks: by command line and on the page, all or none, and once. */
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser, signIn } from '../helpers/browser.ts';
import { runProduct } from '../helpers/product.ts';
import { agentConfig, git, makeFolder, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, waitForTask } from '../helpers/sentra.ts';

let sentra: TestSentra;
let browser: Browser;
let page: Page;
beforeAll(async () => {
  [sentra, browser] = await Promise.all([startTestSentra(), openBrowser()]);
  page = await browser.newPage({ viewport: { width: 390, height: 844 } });
});
afterAll(async () => {
  await browser?.close();
  await sentra?.stop();
});

async function addProject(): Promise<{ repository: string; projectId: string }> {
  const { path: repository } = makeRepository({ config: agentConfig('good', { merge: 'auto' }) });
  return { repository, projectId: (await sentra.client.addProject({ body: { path: repository } })).id };
}

const tasksOf = async (projectId: string) => (await sentra.client.listTasks({ query: { projectId } })).items;

test('a list in a file becomes tasks that run in their order; a second time only what is new', async () => {
  const { repository, projectId } = await addProject();
  const file = path.join(makeFolder('backlog'), 'backlog.md');
  const importing = (...more: string[]) =>
    runProduct(sentra.home, ['task', 'import', file, '--project', projectId, ...more]);
  writeFileSync(file, '1. Lay the keel\n2. [chore] Paint it (after 1)\n   In blue.\n3. [x] Choose a name\n');
  const dry = await importing('--dry-run');
  expect(dry).toMatchObject({ code: 0, out: expect.stringMatching(/2 +chore +medium +1 +Paint it/) });
  expect(dry.out).toContain('1 is done already and left out.');
  expect(await tasksOf(projectId)).toEqual([]);
  const { items } = JSON.parse((await importing('--start', '--json')).out);
  expect(items.map(({ key, title }: { key: string; title: string }) => `${key} ${title}`)).toEqual([
    '1 Lay the keel',
    '2 Paint it',
  ]);
  await waitForTask(sentra, items[1].id, ['completed']);
  expect(git(repository, 'log', '--format=%s', '--first-parent', '--reverse').split('\n').slice(-2)).toEqual([
    'merge: Lay the keel',
    'merge: Paint it',
  ]);
  writeFileSync(file, '1. Lay the keel\n2. Paint it (after 1)\n3. Launch it (after 2)\n');
  expect((await importing()).out).toMatch(
    /^TASK +KEY +TITLE\ntask-\S+ +3 +Launch it\n2 are tasks of the project already/,
  );
  expect((await tasksOf(projectId)).find(({ title }) => title === 'Launch it')?.dependencies).toEqual([items[1].id]);
  expect((await importing()).out).toMatch(/^Nothing new/);
  expect(await tasksOf(projectId)).toHaveLength(3);
});

test('a list that cannot become tasks creates none, and says why', async () => {
  const { projectId } = await addProject();
  const file = path.join(makeFolder('backlog'), 'backlog.csv');
  const importing = (text: string) => {
    writeFileSync(file, text);
    return runProduct(sentra.home, ['task', 'import', file, '--project', projectId]);
  };
  const circle = await importing('id,title,blocked by\na,One,b\nb,Two,a\nc,Three,d\n');
  expect(circle.code).not.toBe(0);
  expect(circle.err).toMatch(/Nothing was created\. .*"c" waits for "d", which is neither here.*a → b → a/);
  expect((await importing('[{"title":')).err).toMatch(/backlog\.csv: The list begins like JSON and is none/);
  const missing = await runProduct(sentra.home, ['task', 'import', '/nowhere', '--project', projectId]);
  expect(missing.err).toMatch(/The list \/nowhere cannot be read: ENOENT/);
  expect(await tasksOf(projectId)).toEqual([]);
});

test('on the page a list is shown as it is read, with what is wrong, and created once', async () => {
  const { projectId } = await addProject();
  await sentra.client.createTask({ body: { projectId, title: 'Lay the keel' } });
  await signIn(page, sentra.client);
  await page.goto(`${sentra.url}/?project=${projectId}`);
  const open = page.getByRole('button', { name: 'New task' }).first();
  await open.click();
  const dialog = page.getByRole('dialog', { name: 'New task' });
  await dialog.getByLabel('Title').and(page.locator(':focus')).waitFor();
  await dialog.getByRole('button', { name: 'Many from a list' }).click();
  const list = dialog.getByLabel('List', { exact: true });
  const create = dialog.getByRole('button', { name: /^Create/ });
  expect(await create.getAttribute('title')).toBe('Paste a list, or choose a file with one');
  await list.fill('1. Paint it (after 2)\n2. Launch it (after 1)');
  await dialog.getByText('These would wait for one another').waitFor();
  expect(await create.getAttribute('aria-disabled')).toBe('true');
  await dialog
    .getByLabel('File with the list')
    .setInputFiles({ name: 'list.csv', mimeType: 'text/csv', buffer: Buffer.from([0xff, 0xd8, 0]) });
  await dialog.getByText('list.csv: It is not a text file.').waitFor();
  await dialog.getByLabel('File with the list').setInputFiles({
    name: 'list.csv',
    mimeType: 'text/csv',
    buffer: Buffer.from('id,title,type,blocked by\n1,Lay the keel,,\n2,Paint it,bug,1\n3,Launch it,,2\n'),
  });
  const shown = dialog.getByRole('region', { name: 'What would be created' }).getByRole('listitem');
  await dialog.getByRole('button', { name: 'Create 2 tasks' }).waitFor();
  expect(await shown.allTextContents()).toEqual([
    expect.stringContaining('Paint it'),
    expect.stringContaining('after 2'),
  ]);
  await dialog.getByText('1 is a task of the project already and left out.').waitFor();
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  expect(await page.evaluate(`${axe}; axe.run().then((r) => r.violations.map((v) => v.id))`)).toEqual([]);
  expect(await page.evaluate('document.documentElement.scrollWidth')).toBe(390);
  await create.click();
  await dialog.waitFor({ state: 'hidden' });
  await open.and(page.locator(':focus')).waitFor();
  const tasks = await tasksOf(projectId);
  const idOf = (title: string) => tasks.find((task) => task.title === title)?.id;
  expect(tasks).toHaveLength(3);
  expect(tasks.find(({ title }) => title === 'Paint it')).toMatchObject({
    type: 'bug',
    dependencies: [idOf('Lay the keel')],
  });
  expect(tasks.find(({ title }) => title === 'Launch it')?.dependencies).toEqual([idOf('Paint it')]);
});
