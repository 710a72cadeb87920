/** The pool on a real database and real repositories: one winner, nothing lost, nothing left, whatever cuts it off. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { text } from 'node:stream/consumers';
import { expect, test } from 'vitest';
import { armFailpoints } from '#src/engine/failpoints.ts';
import { createProjects } from '#src/orchestrator/projects.ts';
import { reconcileOnce } from '#src/orchestrator/reconcile.ts';
import { claimPooled, insertPooled, setPooledReady } from '#src/store/pool.ts';
import { decide } from '#src/store/tasks.ts';
import { setWorktreeState } from '#src/store/worktrees.ts';
import { removeTaskWorktree } from '#src/workflows/clean-up.ts';
import { listSaved } from '#src/workflows/saved.ts';
import { git, makeRepository } from '../helpers/repository.ts';
import { begin, end, newTask, parts, take, tend, url } from './pool-project.ts';

const child = path.resolve(import.meta.dirname, '../fixtures/pool-child.ts');

function expectTaken(
  repository: string,
  taskId: string,
  tree: { path: string; branchName: string; base: string },
): void {
  expect(tree.path).toBe(path.join(repository, '.sentra', 'worktrees', taskId));
  expect(git(tree.path, 'branch', '--show-current')).toBe(tree.branchName);
  expect(git(tree.path, 'rev-parse', 'HEAD')).toBe(tree.base);
  expect(git(tree.path, 'status', '--porcelain')).toBe('');
}

test('ten claims of five worktrees at once give each to one task', async () => {
  const project = await begin({ fill: false });
  const { db } = parts.database;
  for (let number = 0; number < 5; number++) {
    const id = `pool-00000000000${number}`;
    await insertPooled(db, {
      id,
      projectId: project.projectId,
      path: `/${id}`,
      base: 'b',
      settings: 's',
      workerId: 'w',
    });
    await setPooledReady(db, id, { adminDir: '/a', base: 'b', dependencies: null, named: [] });
  }
  const tasks = await Promise.all(Array.from({ length: 10 }, () => newTask(project.projectId)));
  const claim = (taskId: string) => claimPooled(db, { projectId: project.projectId, taskId, base: 'b', settings: 's' });
  const claimed = (await Promise.all(tasks.map(claim))).filter((row) => row !== undefined);
  expect(claimed.map((row) => row.id).sort()).toEqual([0, 1, 2, 3, 4].map((number) => `pool-00000000000${number}`));
  expect(new Set(claimed.map((row) => row.taskId)).size).toBe(5);
  const other = await claimPooled(db, {
    projectId: project.projectId,
    taskId: tasks[0] ?? '',
    base: 'b',
    settings: 'z',
  });
  expect(other).toBeUndefined();
  for (const row of await project.pool())
    await parts.database.pool.query('delete from sentra.pool_worktrees where id = $1', [row.id]);
  await end(project);
});

test('what the pool has is no leftover; without its row it is one, for a person to decide on', async () => {
  const project = await begin();
  const [row] = await project.pool();
  const mine = async (requested: boolean) => {
    const found = await reconcileOnce(parts, { dryRun: !requested, requested, onError: expect.unreachable });
    return found.filter((one) => one.path.includes(project.repository));
  };
  expect(await mine(true)).toEqual([]);
  await parts.database.pool.query('delete from sentra.pool_worktrees where id = $1', [row?.id]);
  expect(await mine(false)).toEqual([]);
  expect(await mine(true)).toMatchObject([{ kind: 'pool', path: row?.path, done: true }]);
  await end(project);
});

test('a project without tasks gets no pool; after its first worktree one is prepared, and the next tasks take them', async () => {
  const project = await begin({ size: 2, fill: false });
  const { repository, projectId } = project;
  expect(await project.pool()).toEqual([]);
  const unused = await createProjects(parts).add({ path: makeRepository({ config: { isolation: 'none' } }).path });
  const tasks = await Promise.all([1, 2, 3].map(() => newTask(projectId)));
  await tend();
  expect((await project.pool()).map((row) => [row.state, row.projectId])).toEqual([
    ['ready', projectId],
    ['ready', projectId],
  ]);
  const trees = await Promise.all(tasks.map(take));
  for (const [at, tree] of trees.entries()) expectTaken(repository, tasks[at] ?? '', tree);
  const admins = trees.map((tree) => path.basename(tree.adminDir)).sort();
  expect(admins.filter((name) => name.startsWith('pool-'))).toHaveLength(2);
  expect(await project.pool()).toEqual([]);
  await createProjects(parts).remove(unused.id);
  await end(project);
});

test('the pool follows a base that moves, and a task gets the newest commit even when the pool is late', async () => {
  const project = await begin({ files: { 'a.txt': 'one\n' } });
  const [before] = await project.pool();
  writeFileSync(path.join(project.repository, 'a.txt'), 'two\n');
  git(project.repository, 'commit', '-qam', 'Two');
  await tend();
  const [after] = await project.pool();
  expect([after?.id, after?.base]).toEqual([before?.id, git(project.repository, 'rev-parse', 'main')]);
  git(project.repository, 'commit', '-q', '--amend', '-m', 'Rewritten');
  const task = await newTask(project.projectId);
  const tree = await take(task);
  expect(tree.base).toBe(git(project.repository, 'rev-parse', 'main'));
  expectTaken(project.repository, task, tree);
  expect(path.basename(tree.adminDir)).toBe(before?.id);
  await end(project);
});

test('what a person did in a prepared worktree is saved, and the task gets another', async () => {
  const project = await begin();
  const [row] = await project.pool();
  if (!row) throw new Error('there is no pool');
  git(row.path, 'commit', '-q', '--allow-empty', '-m', 'mine');
  writeFileSync(path.join(row.path, 'mine.txt'), 'mine\n');
  const task = await newTask(project.projectId);
  const tree = await take(task);
  expectTaken(project.repository, task, tree);
  expect(path.basename(tree.adminDir)).toBe(task);
  expect(existsSync(path.join(row.path, 'mine.txt'))).toBe(true);
  expect((await tend()).join()).toContain(`The changes in ${row.path}`);
  const [saved] = await listSaved(parts.home, row.id);
  expect(readFileSync(saved?.path ?? '', 'utf8')).toContain('+mine');
  expect((await listSaved(parts.home)).map((one) => one.taskId)).toContain(row.id);
  await end(project);
});

test('new files in one at the right commit do not reach the task: they are saved with its own work', async () => {
  const project = await begin();
  const [row] = await project.pool();
  writeFileSync(path.join(row?.path ?? '', 'mine.txt'), 'mine\n');
  const task = await newTask(project.projectId);
  const tree = await take(task);
  expect(path.basename(tree.adminDir)).toBe(row?.id);
  expectTaken(project.repository, task, tree);
  expect(readFileSync((await listSaved(parts.home, task))[0]?.path ?? '', 'utf8')).toContain('+mine');
  await end(project);
});

test.each<[string, (folder: string, repository: string) => void]>([
  ['deleted', (folder) => rmSync(folder, { recursive: true })],
  [
    'deleted and pruned',
    (folder, repository) => {
      git(repository, 'worktree', 'unlock', folder);
      rmSync(folder, { recursive: true });
      git(repository, 'worktree', 'prune');
    },
  ],
])('a prepared worktree that a person %s is forgotten', async (_, meddle) => {
  const project = await begin();
  const [row] = await project.pool();
  meddle(row?.path ?? '', project.repository);
  const task = await newTask(project.projectId);
  expectTaken(project.repository, task, await take(task));
  await end(project);
});

test('other settings, a paused project and a limit of none each give the worktrees back', async () => {
  const project = await begin({ size: 2 });
  await newTask(project.projectId);
  const states = async () => (await project.pool()).map((row) => row.id);
  const [first] = await states();
  const config = (pool: object) =>
    writeFileSync(path.join(project.repository, 'sentra.json'), JSON.stringify({ isolation: 'none', ...pool }));
  config({ pool: { size: 2, install: false } });
  await tend();
  expect(await states()).toHaveLength(1);
  expect(await states()).not.toContain(first);
  await createProjects(parts).patch(project.projectId, { paused: true });
  await tend();
  expect(await states()).toEqual([]);
  await createProjects(parts).patch(project.projectId, { paused: false });
  await tend();
  expect(await states()).toHaveLength(1);
  await tend({ most: 0 });
  expect(await states()).toEqual([]);
  await end(project);
});

test('nothing is begun while a run waits for its worktree, and what nobody uses for hours is given back', async () => {
  const project = await begin({ fill: false });
  const { pool } = parts.database;
  const task = await newTask(project.projectId);
  await pool.query(
    "insert into sentra.runs (adw_id, task_id, workflow_type, status) values ('adw-1', $1, 'code', 'running')",
    [task],
  );
  await tend();
  expect(await project.pool()).toEqual([]);
  await pool.query("update sentra.runs set status = 'failed' where adw_id = 'adw-1'");
  await tend();
  expect(await project.pool()).toHaveLength(1);
  await pool.query("update sentra.worktrees set created_at = now() - interval '7 hours' where task_id = $1", [
    project.first,
  ]);
  await tend();
  expect(await project.pool()).toEqual([]);
  await end(project);
});

/** Leaves an act hanging at a point for ever: what it did until then is there, and nothing more comes, as after a crash. */
async function cutOff(point: string, act: () => Promise<unknown>): Promise<void> {
  await new Promise<void>((reached, failed) => {
    armFailpoints((passed) => (passed === `${point}@effect` ? new Promise(() => reached()) : undefined));
    act().then(() => failed(new Error(`it never came to "${point}"`)), failed);
  });
  armFailpoints(() => undefined);
}

/** The same by SIGKILL to a process of its own. */
async function kill(...args: string[]): Promise<void> {
  const dying = spawn(process.execPath, [child, url, parts.home, ...args], { stdio: ['ignore', 'ignore', 'pipe'] });
  const said = text(dying.stderr);
  const [exitCode, killedBy] = await once(dying, 'close');
  expect([exitCode, killedBy, await said]).toEqual([null, 'SIGKILL', '']);
}

async function expectCancelled(project: Awaited<ReturnType<typeof begin>>, task: string): Promise<void> {
  await parts.changes.change(async ({ tx, touch }) => {
    await decide(tx, task, 'cancelledAt');
    touch(task);
  });
  await removeTaskWorktree(parts, { taskId: task });
  expect(existsSync(path.join(project.folder, task))).toBe(false);
  const branches = git(project.repository, 'branch', '--format=%(refname:short)').split('\n');
  expect(branches.filter((name) => name.endsWith(task.slice(5, 13)))).toEqual([]);
}

test('a taking cut off at any step: each task gets its worktree, or nothing stays when it is cancelled', async () => {
  const points = ['row', 'files', 'branch', 'head', 'folder', 'link', 'mark', 'names', 'home'];
  const project = await begin({ size: 2 * points.length, files: { 'a.txt': 'one\n' } });
  writeFileSync(path.join(project.repository, 'a.txt'), 'two\n');
  git(project.repository, 'commit', '-qam', 'Two');
  for (const point of points) {
    const [resumed, cancelled] = [await newTask(project.projectId), await newTask(project.projectId)];
    for (const task of [resumed, cancelled])
      if (point === 'folder') await kill(`claim ${point}`, task);
      else await cutOff(`claim ${point}`, () => take(task));
    expect((await project.pool()).filter((row) => row.state === 'claimed')).toHaveLength(2);
    expectTaken(project.repository, resumed, await take(resumed));
    await expectCancelled(project, cancelled);
    expect((await project.pool()).filter((row) => row.state === 'claimed')).toEqual([]);
  }
  await end(project);
});

test('a preparing cut off at any step leaves nothing that the next look does not clear', async () => {
  const project = await begin({ fill: false });
  for (const point of ['row', 'files', 'dependencies', 'index']) {
    if (point === 'files') await kill(`fill ${point}`);
    else await cutOff(`fill ${point}`, tend);
    const [left] = await project.pool();
    expect([point, left?.state]).toEqual([point, 'filling']);
    await tend({ most: 0 });
    expect([point, await project.pool(), existsSync(left?.path ?? '')]).toEqual([point, [], false]);
  }
  await end(project);
});

test('a task whose home folder is there already gets a worktree of its own', async () => {
  const project = await begin();
  const task = await newTask(project.projectId);
  mkdirSync(path.join(parts.home, 'homes', task), { recursive: true });
  expect(path.basename((await take(task)).adminDir)).toBe(task);
  await end(project);
});

test('each project gets one before another gets its second, also when that one had more', async () => {
  const first = await begin({ size: 3 });
  const counts = async (...all: (typeof first)[]) => Promise.all(all.map(async (one) => (await one.pool()).length));
  await Promise.all([newTask(first.projectId), newTask(first.projectId), newTask(first.projectId)]);
  await tend({ most: 3 });
  expect(await counts(first)).toEqual([3]);
  const second = await begin({ size: 3, fill: false });
  await newTask(second.projectId);
  await tend({ most: 3 });
  expect(await counts(first, second)).toEqual([2, 1]);
  await end(first);
  await end(second);
});

test('a worktree whose removal was cut off is not made again beside what is left of it', async () => {
  const project = await begin({ fill: false });
  const task = await newTask(project.projectId);
  const tree = await take(task);
  await setWorktreeState(parts.database.db, task, 'removing');
  await expect(take(task)).rejects.toMatchObject({ code: 'conflict' });
  await removeTaskWorktree(parts, { taskId: task });
  expect(existsSync(tree.path)).toBe(false);
  expect((await take(task)).branchName).toBe(tree.branchName);
  await end(project);
});
