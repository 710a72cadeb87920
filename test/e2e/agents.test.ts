/** An agent of the Agent Client Protocol works on a task from the plan to the review, in its room. */
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { installAcpAgent } from '../agents/acp-agent.ts';
import { openBrowser } from '../helpers/browser.ts';
import { cli } from '../helpers/cli.ts';
import { makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, waitForRun } from '../helpers/sentra.ts';

let sentra: TestSentra;
let browser: Browser;
const installed = await installAcpAgent();
beforeAll(async () => {
  [sentra, browser] = await Promise.all([startTestSentra(), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await sentra?.stop();
  await installed.remove();
});

test('a task goes through all phases with an ACP agent, whose tools and costs are told, and every door lists it', async () => {
  const { command } = installed.agent('works');
  const config = { agents: { default: 'protocol', protocol: { kind: 'acp', command, model: 'large' } } };
  const { path } = makeRepository({ config });
  const { id: projectId } = await sentra.client.addProject({ body: { path } });
  const { id } = await sentra.client.createTask({ body: { projectId, title: 'Say hello' } });
  await sentra.client.executeTask({ params: { taskId: id }, body: { workflowType: 'full_sdlc' } });
  const task = await waitForRun(sentra, id);
  expect(task).toMatchObject({ status: 'in_review', error: null });
  expect(task.costUsd).toBeCloseTo(1.5); // half a dollar in each of three sessions
  const { files } = await sentra.client.getDiff({ params: { id } });
  expect(files.map((file) => file.path)).toContain('hello.txt');
  const { items } = await sentra.client.listLogs({ params: { taskId: id }, query: { phase: 'CODE' } });
  const messages = items.map(({ message }) => message);
  expect(messages).toEqual(expect.arrayContaining(['I write the file.', 'Write hello.txt', 'File hello.txt written']));

  const agents = (await sentra.client.listAgents()).items;
  expect(agents.find(({ name }) => name === 'protocol')).toMatchObject({ source: 'project', available: true });
  expect(agents.find(({ name }) => name === 'qwen')).toMatchObject({ source: 'preset', installed: false });
  const { out } = await cli(['agent', 'list'], {}, { client: async () => sentra.client });
  expect(out).toMatch(/protocol +acp +available .* yes +told +told +its own/);

  const page = await browser.newPage();
  await page.goto((await sentra.client.createLoginLink()).url);
  await page.getByRole('link', { name: 'Settings' }).first().click();
  await page.getByText('protocol', { exact: true }).click();
  await page.getByText('asked for in words').filter({ visible: true }).waitFor();
  await page.getByText(/not installed on this host: .*qwen/).waitFor();
});
