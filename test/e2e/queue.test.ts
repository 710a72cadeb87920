/** Many tasks on few slots, as a person sees them: order, caps, pause, what failed and the ways on, stacked branches. */
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NewTaskInput, Task } from '#src/domain/task.ts';
import { cli } from '../helpers/cli.ts';
import { refusal } from '../helpers/failing.ts';
import { agentConfig, git, makeFolder, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until, waitForRun, waitForTask } from '../helpers/sentra.ts';

let sentra: TestSentra;
beforeAll(async () => {
  sentra = await startTestSentra({ env: { SENTRA_SLOTS: '3', SENTRA_TEST_SLOTS: '1' } });
});
afterAll(() => sentra?.stop());

async function addProject(config: object) {
  const repository = makeRepository({ config });
  const project = await sentra.client.addProject({ body: { path: repository.path } });
  const create = (title: string, more: Partial<NewTaskInput> = {}) =>
    sentra.client.createTask({ body: { projectId: project.id, title, autoStart: true, ...more } });
  return { id: project.id, path: repository.path, create };
}
/** The real command line, in this process. */
async function command(argv: string[]): Promise<string> {
  const { code, out, err } = await cli(argv, {}, { client: async () => sentra.client });
  expect(code, err).toBe(0);
  return out;
}
const show = (id: string) => sentra.client.getTask({ params: { id } });
const why = async (id: string) => (await sentra.client.getWhy({ params: { id } })).reasons;
const intervalsOf = async (tasks: readonly Task[]) => {
  const runs = await Promise.all(tasks.map(async ({ id }) => (await sentra.client.listRuns({ params: { id } })).items));
  return runs.map(([run, ...more]) => {
    expect(more).toEqual([]);
    return { from: Date.parse(run?.startedAt ?? ''), to: Date.parse(run?.endedAt ?? '') };
  });
};

test('a paused project starts nothing; resumed it goes by rank, one at a time where its cap says so', async () => {
  const project = await addProject(agentConfig('good', { test: 'true', limits: { slots: 1 } }));
  expect(await command(['project', 'pause', project.id])).toContain('is paused');
  const only = { workflowType: 'test' as const };
  const low = await project.create('low', { ...only, priority: 'low' });
  const medium = await project.create('medium', only);
  const gate = await project.create('gate', only);
  await project.create('behind the gate', { ...only, dependencies: [gate.id] });
  const high = await project.create('high', { ...only, priority: 'high' });
  expect((await show(high.id)).status).toBe('queued');
  expect(await why(high.id)).toEqual([{ code: 'paused', message: 'the project is paused: resume it' }]);
  expect(await command(['project', 'resume', project.id])).toContain('is resumed');
  const order = [high, gate, medium, low];
  for (const { id } of order) await waitForRun(sentra, id);
  const intervals = await intervalsOf(order);
  for (const [at, { from }] of intervals.entries()) expect(from).toBeGreaterThanOrEqual(intervals[at - 1]?.to ?? 0);
});

test('what stands behind a failed task says so, and goes on when that one is dropped, skipped or mended', async () => {
  const config = agentConfig('good', { merge: 'auto', limits: { agentAttempts: 1 } });
  const agents = { ...config.agents, broken: { kind: 'command', command: ['node', '-e', 'process.exit(1)'] } };
  const project = await addProject({ ...config, agents });
  const only = { workflowType: 'test' as const };
  const makeStuck = async (name: string) => {
    const first = await project.create(`${name} first`, { agent: 'broken' });
    const second = await project.create(`${name} second`, { ...only, dependencies: [first.id] });
    await waitForTask(sentra, first.id, ['failed']);
    expect(await why(second.id)).toEqual([
      {
        code: 'dependency_failed',
        message: `waits for "${name} first", which failed: retry it, skip it, or drop the dependency`,
        taskId: first.id,
      },
    ]);
    return { first, second };
  };
  const [dropped, skipped, mended] = await Promise.all(['Dropped', 'Skipped', 'Mended'].map(makeStuck));
  if (!dropped || !skipped || !mended) throw new Error('three were made');
  await command(['task', 'depends', dropped.second.id, '--drop', dropped.first.id]);
  await command(['task', 'skip', skipped.first.id]);
  await sentra.client.patchTask({ params: { id: mended.first.id }, body: { agent: 'tester' } });
  await sentra.client.retryTask({ params: { id: mended.first.id }, body: {} });
  for (const { second } of [dropped, skipped, mended])
    expect(await waitForRun(sentra, second.id)).toMatchObject({ status: 'pending', error: null });
  expect((await show(mended.first.id)).status).toBe('completed');
});

test('requests at once that would close a circle leave a graph without one, and name it', async () => {
  const { id: projectId } = await addProject(agentConfig());
  const tasks = Array.from({ length: 8 }, (_, at) => ({ key: `k${at}`, title: `Task ${at}` }));
  const { items } = await sentra.client.createTasks({ body: { projectId, tasks } });
  const outcomes = await Promise.all(
    items.map(({ id }, at) => {
      const next = items[(at + 1) % items.length]?.id ?? '';
      const asked = sentra.client.patchTask({ params: { id }, body: { addDependencies: [next] } });
      return asked.then(
        () => undefined,
        (e) => e as { code: string; message: string },
      );
    }),
  );
  const refused = outcomes.filter((outcome) => outcome !== undefined);
  expect(refused.map(({ code }) => code)).toEqual(['dependency_cycle']);
  for (const { id, title } of items) expect(refused[0]?.message).toContain(`"${title}" (${id})`);
  const { edges } = await sentra.client.getGraph({ query: { projectId } });
  expect(edges).toHaveLength(items.length - 1);
});

test('a stacked task works on the branch of the one in review, and is merged by itself once that one is', async () => {
  const project = await addProject(agentConfig('good', { stacked: true }));
  const below = await project.create('Below');
  const above = await project.create('Above', { dependencies: [below.id], merge: 'auto' });
  const { branchName, status } = await waitForTask(sentra, above.id);
  expect(status).toBe('in_review');
  const { branchName: belowBranch } = await show(below.id);
  git(project.path, 'merge-base', '--is-ancestor', belowBranch ?? '', branchName ?? '');
  const { files } = await sentra.client.getDiff({ params: { id: above.id } });
  expect(files.map(({ path }) => path)).not.toContain(`${below.id}.txt`);
  const early = await refusal(sentra.client.mergeTask({ params: { id: above.id } }));
  expect(early.message).toContain(`waits for "Below" (${below.id}), which is in review`);
  expect(await why(above.id)).toMatchObject([{ code: 'dependency', taskId: below.id }, { code: 'waiting_for_person' }]);
  await sentra.client.mergeTask({ params: { id: below.id } });
  expect(await waitForTask(sentra, above.id, ['completed'])).toMatchObject({ notice: null });
});

test.each([
  ['squash', 2],
  ['rebase', 4],
] as const)(
  'a stacked task follows what it stands on when that changes, and merges after it by %s without a conflict',
  async (mergeStyle, commits) => {
    const project = await addProject(agentConfig('good,stamps', { stacked: true, mergeStyle }));
    const below = await project.create('Below');
    const above = await project.create('Above', { dependencies: [below.id] });
    await waitForTask(sentra, above.id, ['in_review']);
    const body = { comments: [{ body: 'Say more.' }] };
    await sentra.client.requestChanges({ params: { id: below.id }, body });
    await until(async () => (await sentra.client.listRuns({ params: { id: above.id } })).items.length === 2, 60_000);
    const { branchName } = await waitForTask(sentra, above.id, ['in_review']);
    const { branchName: belowBranch } = await show(below.id);
    git(project.path, 'merge-base', '--is-ancestor', belowBranch ?? '', branchName ?? '');
    const { files } = await sentra.client.getDiff({ params: { id: above.id } });
    expect(files.map(({ path }) => path)).not.toContain(`${below.id}.txt`);
    await sentra.client.mergeTask({ params: { id: below.id } });
    expect(await sentra.client.mergeTask({ params: { id: above.id } })).toMatchObject({ status: 'completed' });
    const stamps = git(project.path, 'show', 'main:stamps.txt').split('\n');
    expect(stamps.toSorted()).toEqual([above.id, below.id, below.id].toSorted());
    expect(git(project.path, 'rev-list', '--count', 'main')).toBe(String(1 + commits));
    expect(git(project.path, 'rev-list', '--merges', 'main')).toBe('');
    // What it stands on is told by its own commit, not again by this one.
    if (mergeStyle === 'squash') expect(git(project.path, 'log', '-1', '--format=%b', 'main')).not.toContain('Below\n');
  },
);

test('tests go through the host one at a time where it is told so, while their tasks run at once', async () => {
  const lock = path.join(makeFolder('lock'), 'held');
  const alone = `mkdir ${lock} && sleep 0.5 && rmdir ${lock}`; // fails when another test runs
  const project = await addProject(agentConfig('good', { test: alone, isolation: 'none' }));
  const made = await Promise.all(
    ['one', 'two', 'three'].map((title) => project.create(title, { workflowType: 'test' })),
  );
  for (const { id } of made) expect(await waitForRun(sentra, id)).toMatchObject({ status: 'pending', error: null });
  const [first, second] = (await intervalsOf(made)).sort((a, b) => a.from - b.from);
  expect(second?.from).toBeLessThan(first?.to ?? 0);
});

test('a full queue survives a killed server: everything runs once', async () => {
  const project = await addProject(agentConfig('good', { test: 'sleep 0.2' }));
  const tasks = Array.from({ length: 9 }, (_, at) => ({
    key: `k${at}`,
    title: `Task ${at}`,
    workflowType: 'test' as const,
    autoStart: true,
  }));
  const { items } = await sentra.client.createTasks({ body: { projectId: project.id, tasks } });
  await until(
    async () =>
      (await sentra.client.listTasks({ query: { projectId: project.id, status: 'running' } })).items.length > 0,
    20_000,
  );
  await sentra.kill();
  await sentra.restart();
  for (const { id } of items) await waitForRun(sentra, id);
  const intervals = await intervalsOf(items);
  const atOnce = intervals.map(({ from }) => intervals.filter((other) => other.from <= from && from < other.to).length);
  expect(Math.max(...atOnce)).toBeLessThanOrEqual(3);
});
