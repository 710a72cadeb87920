/** Tasks whose rooms have a git directory of their own, through the whole program: what they see, and what of them comes out. */
import { execFileSync } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openBrowser, signIn } from '../helpers/browser.ts';
import { runTask } from '../helpers/failing.ts';
import { git, makeFolder, makeRepository } from '../helpers/repository.ts';
import { product, sentraEnv, startTestSentra, type TestSentra, until, waitForTask } from '../helpers/sentra.ts';
import { listLines, waitForLine } from '../helpers/survival.ts';

let sentra: TestSentra;
beforeAll(async () => {
  sentra = await startTestSentra();
});
afterAll(() => sentra?.stop());

const secret = 'of-somebody-else-5531';
/** What each room tells of the repository, in one line. */
const look = (room: string) =>
  `echo "${room}: $(git log --format=%s | head -1), $(git branch -a --format='%(refname:short)' | wc -l) branches, $(git remote | wc -l) remotes, $(git status --porcelain | grep -c evil) evil, $(git config core.hooksPath || echo no) hooks" | tee -a "$HOME/looks"`;

const agent = `
${look('agent in $PHASE')}
if [ "$PHASE" = CODE ] && [ "$1" = holds ] && [ ! -e "$HOME/held" ]; then
  touch "$HOME/held"; git commit -q --allow-empty -m cut-off; echo holding; sleep 600
fi
if [ "$PHASE" = CODE ]; then
  echo "$ATTEMPT" >> work.txt
  git add -A && git commit -q -m "by the agent" && git diff --stat main HEAD && git blame work.txt
  git config core.hooksPath /evil; git config core.fsmonitor "touch $OUTSIDE"; git branch evil; git tag evil
  printf '#!/bin/sh\\ntouch "$HOME/hooked"\\n' > "$(git rev-parse --git-dir)/hooks/pre-commit"
  git push -q origin HEAD:main; git update-ref refs/heads/main HEAD; git stash -q
fi
printf '{"plan":"1. x","summary":"x","verdict":"approve"}' > "$SENTRA_RESULT"
`;

function makeProject(mode: string) {
  const repository = makeRepository({
    remote: true,
    files: { 'agent.sh': agent, 'set-up.sh': look('set-up'), 'serve.sh': `${look('dev')}\nexec node serve.mjs "$1"\n` },
    config: {
      isolation: 'private',
      setup: { script: 'set-up.sh' },
      test: look('test'),
      checks: { lint: look('check') },
      dev: { web: { command: 'exec sh serve.sh $FRONTEND_PORT', port: 'FRONTEND_PORT', when: 'always' } },
      agents: { default: 'evil', evil: { kind: 'command', command: ['/bin/sh', 'agent.sh', mode] } },
    },
  });
  const serve = readFileSync(path.resolve(import.meta.dirname, '../fixtures/dev-server.mjs'), 'utf8');
  writeFileSync(path.join(repository.path, 'serve.mjs'), serve);
  git(repository.path, 'add', '-A');
  git(repository.path, 'commit', '-q', '-m', 'Newest');
  git(repository.path, 'push', '-q', 'origin', 'main');
  git(repository.path, 'branch', secret);
  return repository;
}

const settingsOf = (repository: string) => [
  readFileSync(path.join(repository, '.git/config'), 'utf8'),
  readdirSync(path.join(repository, '.git/hooks')),
  git(repository, 'tag'),
  git(repository, 'stash', 'list'),
];

test('a private task is done, tested and merged, and nothing that its programs did to git comes out', {
  timeout: 120_000,
}, async () => {
  const { client } = sentra;
  const repository = makeProject('plain');
  const before = settingsOf(repository.path);
  const { id: projectId } = await client.addProject({ body: { path: repository.path } });
  const task = await runTask(sentra, { projectId, title: 'Work apart' });
  expect(task, JSON.stringify(task.error)).toMatchObject({ status: 'in_review', isolation: 'private' });
  const looks = readFileSync(path.join(sentra.home, 'homes', task.id, 'looks'), 'utf8')
    .trim()
    .split('\n');
  const rooms = ['agent in PLAN', 'agent in CODE', 'agent in REVIEW', 'set-up', 'test', 'check', 'dev'];
  expect([...new Set(looks.map((line) => line.split(':')[0]))].sort()).toEqual(rooms.sort());
  for (const line of looks)
    expect(line).toMatch(/(Newest|: Plan for .*|: Work apart), 2 branches, 0 remotes, 0 evil, no hooks$/);
  expect(settingsOf(repository.path)).toEqual(before);
  expect(git(repository.path, 'log', '--all', '--format=%s').split('\n').sort()).toEqual(
    ['Begin', 'Newest', 'code: Work apart', 'plan: Plan for Work apart'].sort(),
  );
  expect(git(repository.path, 'branch', '--format=%(refname:short)').split('\n').sort()).toEqual(
    ['main', secret, task.branchName].sort(),
  );
  const env = sentraEnv(sentra.home);
  const shown = execFileSync(process.execPath, [product, 'task', 'show', task.id], { env, encoding: 'utf8' });
  expect(shown).toMatch(/isolation\s+private/);
  const browser = await openBrowser();
  try {
    const page = await browser.newPage();
    await signIn(page, client);
    await page.goto(`${sentra.url}/tasks/${task.id}?tab=branch`);
    await page.getByText('private', { exact: true }).waitFor();
  } finally {
    await browser.close();
  }

  writeFileSync(path.join(repository.path, 'beside.txt'), 'x');
  git(repository.path, 'add', '-A');
  git(repository.path, 'commit', '-q', '-m', 'Beside'); // so that the merge is tested by itself
  const merged = await client.mergeTask({ params: { id: task.id } });
  expect(merged).toMatchObject({ status: 'completed', pullRequest: { state: 'merged' } });
  const told = await listLines(sentra, task.id);
  const seen = told.filter((line) => line.includes('test: merge: Work apart'));
  expect(seen, told.join('\n')).toEqual([expect.stringMatching(/ 2 branches, 0 remotes, 0 evil, no hooks$/)]);
  expect(git(repository.path, 'log', '--first-parent', '--format=%s').split('\n')[0]).toBe('merge: Work apart');
  expect(git(repository.path, 'log', '--format=%s')).not.toContain('by the agent');
  await until(() => readdirSync(path.join(sentra.home, 'rooms')).length === 0, 20_000);
});

test('a server killed while a private room is at work takes its git directory away and makes another', {
  timeout: 90_000,
}, async () => {
  const { client } = sentra;
  const { path: repository } = makeProject('holds');
  const { id: projectId } = await client.addProject({ body: { path: repository } });
  const { id } = await client.createTask({ body: { projectId, title: 'Hold on', autoStart: true } });
  await waitForLine(sentra, id, 'holding');
  const rooms = () => readdirSync(path.join(sentra.home, 'rooms'));
  const open = rooms();
  expect(open.length).toBeGreaterThan(0);
  await sentra.kill();
  expect(rooms()).toEqual(open);
  await sentra.restart();
  const task = await waitForTask(sentra, id);
  expect(task, JSON.stringify(task.error)).toMatchObject({ status: 'in_review', isolation: 'private' });
  expect(rooms().filter((name) => open.includes(name))).toEqual([]);
  expect(git(repository, 'log', '--all', '--format=%s')).not.toMatch(/cut-off|by the agent/);
});

test('a partial clone is refused with the way out', async () => {
  const { path: origin } = makeRepository({ config: { isolation: 'private', agents: {} } });
  git(origin, 'config', 'uploadpack.allowFilter', 'true');
  const clone = path.join(makeFolder('partial'), 'clone');
  git(origin, 'clone', '-q', '--filter=blob:none', `file://${origin}`, clone);
  const { id: projectId } = await sentra.client.addProject({ body: { path: clone } });
  const task = await runTask(sentra, { projectId, title: 'Owed' });
  expect(task).toMatchObject({
    status: 'failed',
    error: { code: 'isolation_unavailable', message: expect.stringMatching(/partial clone.*"isolation": "shared"/) },
  });
});

test('a task says what its rooms are now, also when the project has changed its mind since', async () => {
  const { client } = sentra;
  const { path: repository } = makeProject('plain');
  const { id: projectId } = await client.addProject({ body: { path: repository } });
  const { id } = await client.createTask({ body: { projectId, title: 'Change of mind' } });
  const isolation = async () => {
    await client.createWorktree({ body: { taskId: id } });
    return (await client.getTask({ params: { id } })).isolation;
  };
  expect(await isolation()).toBe('private');
  const file = path.join(repository, 'sentra.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), isolation: 'shared' }));
  expect(await isolation()).toBe('shared');
});
