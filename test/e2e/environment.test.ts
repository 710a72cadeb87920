import { cpSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import path from 'node:path';
import { parseEnv } from 'node:util';
import pg from 'pg';
import type { Page } from 'playwright-core';
import { afterAll, beforeAll, expect, inject, test } from 'vitest';
import { run } from '#src/process.ts';
import { startEmbedded } from '#src/store/postgres.ts';
import { openBrowser } from '../helpers/browser.ts';
import { agentConfig, git, makeFolder, makeRepository } from '../helpers/repository.ts';
import { sentraEnv, startTestSentra, type TestSentra, until, waitForRun } from '../helpers/sentra.ts';

let sentra: TestSentra;
beforeAll(async () => {
  sentra = await startTestSentra();
});
afterAll(() => sentra?.stop());

async function addTask(config: object, files: Record<string, string> = {}) {
  const repository = makeRepository({ config, files }).path;
  if ('sql.mjs' in files) bringDriver(repository);
  const project = await sentra.client.addProject({ body: { path: repository } });
  const { id } = await sentra.client.createTask({ body: { projectId: project.id, title: 'Grow' } });
  return { id, projectId: project.id, repository, folder: path.join(repository, '.sentra', 'worktrees', id) };
}

/** The driver as part of the project: behind the wall there is nothing of this checkout. */
function bringDriver(repository: string): void {
  const modules = path.resolve(import.meta.dirname, '../../node_modules');
  const names = readdirSync(modules).filter((name) => /^(pg(-.*)?|pgpass|postgres-.*|split2|xtend)$/.test(name));
  for (const name of names)
    cpSync(path.join(modules, name), path.join(repository, 'node_modules', name), { recursive: true });
  git(repository, 'add', '-A');
  git(repository, 'commit', '-q', '-m', 'Bring the driver');
}

const start = async (id: string, workflowType: 'plan' | 'code' | 'code_test' | 'full_sdlc' | 'test') => {
  await sentra.client.executeTask({ params: { taskId: id }, body: { workflowType } });
  return waitForRun(sentra, id);
};
const environmentOf = (id: string) => sentra.client.getEnvironment({ params: { id } });
const linesOf = async (id: string) =>
  (await sentra.client.listLogs({ params: { taskId: id }, query: { limit: 1000 } })).items.map((line) => line.message);
const stepsOf = async (id: string) =>
  (await environmentOf(id)).setup.map(({ name, state, exitCode }) => `${name} ${state} ${exitCode}`);

async function onServer(sql: string, values: unknown[] = []): Promise<unknown[]> {
  const client = new pg.Client({ connectionString: inject('postgresUrl') });
  await client.connect();
  const { rows } = await client.query(sql, values);
  await client.end();
  return rows;
}

const program = path.resolve(import.meta.dirname, '../../src/main.ts');
/** What the command line prints. */
async function cli(...args: string[]): Promise<string> {
  const env = sentraEnv(sentra.home);
  return (await run({ command: process.execPath, args: [program, ...args], cwd: '/', env })).stdout.toString();
}

async function onPage(id: string, look: (page: Page) => Promise<void>): Promise<void> {
  const browser = await openBrowser();
  try {
    const page = await browser.newPage({ viewport: { width: 1440, height: 900 } });
    await page.goto((await sentra.client.createLoginLink()).url);
    await page.getByRole('link', { name: 'Resources' }).first().waitFor();
    await page.goto(`${sentra.url}/tasks/${id}?tab=progress`);
    await look(page);
  } finally {
    await browser.close();
  }
}

/** A program of the project that runs statements on DATABASE_URL and prints what the last one answers. */
const sqlProgram = `import pg from 'pg';
const client = new pg.Client({ connectionString: process.env.DATABASE_URL });
await client.connect();
for (const sql of process.argv.slice(2)) console.log(JSON.stringify((await client.query(sql)).rows));
await client.end();
`;

test('a task has a database of its own, reached behind the wall without its password, until its worktree goes', async () => {
  const password = new URL(inject('postgresUrl')).password;
  const config = agentConfig('good', {
    setup: { migrate: "node sql.mjs 'create table fruit (apples int)'" },
    test: "node sql.mjs 'insert into fruit values (7) returning apples' 'select current_database() as name, current_user'",
    database: { perTask: 'database' },
  });
  const { id, repository, folder } = await addTask(config, { 'sql.mjs': sqlProgram, '.gitignore': '.env\n' });
  writeFileSync(path.join(repository, '.env'), `DATABASE_URL=${inject('postgresUrl')}\n`);
  expect((await start(id, 'full_sdlc')).error).toBeNull();
  const { database } = await environmentOf(id);
  expect(database).toMatchObject({
    kind: 'database',
    name: expect.stringMatching(/^sentra_[a-z0-9]{12}_[0-9a-f]{8}$/),
  });
  expect(await stepsOf(id)).toEqual(['copy passed null', 'database passed null', 'migrate passed 0']);
  const lines = await linesOf(id);
  expect(lines.filter((line) => line.includes('"apples":7'))).toHaveLength(1);
  expect(lines.join('\n')).toContain(`"name":"${database?.name}"`);
  for (const name of ['.env', '.env.local'])
    expect(parseEnv(readFileSync(path.join(folder, name), 'utf8')).DATABASE_URL).toBe(
      `postgres://sentra@127.0.0.1:5432/${database?.name}`,
    );
  const everything = [await environmentOf(id), await sentra.client.getTask({ params: { id } }), lines, sentra.output()];
  expect(JSON.stringify(everything)).not.toContain(password);

  await sentra.client.mergeTask({ params: { id } });
  const exists = 'select from pg_database where datname = $1';
  await until(async () => (await onServer(exists, [database?.name])).length === 0, 20_000);
  await until(async () => (await environmentOf(id)).database === null, 10_000);
  expect(git(repository, 'ls-tree', '-r', '--name-only', 'main')).not.toMatch(/\.env/);
});

test('a database that its server did not let go is dropped by the clean-up once it does, its project removed or not', async () => {
  const config = agentConfig('good', {
    isolation: 'none',
    database: { url: inject('postgresUrl'), perTask: 'schema' },
    test: 'echo "at $DATABASE_URL"; grep DATABASE .env.local',
  });
  const { id, projectId, repository } = await addTask(config);
  expect((await start(id, 'plan')).error).toBeNull();
  expect((await start(id, 'test')).error).toBeNull();
  const { database } = await environmentOf(id);
  const { items: evidence } = await sentra.client.listEvidence({ params: { id } });
  const printed = JSON.stringify([await linesOf(id), evidence]);
  expect(printed).toContain(`search_path%3D${database?.name}`);
  expect(printed).not.toContain(new URL(inject('postgresUrl')).password);
  writeFileSync(
    path.join(repository, 'sentra.json'),
    JSON.stringify({ database: { url: 'postgres://me:hidden@127.0.0.1:1/x', perTask: 'schema' } }),
  );
  await sentra.client.cancelTask({ params: { id } });
  await until(async () => (await linesOf(id)).some((line) => line.includes('tries again')), 20_000);
  await until(async () => (await sentra.client.getTask({ params: { id } })).worktreePath === null, 10_000);
  const findings = async () =>
    (await sentra.client.cleanWorktrees({ body: {} })).items.filter((item) => item.kind === 'database');
  expect(await findings()).toMatchObject([{ taskId: id, done: false, problem: expect.stringContaining('by now') }]);
  await sentra.client.removeProject({ params: { id: projectId } });
  writeFileSync(path.join(repository, 'sentra.json'), JSON.stringify(config));
  expect(await findings()).toMatchObject([
    { taskId: id, done: true, path: expect.stringContaining(database?.name ?? '') },
  ]);
  expect(await findings()).toEqual([]);
  expect(await onServer('select from pg_namespace where nspname = $1', [database?.name])).toEqual([]);
  expect((await linesOf(id)).join('\n')).not.toContain('hidden');
});

test('a retry goes on with the step of the set-up that failed; its reason, time and lines are shown', async () => {
  const outside = makeFolder('setup');
  const config = agentConfig('good', {
    isolation: 'none',
    setup: {
      migrate: `echo migrated >> ${outside}/count`,
      build: `echo building; cat ${outside}/mended`,
      script: 'set-up.sh',
      timeoutMinutes: { script: 1 },
    },
  });
  const { id } = await addTask(config, { 'set-up.sh': 'echo scripted\n' });
  expect(await start(id, 'plan')).toMatchObject({
    status: 'failed',
    error: { code: 'setup_failed', message: expect.stringContaining('it goes on with this step') },
  });
  expect(await stepsOf(id)).toEqual(['migrate passed 0', 'build failed 1']);
  expect((await environmentOf(id)).setup[1]).toMatchObject({
    summary: expect.stringMatching(/building\n.*mended: No such file/s),
    durationMs: expect.any(Number),
  });
  expect(await cli('task', 'show', id)).toMatch(/set-up build +failed after \d+\.\d s: echo building/);
  await onPage(id, async (page) => {
    const setup = page.getByRole('region', { name: 'Set-up' });
    await setup.getByText('exit 1').waitFor();
    expect(await setup.getByRole('listitem').allInnerTexts()).toEqual([
      expect.stringMatching(/Passed\s*migrate/),
      expect.stringMatching(/Failed\s*build.*No such file/s),
    ]);
  });
  writeFileSync(path.join(outside, 'mended'), 'yes\n');
  await sentra.client.retryTask({ params: { id }, body: {} });
  expect((await waitForRun(sentra, id)).error).toBeNull();
  expect(await stepsOf(id)).toEqual(['migrate passed 0', 'build passed 0', 'script passed 0']);
  expect(readFileSync(path.join(outside, 'count'), 'utf8')).toBe('migrated\n');
  const lines = await linesOf(id);
  expect(lines).toContain('Set-up step "migrate" was done before');
  expect(lines).toContain('scripted');
});

test('a port that a stranger took is exchanged before it is used, and files, programs and peers hear of it', async () => {
  const config = agentConfig('good', {
    isolation: 'none',
    peerPorts: 'project',
    test: 'echo "back $BACKEND_PORT of $PEER_PORTS"',
  });
  const { id, projectId, folder } = await addTask(config, { '.env.local': 'BACKEND_PORT=1\nSHARED=yes\n' });
  const peer = await sentra.client.createTask({ body: { projectId, title: 'Peer', dependencies: [id] } });
  const { ports: peerPorts } = await sentra.client.createWorktree({ body: { taskId: peer.id } });
  const before = (await start(id, 'plan')).ports;
  const stranger = createServer();
  await new Promise<void>((done) => stranger.listen(before.BACKEND_PORT, '127.0.0.1', done));
  const after = (await start(id, 'code_test')).ports;
  stranger.close();
  expect(after.BACKEND_PORT).not.toBe(before.BACKEND_PORT);
  const lines = await linesOf(id);
  const [, port, peerText = ''] = /^back (\d+) of (.*)$/m.exec(lines.join('\n')) ?? [];
  expect({ port: Number(port), peers: JSON.parse(peerText) }).toEqual({
    port: after.BACKEND_PORT,
    peers: { [peer.id]: peerPorts },
  });
  expect(lines.filter((line) => line.startsWith('Another program listens on one of'))).toHaveLength(1);
  expect(parseEnv(readFileSync(path.join(folder, '.ports.env'), 'utf8'))).toMatchObject({
    BACKEND_PORT: `${after.BACKEND_PORT}`,
  });
  // The branch has an .env.local of its own: nothing of ours gets into it.
  expect(git(folder, 'show', 'HEAD:.env.local')).toBe('BACKEND_PORT=1\nSHARED=yes');
  const { peers } = await environmentOf(id);
  expect(peers).toEqual([
    { taskId: peer.id, title: 'Peer', status: 'blocked', relation: 'dependant', ports: peerPorts },
  ]);
  expect(JSON.parse(await cli('task', 'environment', peer.id, '--json')).peers).toMatchObject([
    { taskId: id, relation: 'dependency', ports: after },
  ]);
  expect(await start(id, 'test')).toMatchObject({ ports: after });
  expect(parseEnv(readFileSync(path.join(folder, '.env.local'), 'utf8'))).toMatchObject({ SHARED: 'yes' });
});

test('ports of a task that is not known any more are given back by the clean-up', async () => {
  const own = new pg.Client({ connectionString: (await startEmbedded({ home: sentra.home })).url });
  await own.connect();
  await own.query(
    "insert into sentra.port_leases (first_port, task_id) values (20000, 'task-unknown00001') on conflict do nothing",
  );
  const ports = async () =>
    (await sentra.client.cleanWorktrees({ body: {} })).items.filter((item) => item.taskId === 'task-unknown00001');
  expect(await ports()).toMatchObject([{ kind: 'ports', action: 'release', done: true }]);
  expect((await own.query("select from sentra.port_leases where task_id = 'task-unknown00001'")).rowCount).toBe(0);
  await own.end();
});
