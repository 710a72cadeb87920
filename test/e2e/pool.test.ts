import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentConfig, git, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until, waitForRun } from '../helpers/sentra.ts';
import { listLines } from '../helpers/survival.ts';

let sentra: TestSentra;
let projects: string[];
beforeAll(async () => {
  projects = [makeNpmProject(), makeNpmProject()];
  sentra = await startTestSentra({ env: { SENTRA_POOL: '4' } });
});
afterAll(() => sentra?.stop());

/** An npm project whose only dependency comes from a file of its own, so that everything is offline. */
function makeNpmProject(): string {
  const test = 'node -e \'if (require("tiny") !== 7) process.exit(1)\' && grep -q "^BACKEND_PORT=" .ports.env';
  const { path: repository } = makeRepository({
    config: agentConfig('good', { test, pool: { size: 2 } }),
    files: { '.gitignore': 'node_modules\n' },
  });
  const tiny = path.join(path.dirname(repository), 'tiny');
  mkdirSync(tiny);
  writeFileSync(path.join(tiny, 'package.json'), '{"name":"tiny","version":"1.0.0"}');
  writeFileSync(path.join(tiny, 'index.js'), 'module.exports = 7;\n');
  const npm = (...args: string[]) => execFileSync('npm', args, { cwd: repository, stdio: 'ignore' });
  npm('pack', '--silent', tiny);
  writeFileSync(path.join(repository, 'package.json'), '{"dependencies":{"tiny":"file:tiny-1.0.0.tgz"}}');
  npm('install', '--package-lock-only', '--offline', '--no-audit');
  git(repository, 'add', '-A');
  git(repository, 'commit', '-q', '-m', 'Depend on tiny');
  return repository;
}

const prepared = async (repository: string) =>
  (await sentra.client.listWorktrees()).items.filter((one) => one.taskId === null && one.path.startsWith(repository));
const whenPrepared = (repository: string, state: 'ready' | 'creating' | 'any') =>
  until(
    async () => (await prepared(repository)).some((one) => state === 'any' || one.state === state),
    60_000,
    () => `no worktree was prepared; the server said:\n${sentra.output()}`,
  );

/** By the log's own times. */
async function untilAgent(taskId: string): Promise<number> {
  const { items } = await sentra.client.listLogs({ params: { taskId }, query: { limit: 1000 } });
  const at = (text: string) => Date.parse(items.find((line) => line.message.includes(text))?.timestamp ?? '');
  return at('begins CODE') - at('begins: ');
}

async function begin(projectId: string, title: string): Promise<string> {
  const { id } = await sentra.client.createTask({ body: { projectId, title, workflowType: 'code_test' } });
  await sentra.client.executeTask({ params: { taskId: id }, body: {} });
  return id;
}

test('after its first task a project has worktrees prepared ahead, with dependencies, that the next tasks take', async () => {
  const repository = projects[0] ?? '';
  const { id: projectId } = await sentra.client.addProject({ body: { path: repository } });
  const first = await begin(projectId, 'The first');
  expect(await waitForRun(sentra, first)).toMatchObject({ status: 'pending', error: null });
  expect((await listLines(sentra, first)).join('\n')).not.toContain('prepared ahead');

  await whenPrepared(repository, 'ready');
  const [ahead] = await prepared(repository);
  expect(ahead).toMatchObject({ branchName: null, reason: 'prepared ahead, with dependencies', dirty: false });
  expect((await sentra.client.listTasks({ query: {} })).items.map((task) => task.id)).toEqual([first]);
  const { items } = await sentra.client.cleanWorktrees({ body: { dryRun: true } });
  expect(items.filter((item) => item.path.startsWith(repository))).toEqual([]);

  const second = await begin(projectId, 'The second');
  expect(await waitForRun(sentra, second)).toMatchObject({ status: 'pending', error: null });
  expect((await listLines(sentra, second)).join('\n')).toContain('prepared ahead with its dependencies');
  const took = { alone: await untilAgent(first), prepared: await untilAgent(second) };
  console.info('from the begin of a run to its agent at work in a ready worktree, in milliseconds:', took);
});

test('a server that is killed again and again while worktrees are prepared and taken loses none and leaves none', async () => {
  const repository = projects[1] ?? '';
  const { id: projectId } = await sentra.client.addProject({ body: { path: repository } });
  const tasks = [await begin(projectId, 'Task 0')];
  expect((await waitForRun(sentra, tasks[0] ?? '')).error).toBeNull();
  for (const moment of ['any', 'ready'] as const) {
    await whenPrepared(repository, moment);
    tasks.push(await begin(projectId, `At ${moment}`));
    await sentra.kill();
    await sentra.restart();
  }
  for (const id of tasks) expect(await waitForRun(sentra, id)).toMatchObject({ status: 'pending', error: null });

  await sentra.client.patchProject({ params: { id: projectId }, body: { paused: true } });
  const names = () =>
    readdirSync(path.join(repository, '.sentra', 'worktrees')).filter((name) => !name.startsWith('.'));
  await until(
    () => names().length === tasks.length,
    30_000,
    () => `left: ${names()}`,
  );
  expect(names().sort()).toEqual([...tasks].sort());
  const listed = git(repository, 'worktree', 'list').split('\n');
  expect(
    listed
      .slice(1)
      .map((line) => /\[(.*)\]/.exec(line)?.[1])
      .filter(Boolean),
  ).toHaveLength(tasks.length);
  expect(git(repository, 'fsck', '--no-dangling')).toBe('');
  const branches = git(repository, 'branch', '--format=%(refname:short)').split('\n');
  expect(branches).toHaveLength(tasks.length + 1);
});
