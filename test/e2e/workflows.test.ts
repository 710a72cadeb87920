import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NewTaskInput, Task } from '#src/domain/task.ts';
import type { WorkflowType } from '#src/domain/workflow.ts';
import { refusal } from '../helpers/failing.ts';
import { agentConfig, git, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until, waitForRun, waitForTask } from '../helpers/sentra.ts';

let sentra: TestSentra;
beforeAll(async () => {
  sentra = await startTestSentra();
});
afterAll(() => sentra?.stop());

async function makeProject(modes = 'fresh', more: Record<string, unknown> = {}) {
  const repository = makeRepository({ config: agentConfig(modes, more) });
  const { id } = await sentra.client.addProject({ body: { path: repository.path } });
  const create = (title: string, fields: Partial<NewTaskInput> = {}) =>
    sentra.client.createTask({ body: { projectId: id, title, ...fields } });
  return { path: repository.path, create };
}

async function execute(id: string, workflowType: WorkflowType): Promise<Task> {
  const { adwId } = await sentra.client.executeTask({ params: { taskId: id }, body: { workflowType } });
  const task = await waitForRun(sentra, id);
  expect(task.adwId).toBe(adwId);
  return task;
}

const phasesOf = (task: Task): string => task.phases.map((p) => `${p.phase} ${p.state}`).join(', ');

const attemptsOf = async (id: string): Promise<string[]> => {
  const { items } = await sentra.client.listRuns({ params: { id } });
  return (items[0]?.phases ?? []).map((p) => `${p.phase} ${p.attempt} ${p.state}`);
};

const subjects = (repository: string, branch: string | null): string[] =>
  git(repository, 'log', '--reverse', '--format=%s', `main..${branch}`).split('\n');

test('plan, code, test and review do their phase alone on one worktree, and only review opens the pull request', async () => {
  const { path: repository, create } = await makeProject();
  const { id } = await create('Step by step');
  const planned = await execute(id, 'plan');
  expect(planned).toMatchObject({ status: 'pending', error: null, pullRequest: null });
  expect(phasesOf(planned)).toBe('PLAN passed, CODE pending, TEST pending, REVIEW pending');

  const coded = await execute(id, 'code');
  expect(coded).toMatchObject({ status: 'pending', error: null, pullRequest: null });
  expect(phasesOf(coded)).toBe('PLAN passed, CODE passed, TEST pending, REVIEW pending');
  expect(coded).toMatchObject({
    worktreePath: planned.worktreePath,
    branchName: planned.branchName,
    ports: planned.ports,
  });

  const tested = await execute(id, 'test');
  expect(tested).toMatchObject({ status: 'pending', error: null, pullRequest: null });
  expect(phasesOf(tested)).toBe('PLAN passed, CODE passed, TEST passed, REVIEW pending');
  await expect(sentra.client.getPullRequest({ params: { id } })).rejects.toMatchObject({ code: 'not_found' });

  const reviewed = await execute(id, 'review');
  expect(reviewed).toMatchObject({ status: 'in_review', error: null, pullRequest: { number: 1, state: 'open' } });
  expect(phasesOf(reviewed)).toBe('PLAN passed, CODE passed, TEST passed, REVIEW passed');
  expect(subjects(repository, reviewed.branchName)).toEqual(['plan: Plan for Step by step', 'code: Step by step']);
  expect((await sentra.client.getPullRequest({ params: { id } })).body).toContain('1. Write');
});

test('the composed workflows go on from where the ones before them left off', async () => {
  const { path: repository, create } = await makeProject();
  const { id } = await create('Composed');
  const workflows: [WorkflowType, string[]][] = [
    ['plan_code', ['PLAN 1 passed', 'CODE 1 passed']],
    ['code_test', ['CODE 1 passed', 'TEST 1 passed']],
    ['iterative_code_test', ['CODE 1 passed', 'TEST 1 passed']],
  ];
  for (const [workflowType, attempts] of workflows) {
    expect(await execute(id, workflowType)).toMatchObject({ status: 'pending', error: null, pullRequest: null });
    expect(await attemptsOf(id)).toEqual(attempts);
  }
  const task = await sentra.client.getTask({ params: { id } });
  expect(phasesOf(task)).toBe('PLAN passed, CODE passed, TEST passed, REVIEW pending');
  expect(existsSync(path.join(task.worktreePath ?? '', `${id}.txt`))).toBe(true);
  expect(subjects(repository, task.branchName)).toEqual([
    'plan: Plan for Composed',
    ...['code: Composed', 'code: Composed', 'code: Composed'],
  ]);
});

test('iterative_code_test mends what code_test fails on', async () => {
  const { create } = await makeProject('fresh,fails-first');
  const { id } = await create('Broken at first');
  expect(await execute(id, 'code_test')).toMatchObject({ status: 'failed', error: { code: 'tests_failing' } });
  expect(await attemptsOf(id)).toEqual(['CODE 1 passed', 'TEST 1 failed']);
  expect(await execute(id, 'test')).toMatchObject({ status: 'failed', error: { code: 'tests_failing' } });
  expect(await execute(id, 'iterative_code_test')).toMatchObject({ status: 'pending', error: null });
  expect(await attemptsOf(id)).toEqual(['CODE 1 passed', 'TEST 1 failed', 'CODE 2 passed', 'TEST 2 passed']);
});

test('a review that asks for changes fails alone, opens nothing, and a retry finishes the task', async () => {
  const { create } = await makeProject('fresh,changes-first');
  const { id } = await create('Say more');
  await execute(id, 'plan_code');
  const reviewed = await execute(id, 'review');
  expect(reviewed).toMatchObject({ status: 'failed', error: { code: 'changes_requested' }, pullRequest: null });
  expect(await execute(id, 'full_sdlc')).toMatchObject({ status: 'in_review', pullRequest: { number: 1 } });
});

test('a retry that begins late still hands the comments of its review to CODE', async () => {
  const { create } = await makeProject('fresh,changes-first');
  const { id } = await create('Begin with review', { autoStart: true });
  await waitForTask(sentra, id);
  await sentra.client.retryTask({ params: { id }, body: { fromPhase: 'REVIEW' } });
  expect(await waitForRun(sentra, id)).toMatchObject({ status: 'in_review', error: null });
  expect(await attemptsOf(id)).toEqual(['REVIEW 1 passed', 'CODE 1 passed', 'TEST 1 passed', 'REVIEW 2 passed']);
});

test('a person skips the phase that failed: it is recorded as that, and the run goes on behind it', async () => {
  const { create } = await makeProject('fresh,never-green,changes-first', { limits: { codeTestAttempts: 1 } });
  const { id } = await create('Without tests', { autoStart: true });
  expect(await waitForTask(sentra, id)).toMatchObject({ status: 'failed', error: { code: 'tests_failing' } });
  await sentra.client.retryTask({ params: { id }, body: { skipFailed: true } });
  const done = await waitForRun(sentra, id);
  expect(done).toMatchObject({ status: 'in_review', error: null, pullRequest: { number: 1 } });
  expect(phasesOf(done)).toBe('PLAN passed, CODE passed, TEST skipped, REVIEW passed');
  expect(await attemptsOf(id)).toEqual(['TEST 0 skipped', 'REVIEW 1 passed', 'CODE 1 passed', 'REVIEW 2 passed']);
  const { title, status, phase, priority } = done;
  const { nodes } = await sentra.client.getGraph({ query: { projectId: done.projectId } });
  expect(nodes).toEqual([{ id, title, status, phase, priority }]);
  const again = await refusal(sentra.client.retryTask({ params: { id }, body: { skipFailed: true } }));
  expect(again).toMatchObject({ code: 'not_allowed', message: expect.stringContaining('no phase that failed') });
});

test('a review that never approves can be skipped, the last phase of another workflow cannot', async () => {
  const { create } = await makeProject('fresh,never-approves', { limits: { reviewRounds: 1 } });
  const { id } = await create('Good enough', { autoStart: true });
  expect(await waitForTask(sentra, id)).toMatchObject({ status: 'failed', error: { code: 'changes_requested' } });
  await sentra.client.retryTask({ params: { id }, body: { skipFailed: true } });
  const done = await waitForRun(sentra, id);
  expect(done).toMatchObject({
    status: 'in_review',
    phases: expect.arrayContaining([{ phase: 'REVIEW', state: 'skipped', attempt: 0 }]),
  });

  const alone = await create('Review only', { workflowType: 'review', autoStart: true });
  expect((await waitForTask(sentra, alone.id)).status).toBe('failed');
  const refused = await refusal(sentra.client.retryTask({ params: { id: alone.id }, body: { skipFailed: true } }));
  expect(refused.message).toContain('REVIEW is the last phase of review');
});

test('review of a branch without a commit opens no pull request', async () => {
  const { create } = await makeProject();
  const { id } = await create('Nothing yet');
  expect(await execute(id, 'review')).toMatchObject({ status: 'pending', error: null, pullRequest: null });
});

test('requested changes start a round with the comments, which brings the same pull request up to date', async () => {
  const { path: repository, create } = await makeProject();
  const { id } = await create('Rework', { autoStart: true });
  await waitForTask(sentra, id);
  expect((await sentra.client.approveTask({ params: { id } })).status).toBe('in_review');
  const first = await sentra.client.getPullRequest({ params: { id } });
  expect(first.approvedAt).not.toBeNull();

  const comments = [{ path: `${id}.txt`, line: 1, body: 'Say it louder.' }];
  expect((await sentra.client.requestChanges({ params: { id }, body: { comments } })).status).toMatch(/queued|running/);
  expect(await waitForRun(sentra, id)).toMatchObject({ status: 'in_review', pullRequest: { number: first.number } });
  expect(await attemptsOf(id)).toEqual(['CODE 1 passed', 'TEST 1 passed', 'REVIEW 1 passed']);
  const second = await sentra.client.getPullRequest({ params: { id } });
  expect(second).toMatchObject({
    number: 1,
    state: 'open',
    approvedAt: null,
    comments: [{ author: 'person', ...comments[0] }],
  });
  expect(second.headCommit).not.toBe(first.headCommit);
  expect(git(repository, 'rev-parse', second.headBranch)).toBe(second.headCommit);
  expect(git(repository, 'show', `${second.headBranch}:${id}.txt`)).toMatch(/^reworked 1/);
  expect(await sentra.client.mergeTask({ params: { id } })).toMatchObject({ status: 'completed' });
  expect(git(repository, 'show', `main:${id}.txt`)).toMatch(/^reworked 1/);
});

test('a closed pull request leaves the task ready, and its next review opens another one', async () => {
  const { path: repository, create } = await makeProject();
  const { id } = await create('Close me', { autoStart: true });
  await waitForTask(sentra, id);
  const closed = await sentra.client.closeTask({ params: { id } });
  expect(closed).toMatchObject({ status: 'pending', pullRequest: { number: 1, state: 'closed' } });
  expect(subjects(repository, closed.branchName)).toHaveLength(2);
  await expect(sentra.client.mergeTask({ params: { id } })).rejects.toMatchObject({ code: 'not_allowed' });
  expect(await execute(id, 'review')).toMatchObject({ status: 'in_review', pullRequest: { number: 2, state: 'open' } });
});

test('a task starts by itself once what it waits for was skipped or merged', async () => {
  const { path: repository, create } = await makeProject();
  const first = await create('First');
  const second = await create('Second', { dependencies: [first.id], autoStart: true });
  const third = await create('Third', { dependencies: [second.id], autoStart: true });
  expect([second.status, third.status]).toEqual(['blocked', 'blocked']);
  const { reasons } = await sentra.client.getWhy({ params: { id: third.id } });
  expect(reasons).toMatchObject([{ code: 'dependency', taskId: second.id }]);
  await expect(sentra.client.executeTask({ params: { taskId: second.id } })).rejects.toMatchObject({
    code: 'not_allowed',
  });

  expect(await sentra.client.skipTask({ params: { id: first.id } })).toMatchObject({ status: 'skipped' });
  expect(await waitForTask(sentra, second.id)).toMatchObject({ status: 'in_review' });
  expect((await sentra.client.getTask({ params: { id: third.id } })).status).toBe('blocked');

  await sentra.client.mergeTask({ params: { id: second.id } });
  const last = await waitForTask(sentra, third.id);
  expect(last).toMatchObject({ status: 'in_review' });
  expect(git(repository, 'ls-tree', '--name-only', last.branchName ?? '')).toContain(`${second.id}.txt`);
});

test('with merge auto a chain of tasks reaches the base branch without a person', async () => {
  const { path: repository, create } = await makeProject('fresh', { merge: 'auto' });
  const first = await create('One', { autoStart: true });
  const second = await create('Two', { autoStart: true, dependencies: [first.id] });
  const byHand = await create('Three', { autoStart: true, dependencies: [second.id], merge: 'manual' });
  await waitForTask(sentra, second.id, ['completed', 'failed']);
  expect(await waitForTask(sentra, byHand.id)).toMatchObject({ status: 'in_review' });
  expect(git(repository, 'log', '--first-parent', '--format=%s', 'main').split('\n')).toEqual([
    'merge: Two',
    'merge: One',
    'Begin',
  ]);
});

test('a skipped task with work leaves no worktree and no port behind, and its work is kept', async () => {
  const { path: repository, create } = await makeProject();
  const { id } = await create('Give up');
  const coded = await execute(id, 'code');
  await sentra.client.skipTask({ params: { id } });
  await until(async () => (await sentra.client.getTask({ params: { id } })).worktreePath === null, 20_000);
  const skipped = await sentra.client.getTask({ params: { id } });
  expect(skipped).toMatchObject({ status: 'skipped', ports: {} });
  expect(existsSync(coded.worktreePath ?? '')).toBe(false);
  expect(git(repository, 'worktree', 'list').split('\n')).toHaveLength(1);
  const saved = path.join(sentra.home, 'saved', id);
  expect(readFileSync(path.join(saved, readdirSync(saved)[0] ?? ''), 'utf8')).toContain('+written 1');
});
