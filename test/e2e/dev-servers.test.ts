import { readFileSync } from 'node:fs';
import http from 'node:http';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NewTaskInput, Task } from '#src/domain/task.ts';
import { openBrowser } from '../helpers/browser.ts';
import { makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until, waitForRun, waitForTask } from '../helpers/sentra.ts';
import { listLines, processesOf, waitForEnd, waitForLine } from '../helpers/survival.ts';

/** Part of the project: behind the wall there is nothing of this checkout. */
const program = readFileSync(path.resolve(import.meta.dirname, '../fixtures/dev-server.mjs'), 'utf8');
let sentra: TestSentra;
beforeAll(async () => {
  sentra = await startTestSentra();
});
afterAll(() => sentra?.stop());

/** Looks at the dev server of its task as an agent would, then changes what it shows. */
const agent = `
import { existsSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
const look = () => fetch('http://localhost:' + process.env.FRONTEND_PORT + '/').then((r) => r.text(), () => '');
let seen = '';
for (let i = 0; i < 40 && !seen && process.argv[2] !== 'blind'; i++) {
  seen = await look();
  if (!seen) await sleep(250);
}
console.log('the agent saw ' + /<h1>.*<.h1>/.exec(seen)?.[0]);
if (process.argv[2] === 'holds' && !existsSync(process.env.HOME + '/held')) {
  writeFileSync(process.env.HOME + '/held', '');
  await sleep(600_000);
}
writeFileSync('state.txt', 'green\\n');
`;
const tests = `
const page = await fetch('http://localhost:' + process.env.FRONTEND_PORT + '/').then((r) => r.text());
console.log('the tests saw ' + /<h1>.*<.h1>/.exec(page)[0]);
process.exit(page.includes('<h1>green</h1>') ? 0 : 1);
`;

async function makeProject({ words = '', blind = '', more = {} } = {}) {
  const repository = makeRepository({
    config: {
      test: 'node look.mjs',
      agents: { default: 'looker', looker: { kind: 'command', command: ['node', 'agent.mjs', blind] } },
      dev: { web: { command: `exec node serve.mjs $FRONTEND_PORT ${words}`, port: 'FRONTEND_PORT' } },
      limits: { codeTestAttempts: 1 },
      ...more,
    },
    files: { 'agent.mjs': agent, 'look.mjs': tests, 'serve.mjs': program },
  });
  const { id } = await sentra.client.addProject({ body: { path: repository.path } });
  const create = (task: Partial<NewTaskInput>) =>
    sentra.client.createTask({ body: { projectId: id, title: 'Paint it', workflowType: 'code_test', ...task } });
  return { ...repository, create };
}

const execute = (taskId: string) => sentra.client.executeTask({ params: { taskId }, body: {} });
const stateOf = async (id: string) => (await sentra.client.getTask({ params: { id } })).devServers[0]?.state;
const reached = (id: string, state: string) =>
  until(
    async () => (await stateOf(id)) === state,
    20_000,
    () => `the dev server of ${id} did not become ${state}:\n${sentra.output()}`,
  );

/** What a browser that was let in sees. */
async function look(task: Task, target = '/'): Promise<string> {
  const link = new URL((await sentra.client.createDevServerLink({ params: { id: task.id, name: 'web' } })).url);
  const get = (headers: http.OutgoingHttpHeaders, path: string) =>
    new Promise<http.IncomingMessage>((done, fail) => {
      const { port } = new URL(sentra.url);
      http.get({ host: '127.0.0.1', port, path, headers, agent: false }, done).on('error', fail);
    });
  const first = await get({ host: link.host }, link.pathname + link.search);
  first.resume();
  const cookie = `${first.headers['set-cookie']}`.split(';', 1)[0];
  const answer = await get({ host: link.host, cookie }, target);
  return Buffer.concat(await answer.toArray()).toString();
}

test('a task marked as UI has its dev server while it runs: its agent and its tests see it, and then it stops', async () => {
  const { create } = await makeProject();
  const { id } = await create({ labels: ['ui'] });
  await execute(id);
  await reached(id, 'ready');
  const during = await sentra.client.getTask({ params: { id } });
  const { port } = new URL(sentra.url);
  expect(during.devServers).toMatchObject([{ name: 'web', url: `http://${id}.localhost:${port}/`, requested: false }]);
  const task = await waitForRun(sentra, id);
  expect(task).toMatchObject({ status: 'pending', devServers: [{ state: 'stopped', url: null }] });
  const lines = await listLines(sentra, id);
  expect(lines).toContain('the agent saw <h1>empty</h1>');
  expect(lines).toContain('the tests saw <h1>green</h1>');
  const { items } = await sentra.client.listLogs({ params: { taskId: id }, query: { q: 'ready at http' } });
  expect(items[0]).toMatchObject({ phase: null, metadata: { toolUsed: 'dev:web', kind: 'output' } });
  expect(processesOf(id)).toEqual([]);
});

test('other tasks have none, until a person asks for it; it is seen in a browser, survives a crash and goes with the worktree', async () => {
  const { create } = await makeProject({ blind: 'blind', more: { test: 'true' } });
  const { id } = await create({});
  const params = { id };
  await expect(sentra.client.startDevServers({ params, body: {} })).rejects.toMatchObject({ code: 'not_allowed' });
  await execute(id);
  const task = await waitForRun(sentra, id);
  expect(task.devServers).toEqual([]);
  expect((await sentra.client.listDevServers({ params })).items).toMatchObject([{ name: 'web', state: 'stopped' }]);

  await expect(sentra.client.startDevServers({ params, body: { names: ['wbe'] } })).rejects.toMatchObject({
    message: expect.stringContaining('it has web'),
  });
  await sentra.client.startDevServers({ params, body: {} });
  await reached(id, 'ready');
  const { checks } = await sentra.client.verify();
  expect(checks.find(({ name }) => name.startsWith('no process works'))).toMatchObject({ ok: true, problems: [] });
  expect(await look(task)).toContain('<h1>green</h1>');
  const before = processesOf(id);
  await sentra.kill();
  await waitForEnd(before);
  await sentra.restart();
  await reached(id, 'ready');
  expect(await look(task)).toContain('<h1>green</h1>');

  const browser = await openBrowser();
  try {
    const page = await browser.newPage();
    await page.goto((await sentra.client.createLoginLink()).url);
    await page
      .getByRole('link', { name: /Paint it/ })
      .filter({ hasText: `${id}.localhost` })
      .click();
    const servers = page.getByRole('region', { name: 'Dev servers' }); // the card on the board tells the address too
    const [shown] = await Promise.all([
      page.waitForEvent('popup'),
      servers.getByRole('link', { name: `${id}.localhost` }).click(),
    ]);
    await shown.getByText('hot ping; cookie none').waitFor();
    await page.getByRole('button', { name: 'Stop dev servers' }).click();
    await servers.getByText('stopped').waitFor();
  } finally {
    await browser.close();
  }
  expect(await stateOf(id)).toBe('stopped');
  expect(processesOf(id)).toEqual([]);
  expect(await look(task)).toContain('web is stopped');
  await sentra.client.startDevServers({ params, body: {} });
  await sentra.client.cancelTask({ params });
  await until(async () => (await sentra.client.getTask({ params })).worktreePath === null, 20_000);
  expect((await sentra.client.getTask({ params })).devServers).toEqual([]);
  expect(processesOf(id)).toEqual([]);
});

test('a dev server that does not get ready fails TEST in its own way, with its last lines', async () => {
  const { create } = await makeProject({ words: 'dies', blind: 'blind' });
  const { id } = await create({ needsDevServer: true });
  await execute(id);
  const task = await waitForTask(sentra, id, ['failed']);
  expect(task.error).toMatchObject({
    code: 'dev_server_failed',
    message: expect.stringMatching(/dev server web does not get ready: It exited with 3.*no such module: left-pad/s),
  });
  expect(await listLines(sentra, id)).not.toContainEqual(expect.stringContaining('Running node look.mjs'));
  expect(await stateOf(id)).toBe('failed');
});

test('a run that was cut off goes on with its dev server', async () => {
  const { create } = await makeProject({ words: '', blind: 'holds' });
  const { id } = await create({ labels: ['e2e'] });
  await execute(id);
  await waitForLine(sentra, id, 'the agent saw <h1>empty</h1>');
  const before = processesOf(id);
  await sentra.kill();
  await waitForEnd(before);
  await sentra.restart();
  const task = await waitForRun(sentra, id);
  expect(task).toMatchObject({ status: 'pending', error: null, devServers: [{ state: 'stopped' }] });
  const lines = await listLines(sentra, id);
  expect(lines.filter((line) => line === 'the agent saw <h1>empty</h1>')).toHaveLength(2);
  expect(lines).toContain('the tests saw <h1>green</h1>');
});
