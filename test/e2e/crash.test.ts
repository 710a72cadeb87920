import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startEmbedded } from '#src/store/postgres.ts';
import { agentConfig, git } from '../helpers/repository.ts';
import { sentraEnv, startTestSentra, type TestSentra, until, waitForTask } from '../helpers/sentra.ts';
import {
  beginTask,
  expectWhole,
  holdsOnce,
  listAttempts,
  listLines,
  processesOf,
  waitForEnd,
  waitForLine,
} from '../helpers/survival.ts';

let sentra: TestSentra;
beforeAll(async () => {
  sentra = await startTestSentra({ env: { SENTRA_LOG_LEVEL: 'warn' } });
});
afterAll(() => sentra?.stop());

const begin = (config: object, files: Record<string, string> = {}) =>
  beginTask(sentra, config, { remote: true, files });

/** SIGKILL, start again; answers the milliseconds to a server that answers, and from there to the next line of the task. */
async function crash(id: string): Promise<[number, number]> {
  const running = processesOf(id);
  const lines = (await listLines(sentra, id)).length;
  await sentra.kill();
  const restartedAt = performance.now();
  await sentra.restart();
  const answersAt = performance.now();
  await until(async () => (await listLines(sentra, id)).length > lines, 30_000);
  const goesOnAt = performance.now();
  await waitForEnd(running);
  return [Math.round(answersAt - restartedAt), Math.round(goesOnAt - answersAt)];
}

test('a server that is asked to stop blames no agent for it, and takes the same attempt up again', async () => {
  const { id, repository } = await begin(agentConfig('holds-CODE'));
  await waitForLine(sentra, id, 'holding CODE');
  await sentra.quit();
  expect(sentra.output()).toContain('Stopping; what runs is taken up');
  expect(sentra.output()).not.toContain('killed from outside');
  await sentra.restart();
  const task = await waitForTask(sentra, id);
  await expectWhole(sentra, task, repository.path);
  expect((await listAttempts(sentra, id)).filter((attempt) => attempt.startsWith('CODE'))).toEqual(['CODE 1 passed']);
});

test('a server killed in every phase takes the same attempt up again, and nothing is there twice', async () => {
  const { id, repository } = await begin(
    agentConfig('holds', {
      setup: { install: holdsOnce('install') },
      test: `${holdsOnce('TEST')}; grep -q green state.txt`,
    }),
  );
  const times: Record<string, [number, number]> = {};
  await waitForLine(sentra, id, 'holding install');
  times.install = await crash(id);
  for (const phase of ['PLAN', 'CODE', 'TEST', 'REVIEW']) {
    await waitForLine(sentra, id, `holding ${phase}`);
    expect((await listAttempts(sentra, id)).at(-1)).toBe(`${phase} 1 running`);
    expect(processesOf(id).length).toBeGreaterThan(0);
    times[phase] = await crash(id);
  }
  const task = await waitForTask(sentra, id);
  await expectWhole(sentra, task, repository.path);
  console.info('restart to answering, answering to going on, in milliseconds:', times);
  expect(readdirSync(path.join(sentra.home, 'saved', id))).toHaveLength(3);
  expect(existsSync(path.join(task.worktreePath ?? '', 'half-CODE.txt'))).toBe(false);
});

test('agents and tests that nothing confines do not outlive a killed server', async () => {
  const { id, repository } = await begin(
    agentConfig('holds-CODE', {
      isolation: 'none',
      setup: { install: false },
      test: `${holdsOnce('TEST')}; grep -q green state.txt`,
    }),
  );
  for (const phase of ['CODE', 'TEST']) {
    await waitForLine(sentra, id, `holding ${phase}`);
    await crash(id);
  }
  await expectWhole(sentra, await waitForTask(sentra, id), repository.path);
});

test('a server killed while it makes a worktree makes it again', async () => {
  const files = Object.fromEntries(Array.from({ length: 3000 }, (_, at) => [`src/part-${at}.txt`, `part ${at}\n`]));
  const { id, repository } = await begin(agentConfig(), files);
  await until(() => existsSync(path.join(repository.path, '.sentra/worktrees', id, 'src')), 30_000);
  await crash(id);
  await expectWhole(sentra, await waitForTask(sentra, id), repository.path);
});

test('a task that was queued when the server was killed is run once', async () => {
  const { id, repository } = await begin(agentConfig());
  await sentra.kill();
  await sentra.restart();
  await expectWhole(sentra, await waitForTask(sentra, id), repository.path);
  expect((await sentra.client.listRuns({ params: { id } })).items).toHaveLength(1);
});

/** The record of a merge waits for as long as this connection lives. */
const holdRecord = `
  select pg_advisory_lock(4242);
  create function sentra.hold_record() returns trigger language plpgsql as
    $$ begin if new.state = 'merged' then perform pg_advisory_xact_lock(4242); end if; return new; end $$;
  create trigger hold_record before update on sentra.pull_requests for each row execute function sentra.hold_record()`;

test('a server killed between the merge and its record completes the task with that one merge', async () => {
  const { id, repository } = await begin(agentConfig());
  await waitForTask(sentra, id);
  const database = new pg.Client({ connectionString: (await startEmbedded({ home: sentra.home })).url });
  await database.connect();
  await database.query(holdRecord);
  const asked = sentra.client.mergeTask({ params: { id } }).catch(() => 'the server died');
  await waitForLine(sentra, id, 'Merged ');
  expect((await sentra.client.getTask({ params: { id } })).status).toBe('in_review');
  await sentra.kill();
  await database.query('drop function sentra.hold_record cascade');
  await database.end();
  await sentra.restart();
  expect(await asked).toBe('the server died');
  await sentra.client.mergeTask({ params: { id } }).catch(() => 'it is merged already');
  const task = await waitForTask(sentra, id, ['completed', 'failed']);
  expect(task).toMatchObject({ status: 'completed', notice: null, pullRequest: { state: 'merged' } });
  const merges = ['merge: Survive', 'Begin'];
  expect(git(repository.path, 'log', '--first-parent', '--format=%s').split('\n')).toEqual(merges);
  expect(git(repository.path, 'status', '--porcelain')).toBe('');
  const remoteIsThere = () => git(repository.remote, 'rev-parse', 'main') === git(repository.path, 'rev-parse', 'main');
  await until(remoteIsThere, 10_000);
  await until(() => !existsSync(path.join(repository.path, '.sentra/worktrees', id)), 10_000);
});

test('a second start on the same home shows the link of the one that runs', async () => {
  const main = path.resolve(import.meta.dirname, '../../src/main.ts');
  const second = spawnSync(process.execPath, [main, 'up'], { env: sentraEnv(sentra.home), encoding: 'utf8' });
  expect(second).toMatchObject({ status: 0 });
  expect(second.stdout).toContain(`Sentra runs already. Dashboard: ${sentra.url}/`);
});
