/** Dependencies of worktrees that are prepared ahead: installed once, moved with them, left to the tasks where that cannot be. */
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { git, makeFolder } from '../helpers/repository.ts';
import { begin, end, newTask, parts, take, tend } from './pool-project.ts';

test('dependencies are installed ahead and run from their final place; a home that came with them moves along', async () => {
  const files = {
    '.gitignore': 'node_modules\n',
    'package.json': JSON.stringify({ name: 'app', dependencies: { tiny: 'file:tiny' } }),
    'tiny/package.json': JSON.stringify({ name: 'tiny', version: '1.0.0' }),
    'tiny/index.js': 'console.log(__dirname);\n',
  };
  const install =
    'npm install --offline --no-audit --no-package-lock && echo "$PWD" > node_modules/.place && touch "$HOME/came"';
  const project = await begin({ files, config: { setup: { install }, pool: { size: 1, install: true } } });
  const [row] = await project.pool();
  expect(row).toMatchObject({
    state: 'ready',
    dependencies: expect.stringMatching(/^at /),
    named: ['node_modules/.place'],
  });
  const task = await newTask(project.projectId);
  const tree = await take(task);
  expect(tree.hasDependencies).toBe(true);
  expect(readFileSync(path.join(tree.path, 'node_modules/.place'), 'utf8').trim()).toBe(tree.path);
  expect(existsSync(path.join(parts.home, 'homes', task, 'came'))).toBe(true);
  const run = spawnSync('node', ['-e', 'require("tiny")'], { cwd: tree.path, encoding: 'utf8' });
  expect(run.stdout.trim()).toBe(path.join(tree.path, 'tiny'));
  await end(project);
});

test.each([
  ['does not survive a move', 'mkdir node_modules && printf "\\0$PWD" > node_modules/program'],
  ['fails', 'exit 1'],
  ['changes files that git sees', 'echo made > made.txt'],
])('an install that %s is left to the tasks, and not tried again', async (_, install) => {
  const files = { '.gitignore': 'node_modules\n' };
  const counted = path.join(makeFolder('count'), 'runs');
  const setup = { install: `echo run >> ${counted}; ${install}` };
  const project = await begin({ fill: false, files, config: { setup, pool: { size: 2, install: true } } });
  await newTask(project.projectId);
  await newTask(project.projectId);
  await tend();
  expect((await project.pool()).map((row) => [row.state, row.dependencies])).toEqual([
    ['ready', null],
    ['ready', null],
  ]);
  expect(readFileSync(counted, 'utf8')).toBe('run\n');
  const task = await newTask(project.projectId);
  const tree = await take(task);
  expect([tree.hasDependencies, readdirSync(tree.path).includes('node_modules')]).toEqual([false, false]);
  await end(project);
});

test.each([
  ['was killed', 'kill -9 $$'],
  ['was lost with the process that had started it', 'kill -9 $PPID'],
])('an install that %s says nothing about the next one', async (_, ending) => {
  const flag = path.join(makeFolder('flag'), 'seen');
  const install = `[ -e ${flag} ] || { touch ${flag}; ${ending}; sleep 60; }; mkdir node_modules`;
  const config = { setup: { install }, pool: { size: 1, install: true } };
  const project = await begin({ fill: false, files: { '.gitignore': 'node_modules\n' }, config });
  expect((await tend()).join()).toMatch(/No worktree can be prepared ahead for [\s\S]*(killed|cut off)/);
  expect(existsSync(flag)).toBe(true);
  await tend();
  expect((await project.pool()).map((row) => [row.state, row.dependencies !== null])).toEqual([['ready', true]]);
  await end(project);
});

test('a worktree without dependencies makes room when the base gets others', async () => {
  const files = { '.gitignore': 'node_modules\n', 'package.json': '{"name":"app"}', 'install.sh': 'exit 1\n' };
  const config = { setup: { install: 'sh install.sh' }, pool: { size: 1, install: true } };
  const project = await begin({ fill: false, files, config });
  const poolHas = async () => (await project.pool()).map((row) => [row.state, row.dependencies !== null]);
  await tend();
  expect(await poolHas()).toEqual([['ready', false]]);
  writeFileSync(path.join(project.repository, 'install.sh'), 'mkdir node_modules\n');
  writeFileSync(path.join(project.repository, 'package.json'), '{"name":"app","version":"1.0.0"}');
  git(project.repository, 'commit', '-qam', 'Mend the install');
  await tend();
  expect(await poolHas()).toEqual([['ready', true]]);
  await end(project);
});
