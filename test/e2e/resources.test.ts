import { execFileSync } from 'node:child_process';
import { readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openBrowser, signIn } from '../helpers/browser.ts';
import { agentConfig, makeFolder, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until, waitForRun } from '../helpers/sentra.ts';

const mayMount = process.platform === 'linux' && process.getuid?.() === 0;
if (!mayMount) console.warn('The test of a disk that fills up needs root on Linux, to mount one: it is left out here.');

let sentra: TestSentra;
let browser: Browser;
let page: Page;
let project: { id: string };
const disk = makeFolder('worktrees');
const repository = makeRepository({
  config: agentConfig('waits', { worktreesDir: disk, ports: ['FRONTEND_PORT'], pool: { size: 0 } }),
});

beforeAll(async () => {
  if (mayMount) execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=64m', 'tmpfs', disk]);
  [sentra, browser] = await Promise.all([startTestSentra({ env: { SENTRA_MIN_DISK: '20MB' } }), openBrowser()]);
  page = await (await browser.newContext({ viewport: { width: 1440, height: 900 } })).newPage();
  project = await sentra.client.addProject({ body: { path: repository.path } });
  await signIn(page, sentra.client);
});
afterAll(async () => {
  await browser?.close();
  await sentra?.stop();
  if (mayMount) execFileSync('umount', [disk]);
});

const add = (title: string) =>
  sentra.client.createTask({ body: { projectId: project.id, title, workflowType: 'plan_code', autoStart: true } });

/** Its agent has waited to be seen. */
const goOn = async (id: string) => {
  const { worktreePath } = await sentra.client.getTask({ params: { id } });
  writeFileSync(path.join(worktreePath ?? '', 'go'), '');
};

const costOf = async (taskId: string) =>
  (await sentra.client.getResources()).tasks.find((task) => task.taskId === taskId);

test('what a task takes is seen while it is at work, and stays with its run through a restart', {
  timeout: 240_000,
}, async () => {
  await page.goto(`${sentra.url}/resources`);
  await page.getByText('None takes anything.').waitFor();
  const { id } = await add('Count the costs');
  const row = page.getByRole('row', { name: /Count the costs/ });
  await row
    .getByText(/^\d+(\.\d)? MB$/)
    .first()
    .waitFor({ timeout: 60_000 });
  const working = await costOf(id);
  expect(working?.now?.processes).toBeGreaterThan(0);
  expect(working?.now?.memory).toBeGreaterThan(20e6);
  expect(Object.keys(working?.ports ?? {})).toContain('FRONTEND_PORT');

  await goOn(id);
  await waitForRun(sentra, id, 120_000);
  await until(async () => (await costOf(id))?.now === null, 20_000);
  await until(async () => ((await costOf(id))?.disk?.own ?? 0) > 0, 60_000);
  const spent = (await sentra.client.listRuns({ params: { id } })).items[0];
  expect(spent?.cpuSeconds).toBeGreaterThan(0.05);
  expect(spent?.peakMemory).toBeGreaterThan(20e6);
  await sentra.kill();
  await sentra.restart();
  const kept = (await sentra.client.listRuns({ params: { id } })).items[0];
  expect(kept?.cpuSeconds).toBeGreaterThanOrEqual(spent?.cpuSeconds ?? Number.NaN);
  expect(kept?.peakMemory).toBeGreaterThanOrEqual(spent?.peakMemory ?? Number.NaN);
  expect(await costOf(id)).toMatchObject({ cpuSeconds: kept?.cpuSeconds, now: null });
});

describe.runIf(mayMount)('on a disk that fills up', () => {
  const filling = path.join(disk, 'filling');

  test('nothing new starts, every door says why, and it goes on by itself when there is room', {
    timeout: 240_000,
  }, async () => {
    writeFileSync(filling, Buffer.alloc(50e6));
    await until(async () => (await sentra.client.getSystem()).shortages.length > 0, 20_000);
    const { id } = await add('Wait for room');
    await until(async () => (await whyOf(id)).includes('disk_low'), 20_000);
    expect((await sentra.client.getTask({ params: { id } })).worktreePath).toBeNull();

    await signIn(page, sentra.client); // the server has another port since its restart
    await page.goto(`${sentra.url}/resources?sort=peak`);
    await page
      .getByText(/nothing new starts under 20 MB.*worktree clean/)
      .first()
      .waitFor();
    for (const [width, height] of [
      [1440, 900],
      [390, 844],
    ] as const) {
      await page.setViewportSize({ width, height });
      await page.getByText('Count the costs').first().waitFor();
      expect(await faultsOn(page)).toEqual([]);
    }

    rmSync(filling);
    await until(async () => (await sentra.client.getSystem()).shortages.length === 0, 20_000);
    await until(async () => (await sentra.client.getTask({ params: { id } })).phase === 'CODE', 60_000);
    await goOn(id);
    await waitForRun(sentra, id, 120_000);
    await page
      .getByText(/nothing new starts/)
      .first()
      .waitFor({ state: 'detached' });
  });
});

const whyOf = async (id: string) =>
  (await sentra.client.getWhy({ params: { id } })).reasons.map(({ code }) => code).join();

async function faultsOn(shown: Page): Promise<string[]> {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const found = (await shown.evaluate(`${axe}; axe.run().then((r) => r.violations.map((v) => v.id))`)) as string[];
  const overflow = await shown.evaluate('document.documentElement.scrollWidth - innerWidth');
  return overflow === 0 ? found : [...found, `the page is ${overflow} px too wide`];
}
