import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, readFileSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Finding } from '#src/domain/clean-up.ts';
import { createWorktree } from '#src/git/worktree.ts';
import { startEmbedded } from '#src/store/postgres.ts';
import { openBrowser } from '../helpers/browser.ts';
import { agentConfig, git, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until, waitForRun } from '../helpers/sentra.ts';

let sentra: TestSentra;
beforeAll(async () => {
  sentra = await startTestSentra();
});
afterAll(() => sentra?.stop());

const bytes = Buffer.from(Array.from({ length: 4096 }, (_, i) => (i * 31) % 256));

async function begin(title: string) {
  const files = { 'gone.txt': 'gone\n', 'run.sh': '#!/bin/sh\n' };
  const repository = makeRepository({ config: agentConfig(), files }).path;
  const project = await sentra.client.addProject({ body: { path: repository } });
  const { id } = await sentra.client.createTask({ body: { projectId: project.id, title } });
  return { id, repository, folder: path.join(repository, '.sentra', 'worktrees', id) };
}

const clean = async (dryRun: boolean, of: string) =>
  (await sentra.client.cleanWorktrees({ body: { dryRun } })).items.filter((item) => item.path.startsWith(of));
const told = (items: Finding[]) => items.map(({ kind, action, done, problem }) => ({ kind, action, done, problem }));
const savedOf = async (id: string) => (await sentra.client.listSaved()).items.filter((one) => one.taskId === id);
const inDatabase = async (sql: string, id: string) => {
  const database = new pg.Client({ connectionString: (await startEmbedded({ home: sentra.home })).url });
  await database.connect();
  await database.query(sql, [id]);
  await database.end();
};
const makeDirty = (folder: string) => {
  writeFileSync(path.join(folder, 'binary'), bytes);
  rmSync(path.join(folder, 'gone.txt'));
  chmodSync(path.join(folder, 'run.sh'), 0o755);
};
const expectDirty = (folder: string) => {
  expect(readFileSync(path.join(folder, 'binary'))).toEqual(bytes);
  expect(existsSync(path.join(folder, 'gone.txt'))).toBe(false);
  expect(statSync(path.join(folder, 'run.sh')).mode & 0o100).toBe(0o100);
};

test('what a cancelled task left uncommitted is saved, restored byte for byte, and then kept until it is removed', async () => {
  const { client } = sentra;
  const { id, repository, folder } = await begin('Come back');
  const params = { taskId: id };
  await client.createWorktree({ body: { taskId: id } });
  await expect(client.restoreWorktree({ params, body: {} })).rejects.toMatchObject({ code: 'not_found' });
  makeDirty(folder);
  await client.cancelTask({ params: { id } });
  await until(async () => (await client.getTask({ params: { id } })).worktreePath === null, 10_000);
  expect(existsSync(folder)).toBe(false);
  const saved = await savedOf(id);
  expect(saved).toHaveLength(1);

  const restored = await client.restoreWorktree({ params, body: { file: path.basename(saved[0]?.path ?? '') } });
  expect(restored).toMatchObject({ path: folder, restored: saved[0]?.path, files: ['binary', 'gone.txt', 'run.sh'] });
  expectDirty(folder);
  expect(git(folder, 'branch', '--show-current')).toBe(`feature/come-back-${id.slice(5, 13)}`);
  expect(await clean(false, repository)).toEqual([]);
  await expect(client.restoreWorktree({ params, body: {} })).rejects.toMatchObject({ code: 'conflict' });
  await until(async () => {
    const { items } = await client.listWorktrees();
    return (items.find((one) => one.taskId === id)?.bytes ?? 0) > bytes.length;
  }, 10_000);

  const removed = await client.removeWorktree({ params });
  expect([existsSync(folder), existsSync(removed.saved ?? '')]).toEqual([false, true]);
  expect((await savedOf(id))[0]?.path).toBe(removed.saved);
  await expect(client.removeWorktree({ params })).rejects.toMatchObject({ code: 'not_found' });
});

test("a person's own worktree is never touched; one of Sentra's that no task needs is saved and removed, but not by a dry run", async () => {
  const { repository } = await begin('Mine and yours');
  const worktrees = path.join(repository, '.sentra', 'worktrees');
  const [own, orphan] = [path.join(worktrees, 'task-00000000mine'), path.join(worktrees, 'task-00000000orph')];
  git(repository, 'worktree', 'add', '-q', '-b', 'feature/mine-00000000', own);
  writeFileSync(path.join(own, 'mine.txt'), 'mine\n');
  const base = git(repository, 'rev-parse', 'main');
  const branchName = 'feature/orphan-00000000';
  await createWorktree({ path: repository, gitDir: path.join(repository, '.git') }, { path: orphan, branchName, base });
  makeDirty(orphan);
  const trash = path.join(worktrees, '.trash', `task-1-${crypto.randomUUID()}`);
  mkdirSync(trash, { recursive: true });

  const before = git(repository, 'worktree', 'list', '--porcelain');
  const found = { problem: null, done: false };
  expect(told(await clean(true, repository))).toEqual([
    { ...found, kind: 'worktree', action: 'save_and_remove' },
    { ...found, kind: 'trash', action: 'remove' },
  ]);
  expect(git(repository, 'worktree', 'list', '--porcelain')).toBe(before);
  expectDirty(orphan);
  expect([existsSync(trash), await savedOf('task-00000000orph')]).toEqual([true, []]);

  expect((await clean(false, repository)).map((item) => item.done)).toEqual([true, true]);
  expect([existsSync(orphan), existsSync(trash)]).toEqual([false, false]);
  expect(await savedOf('task-00000000orph')).toHaveLength(1);
  expect(readFileSync(path.join(own, 'mine.txt'), 'utf8')).toBe('mine\n');
  expect(git(repository, 'branch', '--format=%(refname:short)').split('\n')).toEqual(['feature/mine-00000000', 'main']);
  expect(await clean(true, repository)).toEqual([]);
});

test('a worktree whose folder was deleted by hand is put right, and the next run makes it again with its commits', async () => {
  const { client } = sentra;
  const { id, repository, folder } = await begin('Deleted by hand');
  await client.executeTask({ params: { taskId: id }, body: { workflowType: 'code' } });
  expect((await waitForRun(sentra, id)).error).toBeNull();
  const tip = git(folder, 'rev-parse', 'HEAD');
  rmSync(folder, { recursive: true });
  expect(told(await clean(false, repository))).toEqual([
    { kind: 'missing_folder', action: 'heal', done: true, problem: null },
  ]);
  expect(await clean(true, repository)).toEqual([]);
  await client.executeTask({ params: { taskId: id }, body: { workflowType: 'review' } });
  const task = await waitForRun(sentra, id);
  expect(task).toMatchObject({ status: 'in_review', error: null, worktreePath: folder });
  expect(readFileSync(path.join(folder, `${id}.txt`), 'utf8')).toBe('written 1\n');
  expect(git(repository, 'merge-base', '--is-ancestor', tip, task.branchName ?? '')).toBe('');
  await expect(client.removeWorktree({ params: { taskId: id } })).rejects.toMatchObject({
    code: 'not_allowed',
    message: expect.stringContaining('in review'),
  });
});

test('merged branches, ports, private homes and caches of what is over go, those of a task with something ahead stay', async () => {
  const { client, home } = sentra;
  const [over, kept] = [await begin('Over'), await begin('Ahead')];
  await client.createWorktree({ body: { taskId: kept.id } });
  await client.createWorktree({ body: { taskId: over.id } });
  await client.cancelTask({ params: { id: over.id } });
  await until(async () => (await client.getTask({ params: { id: over.id } })).worktreePath === null, 10_000);
  const branch = `feature/over-${over.id.slice(5, 13)}`;
  git(over.repository, 'branch', branch);
  const homes = [over, kept].map(({ id }) => path.join(home, 'homes', id));
  const caches = ['proj-00000000none', 'something-else'].map((name) => path.join(home, 'caches', name));
  for (const folder of [...homes, ...caches]) mkdirSync(folder, { recursive: true });
  await inDatabase('insert into sentra.port_leases (task_id, first_port) values ($1, 32750)', over.id);

  const { items } = await client.cleanWorktrees({ body: { dryRun: false } });
  expect(items.map(({ kind, taskId, done }) => [kind, taskId, done])).toEqual([
    ['branch', over.id, true],
    ['ports', over.id, true],
    ['home', over.id, true],
    ['cache', null, true],
  ]);
  expect(git(over.repository, 'branch', '--format=%(refname:short)')).toBe('main');
  expect((await client.getTask({ params: { id: over.id } })).ports).toEqual({});
  expect([...homes, ...caches].map((folder) => existsSync(folder))).toEqual([false, true, false, true]);
  expect(Object.keys((await client.getTask({ params: { id: kept.id } })).ports)).not.toEqual([]);
  expect(existsSync(kept.folder)).toBe(true);
});

test('the worktree of a task that is over but was never cleaned up goes at the next start, its work saved; others stay', async () => {
  const { client } = sentra;
  const [over, kept] = [await begin('Over'), await begin('Kept')];
  for (const { id, folder } of [over, kept]) {
    await client.createWorktree({ body: { taskId: id } });
    makeDirty(folder);
  }
  await sentra.kill();
  await inDatabase("update sentra.tasks set status = 'cancelled', cancelled_at = now() where id = $1", over.id);
  await sentra.restart();
  await until(() => !existsSync(over.folder), 20_000);
  await until(async () => (await sentra.client.getTask({ params: { id: over.id } })).worktreePath === null, 10_000);
  expect(await sentra.client.getTask({ params: { id: over.id } })).toMatchObject({ status: 'cancelled', ports: {} });
  expect(git(over.repository, 'branch', '--format=%(refname:short)')).toBe('main');
  expect(await savedOf(over.id)).toHaveLength(1);
  expectDirty(kept.folder);
  expect(await clean(true, kept.repository)).toEqual([]);
});

test('what is over in a removed project goes; what is not waits for a request, and its work is saved', async () => {
  const { client } = sentra;
  const { id, repository, folder } = await begin('Of a removed project');
  await client.createWorktree({ body: { taskId: id } });
  makeDirty(folder);
  const { projectId } = await client.getTask({ params: { id } });
  await client.removeProject({ params: { id: projectId } });
  const [found] = await clean(true, repository);
  expect(found).toMatchObject({
    kind: 'worktree',
    reason: 'its project is not registered any more; the task is pending',
    bytes: expect.any(Number),
  });
  const trash = path.join(path.dirname(folder), '.trash', `task-1-${crypto.randomUUID()}`); // its turn comes after the worktree's
  mkdirSync(trash, { recursive: true });
  await sentra.kill();
  await sentra.restart();
  await until(() => !existsSync(trash), 20_000);
  expectDirty(folder);
  expect(told(await clean(false, repository))).toEqual([
    { kind: 'worktree', action: 'save_and_remove', done: true, problem: null },
  ]);
  expect(existsSync(folder)).toBe(false);
  expect(git(repository, 'branch', '--format=%(refname:short)')).toBe('main');
  expect(await savedOf(id)).toHaveLength(1);
});

test('processes in the home of a task that is over are ended, and its saved work goes on request after a season, not before', async () => {
  const { client, home } = sentra;
  const { id } = await begin('Left at work');
  const { id: ahead } = await begin('Ahead of it');
  await client.cancelTask({ params: { id } });
  const start = (task: string) =>
    spawn('sleep', ['1000'], { env: { HOME: path.join(home, 'homes', task), PATH: process.env.PATH ?? '' } });
  const [left, kept] = [start(id), start(ahead)];
  const ended = once(left, 'exit');
  const [old, young] = ['old', 'young'].map((name) => path.join(home, 'saved', id, `${name}.patch`));
  mkdirSync(path.dirname(old ?? ''), { recursive: true });
  for (const file of [old, young]) writeFileSync(file ?? '', 'x');
  const season = new Date(Date.now() - 91 * 24 * 60 * 60_000);
  utimesSync(old ?? '', season, season);
  try {
    const { items } = await client.cleanWorktrees({ body: { dryRun: false } });
    expect(told(items.filter((item) => item.taskId === id && item.kind !== 'home'))).toEqual([
      { kind: 'processes', action: 'end', done: true, problem: null },
      { kind: 'saved', action: 'remove', done: true, problem: null },
    ]);
    await ended;
    expect([kept.exitCode, kept.signalCode, existsSync(old ?? ''), existsSync(young ?? '')]).toEqual([
      null,
      null,
      false,
      true,
    ]);
  } finally {
    for (const child of [left, kept]) child.kill('SIGKILL');
  }
});

test('on the page a person sees what would go before it goes', async () => {
  const { repository } = await begin('On the page');
  const trash = path.join(repository, '.sentra', 'worktrees', '.trash', `task-1-${crypto.randomUUID()}`);
  mkdirSync(trash, { recursive: true });
  writeFileSync(path.join(trash, 'file'), bytes);
  const browser = await openBrowser();
  try {
    const page = await browser.newPage();
    await page.goto((await sentra.client.createLoginLink()).url);
    await page.getByRole('link', { name: 'Resources' }).first().click();
    await page.getByRole('button', { name: 'Clean up' }).click();
    const dialog = page.getByRole('dialog', { name: 'Clean up' });
    await dialog.getByText(path.dirname(trash)).waitFor();
    expect(existsSync(trash)).toBe(true);
    await dialog.getByRole('button', { name: /^Clean up \d+ thing/ }).click();
    await dialog.getByText('done').first().waitFor();
    expect(existsSync(trash)).toBe(false);
  } finally {
    await browser.close();
  }
});

test('old logs of ended tasks go, a whole task at a time, and what was removed is told', async () => {
  const { client } = sentra;
  const repository = makeRepository({ config: agentConfig('good', { logs: { keepDays: 30, keepMb: 50 } }) }).path;
  const project = await client.addProject({ body: { path: repository } });
  const create = async (title: string) => {
    const { id } = await client.createTask({ body: { projectId: project.id, title } });
    await client.createWorktree({ body: { taskId: id } });
    await inDatabase(
      `with head as (update sentra.log_heads set last_seq = last_seq + 500, bytes = bytes + 30e6 where task_id = $1 returning last_seq)
       insert into sentra.logs (task_id, seq, level, message, metadata)
         select $1, last_seq - 500 + n, 'info', 'said ' || n, '{}' from head, generate_series(1, 500) n`,
      id,
    );
    return id;
  };
  const [old, small, atWork] = [await create('Long ago'), await create('Of late'), await create('Still here')];
  for (const id of [old, small]) {
    await client.cancelTask({ params: { id } });
    await until(async () => (await client.getTask({ params: { id } })).worktreePath === null, 30_000);
  }
  for (const id of [old, atWork])
    await inDatabase(`update sentra.logs set timestamp = now() - interval '31 days' where task_id = $1`, id);
  const logsOf = async (dryRun: boolean) =>
    (await client.cleanWorktrees({ body: { dryRun } })).items.filter(({ kind }) => kind === 'logs');
  expect((await logsOf(true)).map(({ taskId, reason }) => [taskId, /\(logs\.\w+\)/.exec(reason)?.[0]])).toEqual([
    [old, '(logs.keepDays)'],
    [small, '(logs.keepMb)'],
  ]);
  const summaryOf = (taskId: string) => client.getLogSummary({ params: { taskId }, query: {} });
  expect((await summaryOf(old)).removed).toBeNull();
  const done = await logsOf(false);
  expect(done.map(({ taskId, done, problem }) => [taskId, done, problem])).toEqual([
    [old, true, null],
    [small, true, null],
  ]);
  const { removed } = await summaryOf(old);
  expect(removed?.lines).toBeGreaterThanOrEqual(500);
  expect(removed?.at).toBe(new Date(removed?.at ?? '').toISOString());
  const left = await client.listLogs({ params: { taskId: old }, query: {} });
  expect(left.items.map((line) => line.message)).toEqual([
    expect.stringMatching(/^5\d\d lines of this log \(30\.\d MB/),
  ]);
  expect((await summaryOf(atWork)).removed).toBeNull();
  expect(await logsOf(true)).toEqual([]);
  const gaps = (await client.verify()).checks.flatMap(({ problems }) => problems.filter((one) => one.includes(old)));
  expect(gaps).toEqual([]);
});

test('the old log of an analysis goes as that of a task does, unless somebody may still take it up', async () => {
  const { client } = sentra;
  const repository = makeRepository({ config: agentConfig('good', { logs: { keepDays: 30 } }) }).path;
  const project = await client.addProject({ body: { path: repository } });
  const analyze = async () => {
    const { id } = await client.createAnalysis({
      body: { projectId: project.id, specification: '# Harbor\n\n- base: Make the base\n' },
    });
    await until(async () => (await client.getAnalysis({ params: { id } })).status === 'proposed', 30_000);
    await inDatabase(`update sentra.logs set timestamp = now() - interval '31 days' where task_id = $1`, id);
    return id;
  };
  const [over, proposed] = [await analyze(), await analyze()];
  await client.cancelAnalysis({ params: { id: over } });
  const found = async (dryRun: boolean) =>
    (await client.cleanWorktrees({ body: { dryRun } })).items.filter(({ path: place }) =>
      [over, proposed].some((id) => place === `log of ${id}`),
    );
  expect(await found(true)).toMatchObject([
    {
      kind: 'logs',
      taskId: null,
      path: `log of ${over}`,
      reason: expect.stringContaining('the analysis is cancelled'),
    },
  ]);
  expect(await found(false)).toMatchObject([{ done: true, problem: null }]);
  const linesOf = async (id: string) => (await client.listAnalysisLogs({ params: { id }, query: {} })).items;
  expect((await linesOf(over)).map(({ message }) => message)).toEqual([
    expect.stringMatching(/lines of this log .* were removed/),
  ]);
  expect((await linesOf(proposed)).length).toBeGreaterThan(1);
  expect(await found(true)).toEqual([]);
  const problems = (await client.verify()).checks.flatMap(({ problems }) => problems);
  expect(problems.filter((one) => one.includes(over))).toEqual([]);
});
