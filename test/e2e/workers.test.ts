/** Several workers on one database: they share the work, and whatever becomes of one, another finishes what it had begun. */
import { spawn } from 'node:child_process';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEmbedded } from '#src/store/postgres.ts';
import { layCable } from '../helpers/cable.ts';
import { agentConfig, git, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until, waitForTask } from '../helpers/sentra.ts';
import { listAttempts, listLines, processesOf, waitForEnd, waitForLine } from '../helpers/survival.ts';
import { shortLease, startWorker, type TestWorker } from '../helpers/worker.ts';

let sentra: TestSentra;
const started: TestWorker[] = [];

beforeAll(async () => {
  sentra = await startTestSentra({ main: shortLease, role: 'server' });
});
afterAll(async () => {
  for (const worker of started) await worker.end('SIGKILL');
  await sentra?.stop();
});

async function begin(env: Record<string, string> = {}): Promise<TestWorker> {
  const worker = await startWorker(sentra, { env });
  started.push(worker);
  return worker;
}

async function addTasks(config: object, count: number): Promise<{ ids: string[]; path: string }> {
  const repository = makeRepository({ config });
  const { id: projectId } = await sentra.client.addProject({ body: { path: repository.path } });
  const tasks = Array.from({ length: count }, (_, at) => ({ key: `t${at}`, title: `Task ${at}`, autoStart: true }));
  const { items } = await sentra.client.createTasks({ body: { projectId, tasks } });
  return { ids: items.map(({ id }) => id), path: repository.path };
}

const stateOf = async (id: string) =>
  (await sentra.client.listWorkers()).items.find((worker) => worker.id === id)?.state;

/** One commit of each kind on the task's branch, one attempt of each phase that passed, lines without a gap. */
async function expectOnce(id: string, repository: string): Promise<void> {
  const task = await waitForTask(sentra, id);
  expect(task).toMatchObject({ status: 'in_review', error: null });
  const subjects = git(repository, 'log', '--format=%s', `main..${task.branchName}`).split('\n');
  expect(subjects.map((subject) => subject.split(':')[0])).toEqual(['code', 'plan']);
  const passed = (await listAttempts(sentra, id)).filter((attempt) => attempt.endsWith('passed'));
  expect(passed.map((attempt) => attempt.split(' ')[0])).toEqual(['PLAN', 'CODE', 'TEST', 'REVIEW']);
  await listLines(sentra, id);
}

test('without a worker tasks wait; two workers share them, and the page hears of what both do', async () => {
  const { ids, path: repository } = await addTasks(agentConfig('slow'), 4);
  expect(await sentra.client.listWorkers()).toEqual({ items: [] });
  expect((await sentra.client.getTask({ params: { id: ids[0] as string } })).status).toBe('queued');
  const [one, two] = await Promise.all([begin(), begin()]);
  await until(async () => {
    const { items } = await sentra.client.listWorkers();
    return items.filter(({ running }) => running > 0).length === 2;
  }, 20_000);
  expect(new Set([one.id, two.id]).size).toBe(2);
  for (const id of ids) await expectOnce(id, repository);
});

test('what a killed worker had begun is finished by the other once its lease has run out, each step once', async () => {
  const [one, two] = started as [TestWorker, TestWorker];
  const { ids, path: repository } = await addTasks({ ...agentConfig('breathes,holds-CODE'), limits: {} }, 4);
  for (const id of ids) await waitForLine(sentra, id, 'holding CODE');
  await one.end('SIGKILL');
  await until(async () => (await stateOf(one.id)) === 'lapsed', 15_000);
  await until(() => two.output().includes(`jobs of ${one.id}, which is gone`), 15_000);
  const lost = (await Promise.all(ids.map(async (id) => ({ id, lines: await listLines(sentra, id) })))).filter(
    ({ lines }) => lines.filter((line) => line.includes('begins CODE')).length > 1,
  );
  await until(
    async () =>
      (await sentra.client.listWorkers()).items.every(({ state, running }) => state !== 'alive' || running <= 4),
    20_000,
  );
  for (const { id } of lost) await expectOnce(id, repository);
  for (const id of ids)
    if ((await sentra.client.getTask({ params: { id } })).status === 'running')
      await sentra.client.cancelTask({ params: { id } });
  await until(async () => (await sentra.client.listTasks({ query: { status: 'running' } })).items.length === 0, 20_000);
});

test('a worker that is asked to drain finishes what it has, takes nothing more and ends', async () => {
  const third = await begin();
  const { ids } = await addTasks(agentConfig('slow'), 2);
  await until(
    async () => (await sentra.client.listWorkers()).items.some((w) => w.id === third.id && w.running > 0),
    20_000,
  );
  expect(await sentra.client.drainWorker({ params: { id: third.id } })).toMatchObject({ state: 'draining' });
  await until(() => third.child.exitCode === 0, 60_000);
  expect(await stateOf(third.id)).toBe('stopped');
  for (const id of ids) expect(await waitForTask(sentra, id)).toMatchObject({ status: 'in_review', error: null });
});

test('a worker that says goodbye hands over at once', async () => {
  const two = started[1] as TestWorker;
  const { ids, path: repository } = await addTasks(agentConfig('holds-CODE'), 1);
  const id = ids[0] as string;
  await waitForLine(sentra, id, 'holding CODE');
  const next = await begin();
  await two.end('SIGTERM');
  expect(await stateOf(two.id)).toBe('stopped');
  await until(() => next.output().includes(`jobs of ${two.id}`), 4_000);
  await expectOnce(id, repository);
});

test('what a killed worker had at work can be cancelled, cleaned up and started again, though no job of it is left', async () => {
  const { ids } = await addTasks(agentConfig('holds-CODE'), 1);
  const id = ids[0] as string;
  await waitForLine(sentra, id, 'holding CODE');
  const { items } = await sentra.client.listWorkers();
  const busy = items.find(({ state, running }) => state === 'alive' && running > 0);
  await started.find((worker) => worker.id === busy?.id)?.end('SIGKILL');
  await sentra.client.cancelTask({ params: { id } });
  await begin();
  await until(async () => (await sentra.client.getTask({ params: { id } })).worktreePath === null, 15_000);
  expect(await sentra.client.retryTask({ params: { id }, body: {} })).toMatchObject({ status: 'queued' });
  await until(async () => (await listLines(sentra, id)).filter((line) => line === 'holding CODE').length === 2, 20_000);
  await sentra.client.cancelTask({ params: { id } });
});

test('a worker whose database is cut off ends its agents before another begins with them', async () => {
  const { ids, path: repository } = await addTasks({ ...agentConfig('holds-CODE') }, 1);
  const id = ids[0] as string;
  for (const worker of started) await worker.end('SIGTERM');
  const cable = await layCable((await startEmbedded({ home: sentra.home })).url);
  const cut = await begin({ DATABASE_URL: cable.url });
  await waitForLine(sentra, id, 'holding CODE');
  const agents = processesOf(id);
  expect(agents.length).toBeGreaterThan(0);
  const other = await begin();
  cable.cut();
  await until(() => other.output().includes(`jobs of ${cut.id}`), 30_000);
  expect(agents.filter((pid) => processesOf(id).includes(pid))).toEqual([]);
  await expectOnce(id, repository);
  cable.mend();
  await until(async () => (await stateOf(cut.id)) === 'alive', 15_000);
  const lines = await listLines(sentra, id);
  await waitForEnd(agents);
  expect(lines.filter((line) => line.includes('Pull request #'))).toHaveLength(1);
  await cable.close();
});

test('a worker whose connections lead nowhere any more ends its agents, finds other ways and begins again, without an attempt spent', async () => {
  const { ids, path: repository } = await addTasks({ ...agentConfig('holds-CODE') }, 1);
  const id = ids[0] as string;
  for (const worker of started) await worker.end('SIGTERM');
  const cable = await layCable((await startEmbedded({ home: sentra.home })).url);
  const stalled = await begin({ DATABASE_URL: cable.url });
  await waitForLine(sentra, id, 'holding CODE');
  const agents = processesOf(id);
  expect(agents.length).toBeGreaterThan(0);
  cable.stall();
  await until(() => stalled.output().includes('The database answers again'), 30_000);
  expect(agents.filter((pid) => processesOf(id).includes(pid))).toEqual([]);
  await expectOnce(id, repository);
  expect(await listAttempts(sentra, id)).toEqual([
    'PLAN 1 passed',
    'CODE 1 passed',
    'TEST 1 passed',
    'REVIEW 1 passed',
  ]);
  expect(await stateOf(stalled.id)).toBe('alive');
  await cable.close();
});

test('a worker that starts ends nothing that another Sentra of the home has at work, as a dev server', async () => {
  const { path: repository } = makeRepository({ config: agentConfig() });
  const { id: projectId } = await sentra.client.addProject({ body: { path: repository } });
  const { id } = await sentra.client.createTask({ body: { projectId, title: 'Shown' } });
  const env = { HOME: path.join(sentra.home, 'homes', id), PATH: process.env.PATH };
  const program = spawn('sleep', ['600'], { env, stdio: 'ignore' });
  const worker = await begin();
  expect(program.signalCode).toBeNull();
  program.kill('SIGKILL');
  await worker.end('SIGKILL');
});
