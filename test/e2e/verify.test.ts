/** The verifier finds nothing after a task's whole life, and each kind of damage that we do by hand. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readdirSync, rmSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { Task } from '#src/domain/task.ts';
import { startEmbedded } from '#src/store/postgres.ts';
import { agentConfig, git } from '../helpers/repository.ts';
import { sentraEnv, startTestSentra, type TestSentra, until, waitForTask } from '../helpers/sentra.ts';
import { beginTask } from '../helpers/survival.ts';

let sentra: TestSentra;
let database: pg.Client;
let merged: Task;
let repository: string;

beforeAll(async () => {
  sentra = await startTestSentra();
  const begun = await beginTask(sentra, agentConfig('good', { merge: 'auto' }));
  merged = await waitForTask(sentra, begun.id, ['completed', 'failed']);
  repository = begun.repository.path;
  database = new pg.Client({ connectionString: (await startEmbedded({ home: sentra.home })).url });
  await database.connect();
  await until(async () => (await sentra.client.verify()).ok, 20_000);
});

afterAll(async () => {
  await database.end();
  await sentra.stop();
});

/** What the verifier says of this damage, which is undone afterwards. */
async function problemsOf(damage: () => Promise<unknown>, undo: () => Promise<unknown>): Promise<string> {
  await damage();
  try {
    const { ok, checks } = await sentra.client.verify();
    expect(ok).toBe(false);
    return checks.flatMap(({ problems }) => problems).join('\n');
  } finally {
    await undo();
  }
}

const both = (damage: string, undo: string) =>
  problemsOf(
    () => database.query(damage),
    () => database.query(undo),
  );

test('a task that was merged leaves nothing to complain of, and the command line says so', async () => {
  const { checks } = await sentra.client.verify();
  expect(checks.every(({ ok }) => ok)).toBe(true);
  expect(checks.find(({ name }) => name.startsWith('each attempt'))?.looked).toBe(3);
  const main = path.resolve(import.meta.dirname, '../../src/main.ts');
  const said = spawnSync(process.execPath, [main, 'doctor', '--verify'], {
    env: sentraEnv(sentra.home),
    encoding: 'utf8',
  });
  expect(said).toMatchObject({ status: 0 });
  expect(said.stdout).toContain('lines are numbered without a gap (1 looked at)');
});

test('a status that the facts contradict is found', async () => {
  const set = (status: string) => `update sentra.tasks set status = '${status}' where id = '${merged.id}'`;
  expect(await both(set('running'), set('completed'))).toContain(`${merged.id} is kept as running`);
});

test('a lost line is found', async () => {
  const move = (from: number, to: number) =>
    `update sentra.logs set seq = ${to} where task_id = '${merged.id}' and seq = ${from}`;
  expect(await both(move(3, 300_000), move(300_000, 3))).toContain(merged.id);
});

test('an attempt that stayed open is found', async () => {
  const set = (state: string) =>
    `update sentra.phases set state = '${state}' where adw_id = '${merged.adwId}' and phase = 'CODE'`;
  expect(await both(set('running'), set('passed'))).toContain(`${merged.adwId} CODE 1`);
});

test('a run that nobody works on is found', async () => {
  const set = (status: string, parkedUntil = 'null') =>
    `update sentra.runs set status = '${status}', dispatched_at = null, parked_until = ${parkedUntil} where adw_id = '${merged.adwId}'`;
  for (const damage of [set('running'), set('queued', "now() + interval '1 hour'")])
    expect(await both(damage, set('completed'))).toContain(`${merged.adwId} is active, and no job of it is there`);
});

test('a commit that was made twice is found', async () => {
  const message = git(repository, 'log', '-1', '--format=%B', '--grep=^code: ', 'main');
  const said = await problemsOf(
    async () => git(repository, 'branch', 'twice', git(repository, 'commit-tree', '-m', message, 'main^{tree}')),
    async () => git(repository, 'branch', '-D', 'twice'),
  );
  expect(said).toContain(`${merged.adwId} CODE 1 was committed 2 times`);
});

test('a base branch that lost a merge is found', async () => {
  const tip = git(repository, 'rev-parse', 'main');
  const said = await problemsOf(
    async () => git(repository, 'update-ref', 'refs/heads/main', 'main~1'),
    async () => git(repository, 'update-ref', 'refs/heads/main', tip),
  );
  expect(said).toContain('which main does not contain');
});

test('a process that nobody asked for is found', async () => {
  let stray: ChildProcess | undefined;
  const said = await problemsOf(
    async () => {
      stray = spawn('sleep', ['600'], { env: { HOME: path.join(sentra.home, 'homes', merged.id) } });
      await until(() => stray?.pid !== undefined, 5_000);
    },
    async () => stray?.kill('SIGKILL'),
  );
  expect(said).toContain(`process ${stray?.pid} works for ${merged.id}`);
});

test('a repository that lost an object is found', async () => {
  const tree = git(repository, 'rev-parse', 'main^{tree}');
  const folder = path.join(repository, '.git/objects', tree.slice(0, 2));
  expect(readdirSync(folder)).toContain(tree.slice(2));
  rmSync(path.join(folder, tree.slice(2)));
  const { checks } = await sentra.client.verify();
  expect(checks.flatMap(({ problems }) => problems).join('\n')).toContain(tree);
});
