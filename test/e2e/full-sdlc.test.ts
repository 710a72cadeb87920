import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentConfig, git, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, waitForTask } from '../helpers/sentra.ts';

let sentra: TestSentra;
beforeAll(async () => {
  sentra = await startTestSentra();
});
afterAll(() => sentra?.stop());

test('a typed title becomes a merged pull request: one commit for each phase that changed files, on the remote, once on main', async () => {
  const { client } = sentra;
  const repository = makeRepository({ config: agentConfig(), remote: true, files: { '.gitignore': '!.env.local\n' } });
  const project = await client.addProject({ body: { path: repository.path } });
  const { id } = await client.createTask({ body: { projectId: project.id, title: 'Say hello', autoStart: true } });
  const reviewed = await waitForTask(sentra, id);
  expect(reviewed).toMatchObject({
    status: 'in_review',
    isolation: 'shared',
    pullRequest: { number: 1, state: 'open' },
  });
  expect(reviewed.branchName).toBe(`feature/say-hello-${id.slice(5, 13)}`);
  const worktree = reviewed.worktreePath ?? '';
  expect(readFileSync(path.join(worktree, '.ports.env'), 'utf8')).toContain(
    `FRONTEND_PORT=${reviewed.ports.FRONTEND_PORT}`,
  );
  expect(readFileSync(path.join(worktree, '.env.local'), 'utf8')).toContain(`TASK_ID=${id}`);
  expect(git(repository.remote, 'log', '--format=%s', reviewed.branchName ?? '').split('\n')).toEqual([
    'code: Say hello',
    'plan: Plan for Say hello',
    'Begin',
  ]);
  const message = git(repository.path, 'log', '-1', '--format=%B', reviewed.branchName ?? '');
  expect(message).toContain(`Type: feature\nTask ID: ${id}\nADW ID: ${reviewed.adwId}\n`);
  expect(git(repository.path, 'log', '-1', '--format=%(trailers:key=Phase,valueonly)', reviewed.branchName ?? '')).toBe(
    'CODE',
  );
  expect(git(repository.path, 'log', '-1', '--format=%an <%ae>', reviewed.branchName ?? '')).toBe(
    'Sentra <sentra@localhost>',
  );

  const merged = await client.mergeTask({ params: { id } });
  expect(merged).toMatchObject({ status: 'completed', pullRequest: { state: 'merged' } });
  expect(git(repository.path, 'log', '--first-parent', '--format=%s').split('\n')).toEqual([
    'merge: Say hello',
    'Begin',
  ]);
  expect(readFileSync(path.join(repository.path, `${id}.txt`), 'utf8')).toBe('written 1\n');
  expect(git(repository.path, 'status', '--porcelain')).toBe('');
  expect(git(repository.remote, 'rev-parse', 'main')).toBe(git(repository.path, 'rev-parse', 'main'));
  expect(git(repository.path, 'ls-tree', '-r', '--name-only', 'main')).not.toMatch(/\.env\.local|\.ports\.env/);
  expect(git(repository.path, 'show', `main:.sentra/plans/${id}.md`)).toContain('# Plan');
  await expect.poll(() => existsSync(worktree), { timeout: 10_000 }).toBe(false);
  expect(git(repository.remote, 'branch', '--list', reviewed.branchName ?? '')).toBe('');
  await expect.poll(async () => (await client.getTask({ params: { id } })).ports, { timeout: 10_000 }).toEqual({});
});

test('failing tests go back to CODE with their output, and review comments start the next round', async () => {
  const { client } = sentra;
  const repository = makeRepository({ config: agentConfig('fails-first,changes-first') });
  const project = await client.addProject({ body: { path: repository.path } });
  const { id } = await client.createTask({ body: { projectId: project.id, title: 'Rounds', autoStart: true } });
  const task = await waitForTask(sentra, id);
  expect(task).toMatchObject({ status: 'in_review', error: null });
  const { items } = await client.listRuns({ params: { id } });
  expect(items[0]?.phases.map((p) => `${p.phase} ${p.attempt} ${p.state}`)).toEqual([
    'PLAN 1 passed',
    'CODE 1 passed',
    'TEST 1 failed',
    'CODE 2 passed',
    'TEST 2 passed',
    'REVIEW 1 passed',
    'CODE 3 passed',
    'TEST 3 passed',
    'REVIEW 2 passed',
  ]);
  const evidence = (await client.listEvidence({ params: { id } })).items.filter((e) => e.kind === 'tests');
  expect(evidence.map((e) => [e.passed, e.exitCode])).toEqual([
    [false, 1],
    [true, 0],
    [true, 0],
  ]);
  expect(readFileSync(path.join(task.worktreePath ?? '', `${id}.txt`), 'utf8')).toBe('reworked 3\n');
  const { comments } = await client.getPullRequest({ params: { id } });
  expect(comments.map((c) => [c.author, c.path, c.line, c.body])).toEqual([['review', `${id}.txt`, 1, 'Say more.']]);
});

test('a slow remote holds up no phase, but the pull request: review waits for what is pushed', async () => {
  const { client } = sentra;
  const repository = makeRepository({ config: agentConfig(), remote: true });
  const open = path.join(repository.remote, 'open');
  const hook = path.join(repository.remote, 'hooks', 'pre-receive');
  mkdirSync(path.dirname(hook), { recursive: true });
  writeFileSync(hook, `#!/bin/sh\nwhile ! [ -e '${open}' ]; do sleep 0.05; done\n`, { mode: 0o755 });
  const project = await client.addProject({ body: { path: repository.path } });
  const { id } = await client.createTask({ body: { projectId: project.id, title: 'Slow remote', autoStart: true } });
  const phases = async () => (await client.listRuns({ params: { id } })).items[0]?.phases ?? [];
  await expect
    .poll(async () => (await phases()).map((p) => `${p.phase} ${p.state}`), { timeout: 30_000 })
    .toEqual(['PLAN passed', 'CODE passed', 'TEST passed', 'REVIEW passed']);
  const waiting = await client.getTask({ params: { id } });
  expect(waiting).toMatchObject({ status: 'running', pullRequest: null });
  writeFileSync(open, '');
  const reviewed = await waitForTask(sentra, id);
  expect(reviewed).toMatchObject({ status: 'in_review', notice: null });
  expect(git(repository.remote, 'rev-parse', reviewed.branchName ?? '')).toBe(
    git(repository.path, 'rev-parse', reviewed.branchName ?? ''),
  );
});

test('untracked env files of the main checkout are in the worktree and never in a commit, ignored or not', async () => {
  const { client } = sentra;
  const repository = makeRepository({
    config: agentConfig(),
    files: { '.gitignore': '.env\n', '.env.example': 'A=\n' },
  });
  writeFileSync(path.join(repository.path, '.env'), 'SECRET=1\n');
  writeFileSync(path.join(repository.path, '.env.staging'), 'SECRET=2\n');
  const project = await client.addProject({ body: { path: repository.path } });
  const { id } = await client.createTask({ body: { projectId: project.id, title: 'Secrets', autoStart: true } });
  const task = await waitForTask(sentra, id);
  expect(task).toMatchObject({ status: 'in_review', error: null });
  expect(readFileSync(path.join(task.worktreePath ?? '', '.env'), 'utf8')).toBe('SECRET=1\n');
  expect(readFileSync(path.join(task.worktreePath ?? '', '.env.staging'), 'utf8')).toBe('SECRET=2\n');
  const files = git(repository.path, 'ls-tree', '-r', '--name-only', task.branchName ?? '').split('\n');
  expect(files.filter((file) => file.startsWith('.env'))).toEqual(['.env.example']);
});

test('what an agent cost is added up, and an unknown price stays unknown', async () => {
  const { client } = sentra;
  const costOf = async (modes: string) => {
    const repository = makeRepository({ config: agentConfig(modes) });
    const project = await client.addProject({ body: { path: repository.path } });
    const { id } = await client.createTask({ body: { projectId: project.id, title: 'Price', autoStart: true } });
    return (await waitForTask(sentra, id)).costUsd;
  };
  expect(await costOf('good')).toBeCloseTo(0.03);
  expect(await costOf('unpriced')).toBeNull();
});
