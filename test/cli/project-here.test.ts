import { mkdir, mkdtemp, realpath, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { run } from '#src/process.ts';
import { cli } from '../helpers/cli.ts';
import { aProject, type Handlers } from '../helpers/contract-api.ts';

let folder: string;
let handlers: Handlers;

beforeAll(async () => {
  folder = await realpath(await mkdtemp(path.join(os.tmpdir(), 'sentra-cli-')));
  const repository = path.join(folder, 'shop');
  await mkdir(path.join(repository, 'src'), { recursive: true });
  await mkdir(path.join(folder, 'elsewhere'));
  const identity = ['-c', 'user.name=T', '-c', 'user.email=t@localhost'];
  await git(repository, 'init', '--quiet');
  await git(repository, ...identity, 'commit', '--quiet', '--allow-empty', '-m', 'first');
  await git(repository, 'worktree', 'add', '--quiet', '-b', 'other', path.join(folder, 'tree'));
  const project = aProject({ path: repository, gitDir: path.join(repository, '.git') });
  handlers = { listProjects: () => ({ items: [project] }), getProject: () => project };
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const git = (cwd: string, ...args: string[]) =>
  run({ command: 'git', args, cwd, env: { PATH: process.env.PATH ?? '', HOME: folder } });

const showFrom = (place: string) => cli(['project', 'show', '--json'], handlers, { cwd: path.join(folder, place) });

test('the project is known from any folder of its repository', async () => {
  expect((await showFrom('shop')).json()).toMatchObject({ name: 'shop' });
  expect((await showFrom('shop/src')).json()).toMatchObject({ name: 'shop' });
});

test('the project is known from inside a worktree, wherever that lies', async () => {
  expect((await showFrom('tree')).json()).toMatchObject({ name: 'shop' });
});

test('outside of every registered repository it says how to name one', async () => {
  const result = await showFrom('elsewhere');
  expect(result.code).toBe(2);
  expect(result.out).toContain('name a project of `npx sentra project list`');
});
