/** The merge queue as a person sees it: what is merged was tested as it is, and what cannot be says why and has a way on. */
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Task } from '#src/domain/task.ts';
import { cli } from '../helpers/cli.ts';
import { refusal } from '../helpers/failing.ts';
import { agentConfig, git, makeFolder, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, waitForTask } from '../helpers/sentra.ts';

let sentra: TestSentra;
beforeAll(async () => {
  sentra = await startTestSentra({ env: { SENTRA_SLOTS: '4', SENTRA_TEST_SLOTS: '2' } });
});
afterAll(() => sentra?.stop());

type Made = Awaited<ReturnType<typeof addProject>>;

async function addProject(modes: string, config: Record<string, unknown> = {}) {
  const repository = makeRepository({ config: agentConfig(modes, config) });
  const project = await sentra.client.addProject({ body: { path: repository.path } });
  return { ...project, configPath: path.join(repository.path, 'sentra.json') };
}

/** So many tasks that all left main at the same commit, and wait for a person. */
async function makeReviewed(project: Made, count: number): Promise<Task[]> {
  const tasks = Array.from({ length: count }, (_, at) => ({ key: `k${at}`, title: `Task ${at}`, autoStart: true }));
  const { items } = await sentra.client.createTasks({ body: { projectId: project.id, tasks } });
  return Promise.all(items.map(({ id }) => waitForTask(sentra, id, ['in_review'])));
}

/** From here on nobody is asked. */
const goAuto = ({ configPath }: Made) =>
  writeFileSync(configPath, JSON.stringify({ ...JSON.parse(readFileSync(configPath, 'utf8')), merge: 'auto' }));

const merge = (id: string) => sentra.client.mergeTask({ params: { id } });
const show = (id: string) => sentra.client.getTask({ params: { id } });
const mainOf = ({ path: at }: Made) =>
  git(at, 'log', '--first-parent', '--reverse', '--format=%s', 'main').split('\n').slice(1);
const evidenceOf = async (id: string) =>
  (await sentra.client.listEvidence({ params: { id } })).items.filter(({ kind }) => kind === 'merge');

test('a branch that conflicts goes back to an agent with both sides, is tested and reviewed again, and merges', async () => {
  const project = await addProject('shares');
  const [first, second] = await makeReviewed(project, 2);
  if (!first || !second) throw new Error('two were made');
  goAuto(project);
  expect((await merge(first.id)).status).toBe('completed');
  expect((await merge(second.id)).status).not.toBe('in_review');
  await waitForTask(sentra, second.id, ['completed']);
  const shared = readFileSync(path.join(project.path, 'shared.txt'), 'utf8');
  expect(shared.split('\n').filter(Boolean).toSorted()).toEqual([first.id, second.id].toSorted());
  const { items } = await sentra.client.listRuns({ params: { id: second.id } });
  expect(items[0]?.phases.map(({ phase, state }) => `${phase} ${state}`)).toEqual([
    'CODE passed',
    'TEST passed',
    'REVIEW passed',
  ]);
  expect(git(project.path, 'status', '--porcelain', '--', 'shared.txt')).toBe('');
});

test('an agent that leaves conflict markers does not get by', async () => {
  const project = await addProject('shares,careless', { limits: { agentAttempts: 1 } });
  const [first, second] = await makeReviewed(project, 2);
  if (!first || !second) throw new Error('two were made');
  goAuto(project);
  await merge(first.id);
  await merge(second.id);
  const failed = await waitForTask(sentra, second.id, ['failed']);
  expect(failed.error?.message).toContain('left conflict markers in shared.txt');
  expect(git(project.path, 'show', 'main:shared.txt')).toBe(first.id);
});

test('without "auto" a conflict is told with its files, and an agent works it in when a person says so', async () => {
  const project = await addProject('shares');
  const [first, second] = await makeReviewed(project, 2);
  if (!first || !second) throw new Error('two were made');
  await merge(first.id);
  const refused = await refusal(merge(second.id));
  expect(refused.code).toBe('merge_conflict');
  expect(refused.message).toContain('conflicts with main in shared.txt');
  expect(refused.message).toContain(`npx sentra task rework ${second.id}`);
  const { items } = await sentra.client.listMergeQueue({ query: { projectId: project.id } });
  expect(items).toMatchObject([{ taskId: second.id, state: 'refused', ahead: null }]);
  expect((await show(second.id)).notice).toContain('Not merged');
  const told = await cli(['task', 'rework', second.id], {}, { client: async () => sentra.client });
  expect(told.code, told.err).toBe(0);
  await waitForTask(sentra, second.id, ['in_review']);
  const { files } = await sentra.client.getDiff({ params: { id: second.id } });
  expect(files.map((file) => file.path)).not.toContain(`${first.id}.txt`); // the base's own work is not its change
  expect((await merge(second.id)).status).toBe('completed');
});

test('what is green apart and red together is found before main moves, and worked in', async () => {
  const red = 'test $(ls part-*.txt 2>/dev/null | wc -l) -lt 2 || test -e joined.txt';
  const project = await addProject('parts', { test: red });
  const [first, second] = await makeReviewed(project, 2);
  if (!first || !second) throw new Error('two were made');
  goAuto(project);
  await Promise.all([merge(first.id), merge(second.id)]);
  await Promise.all([first, second].map(({ id }) => waitForTask(sentra, id, ['completed'])));
  for (const commit of git(project.path, 'rev-list', '--first-parent', 'main').split('\n')) {
    const names = git(project.path, 'ls-tree', '--name-only', commit).split('\n');
    const parts = names.filter((name) => name.startsWith('part-')).length;
    expect(parts < 2 || names.includes('joined.txt'), commit).toBe(true);
  }
  const kept = [...(await evidenceOf(first.id)), ...(await evidenceOf(second.id))];
  expect(kept.some(({ passed }) => !passed)).toBe(true);
});

test('a base that is red by itself is not blamed on the task', async () => {
  const project = await addProject('good', { test: 'test ! -e broken.txt' });
  const [task] = await makeReviewed(project, 1);
  if (!task) throw new Error('one was made');
  writeFileSync(path.join(project.path, 'broken.txt'), '');
  git(project.path, 'add', 'broken.txt');
  git(project.path, 'commit', '-q', '-m', 'Break main');
  const refused = await refusal(merge(task.id));
  expect(refused.message).toContain('main is red by itself');
  git(project.path, 'rm', '-q', 'broken.txt');
  git(project.path, 'commit', '-q', '-m', 'Mend main');
  expect((await merge(task.id)).status).toBe('completed');
});

/** Prints two results as TAP and exits with the given code. */
const tap = (first: string, second: string, exitCode: number) =>
  `printf 'TAP version 13\\n1..2\\n%s 1 - of the base\\n%s 2 - of all parts\\n' "${first}" "${second}"; exit ${exitCode}`;

test('what fails on the base by name holds nobody up', async () => {
  const project = await addProject('good', { test: tap('not ok', 'ok', 1) });
  const [first, second] = await makeReviewed(project, 2);
  if (!first || !second) throw new Error('two were made');
  expect((await merge(first.id)).status).toBe('completed');
  expect((await merge(second.id)).status).toBe('completed');
  const [kept] = await evidenceOf(second.id);
  expect(kept).toMatchObject({ passed: true, exitCode: 1 });
  expect(kept?.summary).toContain('1 passed, 1 failed; as on the base');
});

test('an exit code of 0 over a report with failures does not merge', async () => {
  const together = `$(test $(ls part-*.txt 2>/dev/null | wc -l) -lt 2 && echo ok || echo not ok)`;
  const project = await addProject('parts', { test: tap('ok', together, 0) });
  const [first, second] = await makeReviewed(project, 2);
  if (!first || !second) throw new Error('two were made');
  expect((await merge(first.id)).status).toBe('completed');
  const refused = await refusal(merge(second.id));
  expect(refused.message).toContain('are red together');
  const [kept] = await evidenceOf(second.id);
  expect(kept).toMatchObject({ passed: false, exitCode: 0 });
  expect(kept?.summary).toContain('of all parts');
});

test('what was tested as it is already is not tested again, and no run of tests is told that was none', async () => {
  const project = await addProject('good', { merge: 'auto' });
  const body = { projectId: project.id, title: 'Alone', autoStart: true };
  const task = await sentra.client.createTask({ body });
  await waitForTask(sentra, task.id, ['completed']);
  expect(await evidenceOf(task.id)).toMatchObject([
    { passed: true, summary: expect.stringContaining('These very files passed the tests') },
  ]);
  const { spans } = await sentra.client.getTimeline({ params: { id: task.id }, query: {} });
  expect(spans.filter(({ kind }) => kind === 'test').map(({ name }) => name)).toEqual([agentConfig().test]);
});

test('many at once are tested in groups, and each commit that main stood on was tested', async () => {
  const folder = makeFolder('tested');
  const counted = `git rev-parse HEAD >> ${folder}/commits`;
  const project = await addProject('good', { test: counted, isolation: 'none', mergeQueue: { atOnce: 2 } });
  const tasks = await makeReviewed(project, 6);
  writeFileSync(path.join(folder, 'commits'), '');
  await Promise.all(tasks.map(({ id }) => merge(id)));
  for (const { id } of tasks) expect(await show(id)).toMatchObject({ status: 'completed' });
  const stood = git(project.path, 'rev-list', '--first-parent', 'main').split('\n').slice(0, -1);
  const evidence = (await Promise.all(tasks.map(({ id }) => evidenceOf(id)))).flat();
  const tested = new Set(evidence.filter(({ passed }) => passed).map(({ data }) => data.to));
  for (const commit of stood) expect(tested, commit).toContain(commit);
  expect(stood.length).toBeLessThan(tasks.length);
  for (const { id } of tasks) expect(existsSync(path.join(project.path, `${id}.txt`))).toBe(true);
});

test('merged work is taken out again by a task of its own, in front of what came after it', async () => {
  const project = await addProject('good');
  const [first, second] = await makeReviewed(project, 2);
  if (!first || !second) throw new Error('two were made');
  await merge(first.id);
  await merge(second.id);
  expect(
    (await refusal(sentra.client.revertTask({ params: { id: (await makeReviewed(project, 1))[0]?.id ?? '' } })))
      .message,
  ).toContain('was not merged');
  const revert = await sentra.client.revertTask({ params: { id: first.id } });
  expect(revert).toMatchObject({ title: 'Revert "Task 0"', reverts: first.id });
  expect((await sentra.client.revertTask({ params: { id: first.id } })).id).toBe(revert.id);
  await waitForTask(sentra, revert.id, ['in_review']);
  expect((await merge(revert.id)).status).toBe('completed');
  const names = git(project.path, 'ls-tree', '-r', '--name-only', 'main').split('\n');
  expect(names).not.toContain(`${first.id}.txt`);
  expect(names).toContain(`${second.id}.txt`);
});

test.each([
  ['squash', 1],
  ['rebase', 2],
] as const)('by %s the base gets no merge commit', async (mergeStyle, commits) => {
  const project = await addProject('good', { mergeStyle, mergeQueue: { atOnce: 1 } });
  const [first, second] = await makeReviewed(project, 2);
  if (!first || !second) throw new Error('two were made');
  await Promise.all([merge(first.id), merge(second.id)]);
  expect(git(project.path, 'rev-list', '--merges', 'main')).toBe('');
  expect(mainOf(project)).toHaveLength(commits * 2);
  if (mergeStyle === 'squash') expect(git(project.path, 'log', '-1', '--format=%B', 'main')).toContain('- code: Task');
});
