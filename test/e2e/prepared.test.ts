import { execFileSync } from 'node:child_process';
import { mkdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { agentConfig, git, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until, waitForRun, waitForTask } from '../helpers/sentra.ts';
import { listLines } from '../helpers/survival.ts';

const tests = [
  `node -e 'if (require("tiny") !== 7) process.exit(1)'`,
  'mkdir -p "$GOCACHE" && touch "$GOCACHE/$BACKEND_PORT" && ls "$GOCACHE"',
];

function makeNpmProject(): string {
  const config = agentConfig('good', { test: tests.join(' && '), setup: { buildCache: true } });
  const { path: repository } = makeRepository({ config, files: { '.gitignore': 'node_modules\n' } });
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

let sentra: TestSentra;

beforeAll(async () => {
  sentra = await startTestSentra();
});
afterAll(() => sentra?.stop());

/** Adds the project and answers how one task of it goes. */
async function openProject(repository: string) {
  const project = await sentra.client.addProject({ body: { path: repository } });
  return async (title: string) => {
    const body = { projectId: project.id, title, workflowType: 'code_test', autoStart: true } as const;
    const { id } = await sentra.client.createTask({ body });
    const task = await waitForRun(sentra, id);
    const { items } = await sentra.client.listLogs({ params: { taskId: id }, query: { limit: 5000 } });
    return { task, messages: items.map(({ message }) => message) };
  };
}

test('a second task gets the dependencies of the first and shares its build cache where the project asks for that', async () => {
  const runTask = await openProject(makeNpmProject());
  const [first, second] = [await runTask('First'), await runTask('Second')];
  expect(first.messages.join('\n')).toMatch(/Dependencies installed by `npm ci/);
  expect(second.messages.join('\n')).toMatch(/Dependencies taken from the prepared ones in \d+ ms/);
  for (const { task } of [first, second]) {
    expect(task).toMatchObject({ status: 'pending', error: null });
    expect(second.messages).toContain(String(task.ports.BACKEND_PORT));
  }
  const [one, two] = [first, second].map(({ task }) =>
    statSync(path.join(task.worktreePath ?? '', 'node_modules/tiny/index.js')),
  );
  expect(two?.ino).toBe(one?.ino);
});

test('installs write the folders that worktrees link into; set-up and tests only read them', async () => {
  const stores = '"$pnpm_config_store_dir" "$YARN_GLOBAL_FOLDER"';
  const install = `for store in ${stores}; do mkdir "$store/kept" && echo "$store" >> .stores || exit 1; done`;
  const reads = 'for store in $(cat .stores); do test -d "$store/kept" && ! mkdir "$store/more" || exit 1; done';
  const config = agentConfig('good', { setup: { install, build: reads }, test: reads });
  const { path: repository } = makeRepository({ config, files: { '.gitignore': '.stores\n' } });
  const { task } = await (await openProject(repository))('Fill the stores');
  expect(task).toMatchObject({ status: 'pending', error: null });
});

test('a build cache in the worktree of a task that was merged comes with the worktree of the next one', async () => {
  const build = 'mkdir -p .next/cache && ls .next/cache && touch ".next/cache/of-$BACKEND_PORT"';
  const config = agentConfig('good', { setup: { build, buildCache: true } });
  const { path: repository } = makeRepository({ config, files: { '.gitignore': '.next\n' } });
  const project = await sentra.client.addProject({ body: { path: repository } });
  const run = async (title: string) => {
    const { id } = await sentra.client.createTask({ body: { projectId: project.id, title, autoStart: true } });
    const task = await waitForTask(sentra, id);
    expect(task).toMatchObject({ status: 'in_review', error: null });
    return task;
  };
  const first = await run('Build first');
  await sentra.client.mergeTask({ params: { id: first.id } });
  await until(async () => (await sentra.client.getTask({ params: { id: first.id } })).worktreePath === null, 20_000);
  expect((await listLines(sentra, first.id)).join('\n')).toContain('Build caches kept for the next tasks: .next/cache');
  const second = await run('Build second');
  const lines = await listLines(sentra, second.id);
  expect(lines).toContain('Build caches of the task that was merged last: .next/cache');
  expect(lines).toContain(`of-${first.ports.BACKEND_PORT}`);
});
