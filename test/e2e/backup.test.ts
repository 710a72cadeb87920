import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { expect, test } from 'vitest';
import { withRepositoryLock } from '#src/git/repository-lock.ts';
import { startEmbedded } from '#src/store/postgres.ts';
import { runProduct } from '../helpers/product.ts';
import { agentConfig, git, makeFolder, makeRepository } from '../helpers/repository.ts';
import {
  makeHome,
  product,
  sentraEnv,
  startTestSentra,
  type TestSentra,
  until,
  waitForTask,
} from '../helpers/sentra.ts';
import { listLines, waitForLine } from '../helpers/survival.ts';

const add = async ({ client }: TestSentra, path: string) => (await client.addProject({ body: { path } })).id;
const begin = async ({ client }: TestSentra, projectId: string, title: string) =>
  (await client.createTask({ body: { projectId, title, autoStart: true } })).id;
const linesOfAnalysis = async ({ client }: TestSentra, id: string) =>
  (await client.listAnalysisLogs({ params: { id }, query: {} })).items.map(({ message }) => message);
const problemsOf = async ({ client }: TestSentra) => (await client.verify()).checks.flatMap(({ problems }) => problems);

test('a backup made at work comes back in a new home: nothing is lost, and nothing done twice that was done after it', async () => {
  const file = path.join(makeFolder('backup'), 'sentra.tar.gz');
  const [stays, goes] = [
    makeRepository({ config: agentConfig() }),
    makeRepository({ config: agentConfig('waits,holds-ANALYZE') }),
  ];
  const first = await startTestSentra();
  const ids = { merged: '', open: '', atWork: '', analysis: '' };
  let lines: string[] = [];
  try {
    const projects = [await add(first, stays.path), await add(first, goes.path)] as const;
    ids.merged = await begin(first, projects[0], 'Merged before');
    await waitForTask(first, ids.merged);
    await first.client.mergeTask({ params: { id: ids.merged } });
    await waitForTask(first, ids.merged, ['completed']);
    ids.open = await begin(first, projects[0], 'Merged after');
    await waitForTask(first, ids.open);
    ids.atWork = await begin(first, projects[1], 'At work');
    await waitForLine(first, ids.atWork, 'working on CODE');
    ids.analysis = (await first.client.createAnalysis({ body: { projectId: projects[1] } })).id;
    await until(async () => (await linesOfAnalysis(first, ids.analysis)).includes('holding ANALYZE'), 30_000);
    lines = await listLines(first, ids.merged);

    const made = await runProduct(first.home, ['backup', file, '--json']);
    expect(made).toMatchObject({ code: 0, err: '' });
    expect(JSON.parse(made.out)).toMatchObject({ file, projects: 2, tasks: 3, problems: [] });
    expect(statSync(file).mode & 0o777).toBe(0o600);
    expect(readdirSync(first.home).filter((name) => name.startsWith('sentra-'))).toEqual([]);

    await first.client.mergeTask({ params: { id: ids.open } });
    await waitForTask(first, ids.open, ['completed']);
    await until(() => !git(stays.path, 'branch').includes('merged-after'), 30_000); // cleaned up: the backup has it, the repository has not
    await first.kill();
  } finally {
    await first.stop();
  }
  rmSync(goes.path, { recursive: true });

  const home = makeHome();
  const restored = await runProduct(home, ['restore', file, '--json']);
  expect(restored.code).toBe(0);
  expect(JSON.parse(restored.out)).toMatchObject({
    ...{ projects: 2, tasks: 3, interrupted: 1, problems: [] },
    repositories: [
      { path: stays.path, said: expect.stringMatching(/^feature\/merged-after-\w+ brought back$/) },
      { path: goes.path, said: 'made anew, with 2 branches' },
    ],
  });
  const second = await startTestSentra({ home });
  try {
    const { client } = second;
    expect(await client.getTask({ params: { id: ids.merged } })).toMatchObject({ status: 'completed' });
    expect(await listLines(second, ids.merged)).toEqual(lines);
    expect(await client.getTask({ params: { id: ids.open } })).toMatchObject({ status: 'in_review' });
    const cutOff = await client.getTask({ params: { id: ids.atWork } });
    expect(cutOff).toMatchObject({ status: 'failed', error: { code: 'lost' } });
    expect(cutOff.error?.message).toContain('when the backup was made');
    const analysis = await client.getAnalysis({ params: { id: ids.analysis } });
    expect(analysis).toMatchObject({ status: 'failed', error: { code: 'lost' } });

    await client.mergeTask({ params: { id: ids.open } });
    await waitForTask(second, ids.open, ['completed']);
    await client.retryTask({ params: { id: ids.atWork }, body: {} });
    const worktree = path.join(goes.path, '.sentra', 'worktrees', ids.atWork);
    await until(() => existsSync(worktree), 30_000);
    await waitForLine(second, ids.atWork, 'working on CODE');
    writeFileSync(path.join(worktree, 'go'), '');
    expect(await waitForTask(second, ids.atWork)).toMatchObject({ status: 'in_review', error: null });
    const merges = git(stays.path, 'log', '--format=%s', '--merges', 'main').split('\n');
    expect(merges.filter((subject) => subject.includes('Merged after'))).toHaveLength(1);
    expect(await problemsOf(second)).toEqual([]);
  } finally {
    await second.stop();
  }
});

test('what cannot be backed up or restored is refused, and nothing is half done', async () => {
  const folder = makeFolder('backup');
  const [file, rubbish, cut] = ['sentra.tar.gz', 'rubbish', 'cut.tar.gz'].map((name) => path.join(folder, name)) as [
    string,
    string,
    string,
  ];
  const home = makeHome();
  expect(await runProduct(home, ['backup', file])).toMatchObject({
    code: 1,
    err: expect.stringContaining('There is no Sentra in'),
  });
  const sentra = await startTestSentra();
  try {
    const { path: repository } = makeRepository();
    await add(sentra, repository);
    await add(sentra, makeRepository().path);
    rmSync(repository, { recursive: true });
    const made = await runProduct(sentra.home, ['backup', file]);
    expect(made).toMatchObject({
      code: 1,
      out: expect.stringContaining(`The branches of ${repository} are not in it`),
    });
    expect(await runProduct(sentra.home, ['backup', file])).toMatchObject({
      code: 1,
      err: expect.stringContaining('is there already'),
    });
    expect(await runProduct(sentra.home, ['backup', path.join(folder, 'no', 'where')])).toMatchObject({
      code: 1,
      err: expect.stringContaining(`${path.join(folder, 'no')} cannot be written`),
    });
    expect(await runProduct(sentra.home, ['restore', file])).toMatchObject({
      code: 1,
      err: expect.stringContaining('Sentra is at work with'),
    });
    writeFileSync(rubbish, 'rubbish');
    execFileSync('cp', [file, cut]);
    truncateSync(cut, Math.floor(statSync(file).size / 2));
    for (const bad of [rubbish, cut])
      expect(await runProduct(home, ['restore', bad])).toMatchObject({
        code: 2,
        err: expect.stringContaining(`${bad} is no backup of Sentra, or not a whole one`),
      });
    const other = await runProduct(home, ['restore', file]);
    expect(other).toMatchObject({ code: 1, out: expect.stringContaining(`The repository ${repository} was not`) });
    expect(await runProduct(home, ['restore', file])).toMatchObject({
      code: 1,
      err: expect.stringContaining('There are projects here already'),
    });
    expect(readdirSync(home).filter((name) => name.startsWith('sentra-'))).toEqual([]);
    expect(readFileSync(path.join(home, 'token'), 'utf8').trim()).not.toBe(sentra.token);
  } finally {
    await sentra.stop();
    await (await startEmbedded({ home })).stop();
    rmSync(home, { recursive: true });
  }
});

test('a backup and a restore that are stopped or killed leave nothing behind, and are done again', async () => {
  const folder = makeFolder('backup');
  const [file, pipe] = [path.join(folder, 'sentra.tar.gz'), path.join(folder, 'pipe')];
  const [sentra, home] = [await startTestSentra(), makeHome()];
  const stagingOf = (at: string) => readdirSync(at).filter((name) => name.startsWith('sentra-'));
  /** The signal comes when it has a folder with this file in it. Answers the exit code. */
  const strike = async (at: string, signal: NodeJS.Signals, args: readonly string[], awaited = '') => {
    const child = spawn(process.execPath, [product, ...args], { env: sentraEnv(at), stdio: 'ignore' });
    const ended = once(child, 'close');
    await until(() => stagingOf(at).some((name) => existsSync(path.join(at, name, awaited))), 30_000);
    child.kill(signal);
    return (await ended)[0];
  };
  const { url, dataDir } = await startEmbedded({ home: sentra.home });
  const other = new pg.Client({ connectionString: url });
  other.on('error', () => {}); // its server is killed
  await other.connect();
  try {
    const { path: repository } = makeRepository();
    await add(sentra, repository);
    await other.query('begin; lock table sentra.tasks');
    expect(await strike(sentra.home, 'SIGINT', ['backup', file], 'tables/sentra.tasks')).toBe(130);
    expect(stagingOf(sentra.home)).toEqual([]);
    const cutOff = runProduct(sentra.home, ['backup', file]);
    await until(
      () => stagingOf(sentra.home).some((name) => existsSync(path.join(sentra.home, name, 'tables/sentra.tasks'))),
      30_000,
    );
    process.kill(Number(readFileSync(path.join(dataDir, 'postmaster.pid'), 'utf8').split('\n', 1)[0]), 'SIGKILL');
    expect(await cutOff).toMatchObject({ code: 1, err: expect.stringContaining('The database does not answer') });
    expect([stagingOf(sentra.home), existsSync(file)]).toEqual([[], false]);
    execFileSync('mkfifo', [`${file}.partial`, pipe]); // who opens one waits for ever
    expect(await strike(sentra.home, 'SIGKILL', ['backup', file], 'manifest.json')).toBe(null);
    expect(stagingOf(sentra.home)).toHaveLength(1);
    rmSync(`${file}.partial`);
    expect(await runProduct(sentra.home, ['backup', file])).toMatchObject({ code: 0 });
    expect(stagingOf(sentra.home)).toEqual([]);
    expect(await strike(home, 'SIGKILL', ['restore', pipe])).toBe(null);
    expect(stagingOf(home)).toHaveLength(1);
    await withRepositoryLock(path.join(repository, '.git'), async () => {
      const child = spawn(process.execPath, [product, 'restore', file], { env: sentraEnv(home) });
      let said = '';
      child.stderr.on('data', (chunk) => {
        said += chunk;
      });
      await until(() => said.includes(`Writing ${repository}`), 30_000); // there it waits for the lock
      child.kill('SIGKILL');
      await once(child, 'close');
    });
    expect(await runProduct(home, ['restore', file])).toMatchObject({ code: 0 });
    expect(stagingOf(home)).toEqual([]);
  } finally {
    await other.end().catch(() => {}); // the connection is gone already
    await sentra.stop();
    await (await startEmbedded({ home })).stop();
    rmSync(home, { recursive: true });
  }
});
