import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser } from '../helpers/browser.ts';
import { agentConfig, agentPath, git, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until } from '../helpers/sentra.ts';

let sentra: TestSentra;
let browser: Browser;
let page: Page;
const errors: string[] = [];
const repository = makeRepository({ config: agentConfig('slow,fails-first') });

beforeAll(async () => {
  [sentra, browser] = await Promise.all([startTestSentra(), openBrowser()]);
  page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  page.on('pageerror', (e) => errors.push(e.message));
});
afterAll(async () => {
  await browser?.close();
  await sentra?.stop();
});

/** One agent lets nobody in for an hour, one always fails, and the worktrees lack something. */
const troubled = makeRepository({
  config: {
    limits: { agentAttempts: 1 },
    agents: {
      default: 'limited',
      limited: { kind: 'command', command: ['node', agentPath, `until=${Date.now() + 3_600_000}`] },
      broken: { kind: 'command', command: ['node', agentPath, 'exit1'] },
    },
  },
  files: { '.gitattributes': '*.psd filter=lfs diff=lfs merge=lfs -text\n' },
});

const login = async () => {
  const { url } = await sentra.client.createLoginLink();
  await page.goto(url);
};

test('without a link the page says how to get one', async () => {
  await page.goto(sentra.url);
  await page.getByText('sentra open').waitFor();
});

test('a person adds a repository, creates a task, watches it, filters its log, reads the diff and merges', {
  timeout: 180_000,
}, async () => {
  await login();
  await page.getByLabel(/path/i).first().fill(repository.path);
  await page.getByRole('button', { name: /add/i }).first().click();
  await page.getByRole('button', { name: 'New task' }).first().click();
  const dialog = page.getByRole('dialog', { name: 'New task' });
  await dialog.getByLabel('Title').fill('Greet the world');
  await dialog.getByRole('button', { name: 'Create task' }).click();
  await page.getByRole('link', { name: /Greet the world/ }).click();

  await page.getByRole('button', { name: 'Start', exact: true }).click();
  await page.getByRole('tab', { name: 'Progress' }).click();
  await page
    .getByText(/still working on PLAN/)
    .first()
    .waitFor(); // while the session still runs
  expect(await page.getByText(/working on CODE/).count()).toBe(0);
  await page
    .getByText(/The tests fail/)
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Merge' }).and(page.locator(':not([aria-disabled="true"])')).first().waitFor();

  await page.getByRole('tab', { name: 'Logs' }).click();
  await page.getByText('working on REVIEW, attempt 1').first().waitFor();
  await page.getByRole('checkbox', { name: 'REVIEW' }).click();
  await expect.poll(() => page.getByText('working on REVIEW, attempt 1').count()).toBe(0);
  await page.getByLabel('Search logs').fill('working on CODE, attempt');
  await page
    .getByText(/^[12]\/2$/)
    .first()
    .waitFor();

  await page.getByRole('tab', { name: 'Branch' }).click();
  const diff = page.getByRole('region', { name: 'Diff' });
  await diff.getByText('written 2').waitFor();
  await page.getByRole('button', { name: 'Merge' }).first().click();
  await page.getByRole('button', { name: 'Confirm merge' }).click();
  await page.getByText('Done', { exact: true }).first().waitFor();
  expect(git(repository.path, 'log', '-1', '--format=%s')).toBe('merge: Greet the world');
  expect(errors).toEqual([]);
});

test('a template kept on the page fills the form of a new task', { timeout: 60_000 }, async () => {
  await page.goto(`${sentra.url}/settings`);
  await page.waitForLoadState('networkidle'); // lists that are still to come push the button away
  await page.getByRole('button', { name: 'New template' }).click();
  const dialog = page.getByRole('dialog', { name: 'New template' });
  await dialog.getByLabel('Name').fill('upgrade');
  await dialog.getByLabel('Title').fill('Upgrade the parts');
  await dialog.getByLabel('Type').selectOption('chore');
  await dialog.getByRole('button', { name: 'Keep template' }).click();
  await page.getByRole('heading', { name: 'upgrade' }).waitFor();

  await page.getByRole('button', { name: 'New task' }).first().click();
  const form = page.getByRole('dialog', { name: 'New task' });
  await form.getByLabel('Template').selectOption('upgrade');
  expect(await form.getByLabel('Title').inputValue()).toBe('Upgrade the parts');
  expect(await form.getByLabel('Type').inputValue()).toBe('chore');
  await form.getByRole('button', { name: 'Create task' }).click();
  await form.waitFor({ state: 'hidden' });
  const { items } = await sentra.client.listTasks({ query: { q: 'Upgrade the parts' } });
  expect(items).toMatchObject([{ type: 'chore', status: 'pending' }]);
});

test('the page says in words what holds tasks back: a limit of the model, an agent that fails, what a worktree lacks', {
  timeout: 90_000,
}, async () => {
  const { client } = sentra;
  const { id: projectId } = await client.addProject({ body: { path: troubled.path, name: 'troubled' } });
  const broken = Array.from({ length: 5 }, (_, at) => ({ key: `b${at}`, title: `Broken ${at}`, agent: 'broken' }));
  const tasks = [...broken, { key: 'limited', title: 'Wait for the model' }].map((task) => ({
    ...task,
    autoStart: true,
  }));
  await client.createTasks({ body: { projectId, tasks } });
  await until(async () => (await client.listBreakers()).items.length === 1, 60_000);
  await client.createTask({ body: { projectId, title: 'Broken too', agent: 'broken', autoStart: true } });

  await page.goto(`${sentra.url}/?project=${projectId}`);
  await page.getByText(/broken starts nothing in troubled until \d\d:\d\d/).waitFor();
  await page.getByRole('link', { name: /Broken too .*broken is stopped until \d\d:\d\d/ }).waitFor();
  await page.getByRole('link', { name: /Wait for the model .*Waits for the model until .*\d\d:\d\d/ }).click();
  await page
    .getByText(/^Waits for the model until .*\d\d:\d\d$/)
    .filter({ visible: true })
    .waitFor();
  await page
    .getByText(/lets nobody in until [^T]*: the weekly limit/)
    .filter({ visible: true })
    .first()
    .waitFor();
  await page.goto(`${sentra.url}/settings`);
  await page.getByText('Files of LFS are pointers in a worktree').waitFor();
});

test('no page has a fault that axe finds, wide and on a phone, dark and light', { timeout: 180_000 }, async () => {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const taskOf = async (q: string) => (await sentra.client.listTasks({ query: { q } })).items[0]?.id;
  const [done, parked] = [await taskOf('Greet the world'), await taskOf('Wait for the model')];
  const paths = [
    '/',
    '/?q=nothing-like-it',
    `/tasks/${done}?tab=logs`,
    `/tasks/${done}/logs?line=2`,
    `/tasks/${done}?tab=branch`,
    `/tasks/${parked}?tab=progress`,
    `/tasks/${done}?tab=details`,
    `/tasks/${parked}?tab=progress&view=sessions`,
    '/table',
    '/graph',
    '/home',
    '/resources',
    '/settings',
  ];
  for (const [width, theme] of [
    [1440, 'dark'],
    [390, 'light'],
  ] as const) {
    await page.setViewportSize({ width, height: 900 });
    await page.evaluate(`localStorage.setItem('sentra.theme', '${theme}')`);
    for (const path of paths) {
      await page.goto(`${sentra.url}${path}`);
      await page.getByRole('main').waitFor();
      await page.waitForLoadState('networkidle').catch(() => {}); // sockets stay open; what matters has come by then
      const found = (await page.evaluate(`${axe}; axe.run().then((r) => r.violations.map((v) => v.id))`)) as string[];
      expect([path, width, found]).toEqual([path, width, []]);
      const overflow = await page.evaluate('document.documentElement.scrollWidth - innerWidth');
      expect([path, width, overflow]).toEqual([path, width, 0]);
    }
  }
});

test('a person closes the breaker, and drains the worker after a warning that it is the only one', {
  timeout: 60_000,
}, async () => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(sentra.url);
  await page.getByRole('button', { name: 'Close the breaker of broken' }).click();
  await page.getByText(/broken starts nothing/).waitFor({ state: 'detached' });
  expect((await sentra.client.listBreakers()).items).toEqual([]);

  await page.goto(`${sentra.url}/resources`);
  await page.getByRole('button', { name: /^Drain worker-/ }).click();
  const dialog = page.getByRole('dialog', { name: /^Drain worker-/ });
  await dialog.getByText('No other worker takes work').waitFor();
  await dialog.getByRole('button', { name: 'Drain', exact: true }).click();
  await page.getByText('It finishes what it has and takes nothing more.').waitFor();
  expect((await sentra.client.listWorkers()).items).toMatchObject([{ state: 'draining' }]);
  expect(errors).toEqual([]);
});
