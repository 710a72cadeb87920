/** What people say to agents: messages and interrupts, an edited plan, a project's own prompts; each as the session was sent it. */
import type { Browser, Page } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { ToldSession } from '#src/domain/agent-session.ts';
import type { Project } from '#src/domain/project.ts';
import { openBrowser, signIn } from '../helpers/browser.ts';
import { agentConfig, git, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, waitForRun, waitForTask } from '../helpers/sentra.ts';
import { waitForLine } from '../helpers/survival.ts';

let sentra: TestSentra;
let project: Project;
let browser: Browser;
let page: Page;
const repository = makeRepository({ config: agentConfig('holds-CODE') });

beforeAll(async () => {
  [sentra, browser] = await Promise.all([startTestSentra(), openBrowser()]);
  page = await browser.newPage({ viewport: { width: 390, height: 844 } });
  project = await sentra.client.addProject({ body: { path: repository.path } });
});
afterAll(async () => {
  await browser?.close();
  await sentra?.stop();
});

const create = async (title: string, more = {}) =>
  (await sentra.client.createTask({ body: { projectId: project.id, title, description: 'As *described*.', ...more } }))
    .id;
const execute = (taskId: string, body: object) => sentra.client.executeTask({ params: { taskId }, body });
const sessionsOf = async (id: string): Promise<ToldSession[]> => {
  const { items } = await sentra.client.listSessions({ params: { id } });
  return Promise.all(items.reverse().map((one) => sentra.client.getSession({ params: { id, sessionId: one.id } })));
};
async function openTask(id: string, tab: string): Promise<void> {
  await signIn(page, sentra.client);
  await page.goto(`${sentra.url}/tasks/${id}?tab=${tab}`);
}
const messagesOf = async (id: string) => (await sentra.client.listMessages({ params: { id } })).items;

test('the plan that a person edited before CODE is what CODE gets, as a commit of its own; while CODE works it stays', async () => {
  const { client } = sentra;
  const id = await create('Plan it');
  const params = { id };
  await execute(id, { workflowType: 'plan' });
  await waitForRun(sentra, id);
  expect(await client.getPlan({ params })).toMatchObject({
    editable: true,
    versions: [{ version: 1, author: 'agent' }],
  });
  const mine = `# Plan\n\n1. Write ${id}.txt\n2. Mind the harbour.`;
  await openTask(id, 'details');
  const section = page.getByRole('region', { name: 'Plan' });
  await section.getByRole('button', { name: 'Edit' }).click();
  await section.getByLabel('Plan', { exact: true }).fill(`${mine}\n`);
  await section.getByRole('button', { name: 'Keep plan' }).click();
  await section.getByRole('button', { name: '2 by a person' }).waitFor();
  expect(await client.getPlan({ params })).toMatchObject({
    plan: mine,
    versions: [{ version: 2, author: 'person' }, { version: 1 }],
  });
  await execute(id, { workflowType: 'code_test' });
  await waitForLine(sentra, id, 'holding CODE');
  await expect(client.putPlan({ params, body: { plan: 'Another' } })).rejects.toThrow(/CODE works by it already/);
  await client.interruptTask({ params });
  const task = await waitForRun(sentra, id);
  expect(task.error).toBeNull();
  const coded = (await sessionsOf(id)).filter(({ phase }) => phase === 'CODE');
  expect(coded).toHaveLength(2);
  for (const { prompt } of coded) expect(prompt).toContain(mine);
  expect(coded[1]?.prompt).toContain('A person stopped your turn.');
  const branch = task.branchName ?? '';
  expect(git(repository.path, 'log', '--format=%s', branch).split('\n').slice(0, 3)).toEqual([
    'code: Plan it',
    'plan: Edited plan for Plan it',
    'plan: Plan for Plan it',
  ]);
  expect(git(repository.path, 'show', '--name-only', '--format=', `${branch}~1`)).toBe(`.sentra/plans/${id}.md`);
  expect(git(repository.path, 'show', `${branch}:.sentra/plans/${id}.md`)).toBe(mine);
  await expect(execute(id, { workflowType: 'plan', fromPhase: 'CODE' })).rejects.toThrow(/plan has no CODE/);
});

test('a message that was kept when the server died is in the prompt of the session that begins again, and in no other', {
  timeout: 90_000,
}, async () => {
  const id = await create('Survive', { autoStart: true });
  await waitForLine(sentra, id, 'holding CODE');
  const sent = await sentra.client.sendMessage({ params: { id }, body: { text: 'Mind `the tide`.' } });
  expect(sent).toMatchObject({ state: 'waiting', interrupt: false });
  await sentra.kill();
  await sentra.restart();
  expect(await waitForTask(sentra, id)).toMatchObject({ status: 'in_review' });
  const told = (await sessionsOf(id)).map(({ phase, prompt }) => `${phase} ${prompt?.includes('Mind `the tide`.')}`);
  expect(told).toEqual(['PLAN false', 'CODE false', 'CODE true', 'REVIEW false']);
  expect(await messagesOf(id)).toMatchObject([
    { state: 'delivered', phase: 'CODE', sessionId: (await sessionsOf(id))[2]?.id },
  ]);
});

test('an agent that cannot be interrupted begins again with what the person said; without one at work it is refused', async () => {
  const id = await create('Turn round', { autoStart: true });
  await waitForLine(sentra, id, 'holding CODE');
  await openTask(id, 'progress');
  const messages = page.getByRole('region', { name: 'Messages' });
  await messages.getByLabel('Message to the agent').fill('Mind the tide.');
  await messages.getByRole('button', { name: 'Send' }).click();
  await messages.getByText('waiting').waitFor();
  await messages.getByLabel('Message to the agent').fill('Not that file.');
  await messages.getByRole('button', { name: 'Interrupt' }).click();
  await messages
    .getByText(/heard in CODE/)
    .nth(1)
    .waitFor();
  expect(await waitForTask(sentra, id)).toMatchObject({ status: 'in_review' });
  const sessions = await sessionsOf(id);
  expect(sessions.map(({ phase, attempt, outcome }) => `${phase} ${attempt} ${outcome}`)).toEqual([
    'PLAN 1 done',
    'CODE 1 cancelled',
    'CODE 1 done',
    'REVIEW 1 done',
  ]);
  expect(sessions[2]?.prompt).toMatch(/## A person says\n[\s\S]*Mind the tide\.\n\nNot that file\.$/);
  await expect(sentra.client.interruptTask({ params: { id } })).rejects.toThrow(/No agent is at work/);
  const { items } = await sentra.client.listLogs({ params: { taskId: id }, query: { q: 'A person stops the turn' } });
  expect(items.map(({ message }) => message)).toEqual(['A person stops the turn and says: Not that file.']);
});

test('what is typed while a message is on its way stays, also in a browser that thinks it has no network', async () => {
  const id = await create('Type on', { autoStart: true });
  await waitForLine(sentra, id, 'holding CODE');
  await openTask(id, 'progress');
  const messages = page.getByRole('region', { name: 'Messages' });
  const field = messages.getByLabel('Message to the agent');
  await field.waitFor();
  await page.evaluate("dispatchEvent(new Event('offline'))");
  const arrived = Promise.withResolvers<void>();
  await page.route('**/messages', async (route) => {
    if (route.request().method() !== 'POST') return route.fallback();
    const response = await route.fetch();
    await arrived.promise;
    await route.fulfill({ response });
  });
  await field.fill('Mind the tide.');
  await field.press('Control+Enter');
  await field.press('Control+Enter');
  await messages.getByText('waiting').waitFor();
  await field.fill('And the wind.');
  arrived.resolve();
  await messages.locator('button:enabled', { hasText: 'Send' }).waitFor();
  expect(await field.inputValue()).toBe('And the wind.');
  await page.unroute('**/messages');
  await field.press('Control+Enter');
  await messages.getByText('waiting').nth(1).waitFor();
  expect(await field.inputValue()).toBe('');
  expect((await messagesOf(id)).map(({ text }) => text)).toEqual(['Mind the tide.', 'And the wind.']);
  await sentra.client.cancelTask({ params: { id } });
});

test("a project's own prompt is what its sessions are sent, with the version; title and description are told whatever it says", async () => {
  const { client } = sentra;
  const params = { id: project.id, role: 'PLAN' as const };
  const before = await client.getPrompt({ params });
  expect(before).toMatchObject({ isDefault: true, version: null, versions: [] });
  await expect(client.putPrompt({ params, body: { text: 'Do {{tilte}}' } })).rejects.toThrow(
    /did you mean \{\{title\}\}/,
  );
  await expect(client.putPrompt({ params, body: { text: ' ' } })).rejects.toThrow(/tells the agent nothing/);
  const text = 'Plan {{ title }} ({{type}}) on {{branch}} for {{base}}, try {{attempt}} of {{phase}}: {{taskId}}.';
  expect(await client.putPrompt({ params, body: { text } })).toMatchObject({ isDefault: false, version: 1 });
  const id = await create('Say {{branch}} aloud');
  const planned = async () => {
    await execute(id, { workflowType: 'plan' });
    await waitForRun(sentra, id);
    return (await sessionsOf(id)).at(-1);
  };
  const first = await planned();
  const { branchName } = await client.getTask({ params: { id } });
  expect(first).toMatchObject({
    promptVersion: 1,
    systemPrompt: `Plan Say {{branch}} aloud (feature) on ${branchName} for main, try 1 of PLAN: ${id}.`,
  });
  expect(first?.prompt).toContain('Say {{branch}} aloud');
  expect(first?.prompt).toContain('As *described*.');
  const reset = await client.putPrompt({ params, body: { text: null } });
  expect(reset).toMatchObject({
    isDefault: true,
    text: before.text,
    versions: [{ version: 2, text: null }, { version: 1 }],
  });
  expect(await planned()).toMatchObject({ promptVersion: null, systemPrompt: before.text });
});
