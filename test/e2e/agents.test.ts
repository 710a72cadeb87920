/** An agent of the Agent Client Protocol works on a task from the plan to the review, in its room. */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RunExport } from '#src/domain/run-export.ts';
import { installAcpAgent } from '../agents/acp-agent.ts';
import { openBrowser } from '../helpers/browser.ts';
import { cli } from '../helpers/cli.ts';
import { makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until, waitForRun } from '../helpers/sentra.ts';

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

test('a task is worked on with the model and effort that a person gives it; a phase whose agent takes none fails before anything is spent', async () => {
  const { command } = installed.agent('works');
  const agents = {
    default: 'protocol',
    protocol: { kind: 'acp', command, model: 'small' },
    phases: { review: 'plain' },
    plain: { kind: 'command', command: ['node'] },
  };
  const { client } = sentra;
  const { id: projectId } = await client.addProject({ body: { path: makeRepository({ config: { agents } }).path } });
  const wrong = { projectId, title: 'Review too', model: 'large' };
  await expect(client.createTask({ body: wrong })).rejects.toThrow(/"plain" cannot be given a model/);
  const add = ['task', 'add', 'Code', '--project', projectId, '--workflow', 'code', '--model', 'large', '--json'];
  const { id } = JSON.parse((await cli(add, {}, { client: async () => client })).out);

  const page = await browser.newPage();
  await page.goto((await client.createLoginLink()).url);
  await page.getByRole('link', { name: 'Settings' }).first().waitFor();
  await page.goto(`${sentra.url}/tasks/${id}`);
  await page.getByRole('button', { name: 'Edit' }).first().click();
  await page.getByLabel('Effort').selectOption('high');
  await page.getByRole('button', { name: 'Save' }).click();
  await page.getByLabel('About this task').getByText('large', { exact: true }).waitFor();
  await page.getByLabel('About this task').getByText('high', { exact: true }).waitFor();
  await page.close();

  await client.executeTask({ params: { taskId: id }, body: {} });
  expect(await waitForRun(sentra, id)).toMatchObject({ error: null, model: 'large', effort: 'high' });
  const sessions = async () => (await client.listSessions({ params: { id } })).items;
  expect(await sessions()).toMatchObject([{ agent: 'protocol', model: 'large', outcome: 'done' }]);

  await client.executeTask({ params: { taskId: id }, body: { workflowType: 'review' } });
  expect((await waitForRun(sentra, id)).error).toMatchObject({
    code: 'invalid_config',
    message: expect.stringContaining('The agent "plain" cannot be given a model, and the task asks for "large"'),
  });
  expect(await sessions()).toHaveLength(1);
});

test('what an ACP agent runs asks and tells by the socket of its session, as hooks of Claude Code do, behind the wall', async () => {
  const { client } = sentra;
  const { command } = installed.agent('asks-sentra');
  const config = { agents: { default: 'asking', asking: { kind: 'acp', command } } };
  const { id: projectId } = await client.addProject({ body: { path: makeRepository({ config }).path } });
  const body = { projectId, title: 'Ask', workflowType: 'code' as const, autoStart: true };
  const { id } = await client.createTask({ body });
  const params = { id };
  const events = async () => (await client.listHookEvents({ params, query: {} })).items;
  await until(async () => (await events()).some(({ source }) => source === 'file'), 60_000, sentra.output);
  await client.patchProject({ params: { id: projectId }, body: { paused: true } });
  await client.sendMessage({ params, body: { text: `Be brief with ${sentra.token}` } });
  const task = await waitForRun(sentra, id);
  expect(task).toMatchObject({ error: null, isolation: 'shared' });
  const { state, goOn } = JSON.parse(readFileSync(join(task.worktreePath ?? '', 'heard.json'), 'utf8'));
  expect(state).toMatchObject({ taskId: id, phase: 'CODE', attempt: 1 });
  expect(goOn).toEqual({ goOn: true, reason: null, paused: true, messagesWaiting: 1 });
  const told = (await events()).reverse().map(({ source, event, hook }) => `${source} ${event} ${hook}`);
  expect(told).toEqual(['sdk SessionStart sentra', 'file UserPromptSubmit mine', 'sdk SessionEnd sentra']);
  const out = (await cli(['task', 'export', id], {}, { client: async () => client })).out;
  const exported = RunExport.parse(JSON.parse(out));
  expect(exported.messages).toMatchObject([{ text: 'Be brief with [redacted]', state: 'delivered', phase: 'CODE' }]);
  expect(exported.hookEvents.map(({ hook }) => hook)).toEqual(['sentra', 'mine', 'sentra']);
});
