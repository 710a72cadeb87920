/** The analyst: a specification becomes a proposal, and the proposal tasks, whatever dies or is answered meanwhile. */
import { existsSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { createClient } from '#src/client/client.ts';
import type { Analysis } from '#src/domain/analysis.ts';
import { runProduct } from '../helpers/product.ts';
import { agentConfig, git, makeFolder, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until, waitForTask } from '../helpers/sentra.ts';

let sentra: TestSentra;
beforeAll(async () => {
  sentra = await startTestSentra();
});
afterAll(() => sentra?.stop());

const specification =
  '# A harbor\n\nShips come and go.\n\n- base: Make the base\n- ship: Add ships (after base)\n- berth: Add berths (after base)\n';

async function addProject(modes = 'good', more: Record<string, unknown> = {}) {
  const { path: repository } = makeRepository({ config: agentConfig(modes, more) });
  return { repository, projectId: (await sentra.client.addProject({ body: { path: repository } })).id };
}

const ask = (projectId: string, text = specification) =>
  sentra.client.createAnalysis({ body: { projectId, specification: text } });

async function waitFor(
  { id }: Pick<Analysis, 'id'>,
  statuses = ['proposed', 'failed', 'cancelled'],
): Promise<Analysis> {
  let found = await sentra.client.getAnalysis({ params: { id } });
  await until(
    async () => {
      found = await sentra.client.getAnalysis({ params: { id } });
      return statuses.includes(found.status);
    },
    30_000,
    () => `it stayed ${found.status}`,
  );
  return found;
}

const linesOf = async (id: string) =>
  (await sentra.client.listAnalysisLogs({ params: { id }, query: {} })).items.map(({ message }) => message);
const worktreesOf = (repository: string) => {
  const folder = path.join(repository, '.sentra', 'worktrees');
  return existsSync(folder) ? readdirSync(folder).filter((name) => !name.startsWith('.')) : [];
};
const clean = async () => (await sentra.client.verify()).checks.flatMap(({ problems }) => problems);

test('a specification becomes a proposal that a person edits, and only then tasks, with their dependencies', async () => {
  const { client } = sentra;
  const { repository, projectId } = await addProject();
  const request = { body: { projectId, specification } };
  const repeats = Array.from({ length: 5 }, () => client.createAnalysis(request, { idempotencyKey: projectId }));
  const [asked, ...others] = (await Promise.all(repeats)) as [Analysis, ...Analysis[]];
  expect(asked).toMatchObject({ name: 'A harbor', tasks: [] });
  expect(new Set(others.map(({ id }) => id))).toEqual(new Set([asked.id]));
  const proposed = await waitFor(asked);
  expect(proposed).toMatchObject({ status: 'proposed', error: null, problems: [], notes: [], costUsd: 0.01 });
  expect(proposed.tasks).toMatchObject([
    { key: 'base', title: 'Make the base', type: 'chore', priority: 'medium', dependencies: [], autoStart: false },
    { key: 'ship', title: 'Add ships', dependencies: ['base'] },
    { key: 'berth', title: 'Add berths', dependencies: ['base'] },
  ]);
  expect(await linesOf(asked.id)).toContain('working on ANALYZE, attempt 1');
  await until(async () => (await linesOf(asked.id)).includes('3 tasks are proposed'), 5_000); // said once it is so
  expect((await client.listTasks({ query: { projectId } })).items).toEqual([]);
  expect(worktreesOf(repository)).toEqual([]);
  expect(git(repository, 'branch', '--format=%(refname:short)')).toBe('main');

  const { id, tasks, version } = proposed;
  const [base, ship, berth] = tasks as [Analysis['tasks'][0], Analysis['tasks'][0], Analysis['tasks'][0]];
  const circle = [{ ...base, dependencies: ['ship', 'nobody'] }, { ...ship, key: 'ship' }, berth];
  const edited = await client.patchAnalysis({ params: { id }, body: { tasks: circle, version } });
  expect(edited.problems.map(({ message }) => message)).toEqual([
    '"base" waits for "nobody", which is neither here nor a task of the project.',
    'These would wait for one another: base → ship → base.',
  ]);
  await expect(client.approveAnalysis({ params: { id }, body: {} })).rejects.toMatchObject({
    code: 'invalid',
    message: expect.stringContaining('waits for "nobody"'),
  });
  const late = client.patchAnalysis({ params: { id }, body: { tasks, version } });
  await expect(late).rejects.toMatchObject({ code: 'conflict', message: expect.stringContaining('load it again') });
  expect((await client.listTasks({ query: { projectId } })).items).toEqual([]);

  const earlier = await client.createTask({ body: { projectId, title: 'There already' } });
  const right = [base, { ...ship, title: 'Add small ships', dependencies: ['base', earlier.id] }];
  await client.patchAnalysis({ params: { id }, body: { tasks: right } });
  const created = (await client.approveAnalysis({ params: { id }, body: { start: true } })).items;
  expect(created).toMatchObject([
    { key: 'base', title: 'Make the base', autoStart: true },
    { key: 'ship', title: 'Add small ships', status: 'blocked', dependencies: [created[0]?.id, earlier.id] },
  ]);
  const again = (await client.approveAnalysis({ params: { id }, body: { start: true } })).items;
  expect(again.map((task) => task.id)).toEqual(created.map((task) => task.id));
  const taskIds = { base: created[0]?.id, ship: created[1]?.id };
  expect(await client.getAnalysis({ params: { id } })).toMatchObject({ status: 'approved', taskIds });
  expect((await client.listAnalyses({ query: { projectId } })).items).toMatchObject([{ id, taskCount: 2 }]);
  expect(await waitForTask(sentra, created[0]?.id ?? '')).toMatchObject({ status: 'in_review' });
  await expect(client.cancelAnalysis({ params: { id } })).rejects.toMatchObject({ code: 'not_allowed' });
  expect(await clean()).toEqual([]);
});

test('an answer without tasks is tried again with the reason told, and without any it fails with what to do', async () => {
  const { projectId } = await addProject('fails-first');
  expect(await waitFor(await ask(projectId))).toMatchObject({ status: 'proposed', tasks: [{}, {}, {}] });
  const nothing = await waitFor(await ask(projectId, 'No list at all.'));
  expect(nothing).toMatchObject({
    status: 'failed',
    error: { code: 'unproven', message: 'The list "tasks" of the answer is empty.' },
  });
  expect((await linesOf(nothing.id)).filter((line) => line.startsWith('working on'))).toHaveLength(3);
  await sentra.client.retryAnalysis({ params: { id: nothing.id } });
  expect(await waitFor(nothing)).toMatchObject({ status: 'failed' });
  expect((await linesOf(nothing.id)).filter((line) => line.startsWith('working on'))).toHaveLength(6);
  const { projectId: wrong } = await addProject('good', { agents: { default: 'nobody' } });
  expect(await waitFor(await ask(wrong))).toMatchObject({
    status: 'failed',
    error: { message: expect.stringContaining('nobody') },
  });
});

test('a list that is too long for one answer comes by a file, and none of the repository is taken for it', async () => {
  const { repository, projectId } = await addProject('in-parts');
  writeFileSync(path.join(repository, 'sentra-tasks.jsonl'), '{"key":"old","title":"Of the repository"}\n');
  git(repository, 'add', '.');
  git(repository, 'commit', '-qm', 'A list of its own');
  const lines = Array.from({ length: 300 }, (_, at) => `- k${at}: Task ${at}${at ? ` (after k${(at - 1) >> 1})` : ''}`);
  const proposed = await waitFor(await ask(projectId, lines.join('\n')));
  expect(proposed.tasks.map(({ key }) => key)).toEqual(lines.map((_, at) => `k${at}`));
  expect(proposed.problems).toEqual([]);
  const { items } = await sentra.client.approveAnalysis({ params: { id: proposed.id }, body: {} });
  expect(items).toHaveLength(300);
  expect(items[299]?.dependencies).toEqual([items[149]?.id]);
});

test('while the model lets nobody in it waits, and then goes on by itself', async () => {
  const end = Date.now() + 12_000;
  const { projectId } = await addProject(`until=${end}`);
  const asked = await ask(projectId);
  await until(async () => (await linesOf(asked.id)).includes('429'), 12_000);
  await until(async () => (await linesOf(asked.id)).some((line) => line.includes('It goes on by itself after')), 5_000);
  expect(await waitFor(asked)).toMatchObject({ status: 'proposed' });
  expect(Date.now()).toBeGreaterThan(end);
});

test('killed in the middle it begins again, and leaves nothing behind; ended by a person it stays ended', async () => {
  const { repository, projectId } = await addProject('holds-ANALYZE');
  const asked = await ask(projectId);
  await until(async () => (await linesOf(asked.id)).includes('holding ANALYZE'), 20_000);
  expect(worktreesOf(repository)).toEqual([asked.id]);
  expect(await clean()).toEqual([]);
  await sentra.kill();
  await sentra.restart();
  expect(await waitFor(asked)).toMatchObject({ status: 'proposed', tasks: [{}, {}, {}] });
  expect(worktreesOf(repository)).toEqual([]);
  expect(existsSync(path.join(sentra.home, 'homes', asked.id))).toBe(false);

  const second = await ask(projectId);
  await until(async () => (await linesOf(second.id)).includes('holding ANALYZE'), 20_000);
  expect(await sentra.client.cancelAnalysis({ params: { id: second.id } })).toMatchObject({ status: 'cancelled' });
  await until(() => worktreesOf(repository).length === 0, 20_000);
  expect(await sentra.client.getAnalysis({ params: { id: second.id } })).toMatchObject({
    status: 'cancelled',
    tasks: [],
  });

  const third = await ask(projectId);
  await until(async () => (await linesOf(third.id)).includes('holding ANALYZE'), 20_000);
  await sentra.kill();
  const folder = path.join(repository, '.sentra', 'worktrees', third.id);
  await sentra.restart();
  await sentra.client.cancelAnalysis({ params: { id: third.id } });
  await until(async () => {
    await sentra.client.cleanWorktrees({ body: { dryRun: false } }); // where nobody worked on it any more; else it goes by itself
    return !existsSync(folder);
  }, 20_000);
  expect(await clean()).toEqual([]);
});

test('the command line shows a proposal, and creates its tasks where it is told to', async () => {
  const { projectId } = await addProject();
  const run = (...args: string[]) => runProduct(sentra.home, ['analyze', ...args]);
  const file = path.join(makeFolder('specification'), 'harbor.md');
  writeFileSync(file, specification);
  const shown = await run(file, '--project', projectId);
  expect(shown.code).toBe(0);
  expect(shown.err).toContain('working on ANALYZE, attempt 1');
  expect(shown.out).toMatch(/^KEY +TYPE +PRIORITY +WAITS FOR +TITLE\nbase +chore +medium +Make the base\n/);
  const [id = ''] = /analysis-\w{12}/.exec(shown.out) ?? [];
  const approved = JSON.parse((await run('--id', id, '--yes', '--start', '--json')).out);
  expect(approved).toMatchObject({ id, status: 'approved', tasks: [{}, {}, {}] });
  const { items } = await sentra.client.listTasks({ query: { projectId } });
  expect(items.map((task) => task.id).sort()).toEqual(Object.values(approved.taskIds).sort());

  const repository = await run('--repository', '--project', projectId, '--json');
  expect(JSON.parse(repository.out)).toMatchObject({ name: 'What the repository needs', status: 'failed' }); // this agent needs a list
  expect(repository.code).toBe(1);
  writeFileSync(file, ' \n');
  for (const [args, said, code = 2] of [
    [[], 'Name one thing'],
    [[file, '--project', projectId], 'is empty'],
    [['/nowhere', '--project', projectId], 'cannot be read'],
    [['--id', 'analysis-000000000000'], 'There is no analysis', 1],
    [['--id', id, '--start'], '--start belongs to --yes'],
  ] as const)
    expect(await run(...args)).toMatchObject({ code, err: expect.stringContaining(said) });
});

test('a token of another project knows nothing of it', async () => {
  const [{ projectId }, other] = [await addProject(), await addProject()];
  const { id } = await waitFor(await ask(projectId));
  const made = await sentra.client.createToken({
    body: { name: 'other', role: 'operator', projects: [other.projectId] },
  });
  const stranger = createClient({ url: sentra.url, token: made.token });
  for (const attempt of [
    () => stranger.getAnalysis({ params: { id } }),
    () => stranger.approveAnalysis({ params: { id }, body: {} }),
    () => stranger.listAnalyses({ query: { projectId } }),
    () => stranger.createAnalysis({ body: { projectId } }),
  ])
    await expect(attempt()).rejects.toMatchObject({ code: 'not_found' });
  expect((await stranger.listAnalyses({ query: { projectId: other.projectId } })).items).toEqual([]);
});
