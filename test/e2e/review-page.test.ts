/** A person's review on the page, of a large change, at a desk and on a phone; and the page of the merge queue. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser } from '../helpers/browser.ts';
import { refusal } from '../helpers/failing.ts';
import { agentConfig, git, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, waitForTask } from '../helpers/sentra.ts';

let sentra: TestSentra;
let browser: Browser;

beforeAll(async () => {
  [sentra, browser] = await Promise.all([startTestSentra(), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await sentra?.stop();
});

const sizes = { desk: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

async function openPage(size: keyof typeof sizes): Promise<Page> {
  const context = await browser.newContext({ viewport: sizes[size], hasTouch: size === 'phone' });
  const page = await context.newPage();
  const { url } = await sentra.client.createLoginLink();
  await page.goto(url);
  await page.getByRole('heading').first().waitFor();
  return page;
}

async function addProject(modes: string, config: object = {}) {
  const repository = makeRepository({ config: agentConfig(modes, { ...config }) });
  const { id } = await sentra.client.addProject({ body: { path: repository.path } });
  return { id, path: repository.path };
}

const create = async (projectId: string, title: string) =>
  (await sentra.client.createTask({ body: { projectId, title, autoStart: true } })).id;

const sideways = (page: Page) =>
  page.evaluate<number>('document.documentElement.scrollWidth - document.documentElement.clientWidth');

test.each(['desk', 'phone'] as const)(
  '5,000 changed lines are read, sent back, read again and merged: %s',
  {
    timeout: 180_000,
  },
  async (size) => {
    const project = await addProject('good,large');
    const id = await create(project.id, `Write it, at the ${size}`);
    await waitForTask(sentra, id, ['in_review']);
    const page = await openPage(size);
    await page.goto(`${sentra.url}/tasks/${id}?tab=branch`);
    const large = page.getByRole('article', { name: 'large.ts' });
    await large.getByRole('button', { name: /^Show 5\d{3} lines$/ }).click();
    const line = large.getByRole('button', { name: 'Comment on line 4321', exact: true });
    await line.scrollIntoViewIfNeeded();
    await line.click();
    await large.getByRole('textbox', { name: 'Comment' }).fill('Say what this value is for.');
    await large.getByRole('button', { name: 'Add comment' }).click();
    await large.getByText('Draft').waitFor();
    await page
      .getByRole('button', { name: /^Request changes/ })
      .first()
      .click();
    await page.getByRole('dialog').getByRole('button', { name: 'Send back' }).click();
    await waitForTask(sentra, id, ['running', 'queued']);
    await waitForTask(sentra, id, ['in_review']);
    const { items } = await sentra.client.listRuns({ params: { id } });
    expect(items).toHaveLength(2);
    await page.reload();
    await large.getByRole('button', { name: /^Show 5\d{3} lines$/ }).click();
    await large.getByText("'mended'").first().waitFor();
    await large.getByText('Say what this value is for.').waitFor();
    expect(await sideways(page)).toBe(0);
    await page.getByRole('button', { name: 'Merge', exact: true }).first().click();
    await page.getByRole('button', { name: 'Confirm merge' }).click();
    await waitForTask(sentra, id, ['completed']);
    expect(git(project.path, 'show', 'main:large.ts').split('\n')[4320]).toBe("export const value4321 = 'mended';");
  },
);

test('the page of the merge queue says what a person has to decide, and lets an agent do it', {
  timeout: 120_000,
}, async () => {
  const project = await addProject('good,shares');
  const ids = [await create(project.id, 'Write first'), await create(project.id, 'Write second')];
  for (const id of ids) await waitForTask(sentra, id, ['in_review']);
  const page = await openPage('phone');
  await page.goto(`${sentra.url}/merges?project=${project.id}`);
  await page.getByText('Nothing waits to be merged').waitFor();
  await sentra.client.mergeTask({ params: { id: ids[0] ?? '' } });
  await refusal(sentra.client.mergeTask({ params: { id: ids[1] ?? '' } }));
  await page.getByText(/conflicts with main in shared.txt/).waitFor();
  expect(await sideways(page)).toBe(0);
  await page.getByRole('button', { name: 'Let an agent work it in' }).click();
  await page.getByText('Nothing waits to be merged').waitFor();
  await waitForTask(sentra, ids[1] ?? '', ['in_review']);
});
