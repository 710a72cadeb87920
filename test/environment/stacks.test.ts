import { execFile, execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, realpathSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import path from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { installDependencies } from '#src/environment/dependencies.ts';
import { enforceLimit, readableCaches, worktreeVariables } from '#src/environment/package-caches.ts';
import { createRunner, type Runner } from '#src/environment/runner.ts';
import { createSandbox } from '#src/sandbox/wall.ts';
import { linkManager, type ManagerName, managerNames } from '../helpers/managers.ts';
import { type Registry, startRegistry } from '../helpers/registry.ts';
import { folderWith } from './folder.ts';
import { killInstallAt } from './killed-install.ts';

const timeoutMs = 60_000;
const json = (value: object) => JSON.stringify(value);
const links = await folderWith();
const present = managerNames.filter((name) => linkManager(name, path.join(links, name)));
const sandbox = createSandbox({ stateDir: await folderWith() });
let registry: Registry;

beforeAll(async () => {
  registry = await startRegistry([
    { name: 'tiny', files: { 'index.js': 'module.exports = 7;' } },
    {
      name: 'tool',
      manifest: { bin: { tool: 'tool.js' }, dependencies: { tiny: '1.0.0' } },
      files: { 'tool.js': "#!/usr/bin/env node\nconsole.log('it is', require('tiny'));" },
    },
  ]);
});
afterAll(async () => {
  await registry.close();
  await sandbox.close();
});

type Stack = { manager: ManagerName; files?: Record<string, string>; manifest?: object; lock: string[] };

const stacks: Record<string, Stack> = {
  'pnpm with its store': { manager: 'pnpm', lock: ['pnpm', 'install', '--lockfile-only'] },
  'pnpm 10': { manager: 'pnpm 10', lock: ['pnpm', 'install', '--lockfile-only'] },
  'yarn 1': { manager: 'yarn 1', lock: ['yarn', 'install'] },
  'yarn 4 with node_modules': {
    manager: 'yarn 4',
    files: { '.yarnrc.yml': 'nodeLinker: node-modules\n' },
    lock: ['yarn', 'install', '--mode=update-lockfile'],
  },
  'yarn 4 with Plug and Play': {
    manager: 'yarn 4',
    files: { '.yarnrc.yml': 'nodeLinker: pnp\n' },
    lock: ['yarn', 'install', '--mode=update-lockfile'],
  },
  bun: { manager: 'bun', lock: ['bun', 'install', '--lockfile-only'] },
};
const own = { 'yarn 4 with Plug and Play': 'installed' } as Record<string, string>;

type Shop = Awaited<ReturnType<typeof openShop>>;

/** A project with a workspace, and what its worktrees share. */
async function openShop({ manager, files = {}, lock }: Stack) {
  const root = await folderWith();
  const local = manager === 'yarn 1' ? '1.0.0' : 'workspace:*';
  const project = await folderWith({
    'package.json': json({
      name: 'app',
      private: true,
      workspaces: ['parts/*'],
      scripts: { test: 'tool' },
      dependencies: { tool: '1.0.0', part: local },
    }),
    'parts/part/package.json': json({ name: 'part', version: '1.0.0', dependencies: { tiny: '1.0.0' } }),
    '.npmrc': `registry=${registry.url}\n`,
    ...(manager.startsWith('pnpm') ? { 'pnpm-workspace.yaml': 'packages: ["parts/*"]\n' } : {}),
    ...files,
  });
  const searchPath = [path.join(links, manager), path.dirname(process.execPath), '/usr/bin:/bin'].join(':');
  const registries = {
    pnpm_config_registry: registry.url,
    YARN_NPM_REGISTRY_SERVER: registry.url,
    YARN_UNSAFE_HTTP_WHITELIST: '127.0.0.1',
  };
  const env = { PATH: searchPath, HOME: await folderWith(), YARN_ENABLE_IMMUTABLE_INSTALLS: 'false', ...registries };
  await promisify(execFile)(lock[0] ?? '', lock.slice(1), { cwd: project, env, timeout: timeoutMs }); // the registry is in this process
  for (const made of ['node_modules', 'parts/part/node_modules', '.pnp.cjs', '.yarn'])
    rmSync(path.join(project, made), { recursive: true, force: true });
  const cachePath = path.join(root, 'packages');
  await Promise.all(
    readableCaches(cachePath).map((folder) => cp(links, folder, { recursive: true, filter: () => false })),
  );
  return { root, project, cachePath, folder: path.join(root, 'dependencies'), searchPath, registries };
}

async function worktreeOf({ root, project }: Shop): Promise<string> {
  const folder = path.join(root, 'worktrees', `${readdirSync(root).length}-${Math.random().toString(36).slice(2)}`);
  await cp(project, folder, { recursive: true });
  return folder;
}

async function install(shop: Shop, worktreePath: string, more: { confined?: boolean; limitBytes?: number } = {}) {
  const homePath = await folderWith();
  const lines: string[] = [];
  const room = { worktreePath, homePath, readable: readableCaches(shop.cachePath) };
  const open = (writable: string[]): Runner =>
    createRunner({
      sandbox: more.confined ? sandbox : undefined,
      room: { ...room, readable: [...room.readable, shop.searchPath.split(':')[0] ?? '', managersPlace], writable },
      baseEnv: { PATH: shop.searchPath },
    });
  const done = await installDependencies({
    runner: open([shop.cachePath]),
    readingRunner: open([]),
    worktreePath,
    setting: 'auto',
    timeoutMs,
    cachePath: shop.cachePath,
    prepared: {
      folder: shop.folder,
      homePath,
      searchPath: shop.searchPath,
      ...(more.limitBytes ? { limitBytes: more.limitBytes } : {}),
    },
    onOutput: (chunk) => lines.push(`${chunk}`),
    onDetail: (line) => lines.push(line),
    env: shop.registries,
  });
  const run = async (command: string) => {
    const outcome = await open([]).run(command, { network: 'none', env: worktreeVariables(homePath), timeoutMs });
    return `${outcome.stdout}${outcome.stderr}`;
  };
  return { outcome: done.outcome, lines, run };
}

const managersPlace = path.resolve(import.meta.dirname, '../../.data/managers');
const runs = (manager: ManagerName) => (manager === 'bun' ? 'bun run test' : `${manager.split(' ')[0]} test`);

describe.each(Object.entries(stacks).filter(([, stack]) => present.includes(stack.manager)))('%s', (name, stack) => {
  it('gives a second worktree its dependencies without a download, and its programs run', async () => {
    const shop = await openShop(stack);
    const [first, second] = [await worktreeOf(shop), await worktreeOf(shop)];
    const one = await install(shop, first);
    expect(one, one.lines.join('\n')).toMatchObject({ outcome: 'installed' });
    expect(await one.run(runs(stack.manager))).toContain('it is 7');
    const downloads = registry.downloads();
    rmSync(path.join(first, 'node_modules'), { recursive: true, force: true }); // nothing leads there
    const two = await install(shop, second, { confined: true });
    expect(two, two.lines.join('\n')).toMatchObject({ outcome: own[name] ?? 'prepared' });
    expect(await two.run(runs(stack.manager))).toContain('it is 7');
    expect(await two.run('cd parts/part && node -p "require.resolve(\'tiny\') && 1"')).toContain(
      name.includes('Plug') ? 'Cannot find module' : '1',
    );
    expect(registry.downloads()).toBe(downloads);
    const files = execFileSync('find', [shop.project, '-type', 'f', '-printf', '%P\n']).toString().trim().split('\n');
    for (const file of files)
      expect(readFileSync(path.join(second, file))).toEqual(readFileSync(path.join(shop.project, file)));
  });
});

const store = stacks['pnpm with its store'] as Stack;

describe.runIf(present.includes('pnpm'))("pnpm's store", () => {
  it('that somebody wrote into is mended by the next install', async () => {
    const shop = await openShop(store);
    const [first, second, third] = [await worktreeOf(shop), await worktreeOf(shop), await worktreeOf(shop)];
    expect((await install(shop, first)).outcome).toBe('installed');
    const program = realpathSync(path.join(first, 'node_modules/tool/tool.js'));
    expect(program.startsWith(shop.cachePath)).toBe(true);
    writeFileSync(program, "console.log('evil');");
    const mended = await install(shop, second);
    expect(mended.outcome).toBe('installed');
    expect(mended.lines.join('\n')).toContain('changed by somebody');
    expect(readFileSync(path.join(second, 'node_modules/tool/tool.js'), 'utf8')).toContain('it is');
    expect(readFileSync(path.join(first, 'node_modules/tool/tool.js'), 'utf8')).toContain('it is');
    expect((await install(shop, third)).outcome).toBe('prepared');
  });

  it('is reached from a worktree that moved beside its first place, as those prepared ahead do', async () => {
    const shop = await openShop(store);
    const first = await worktreeOf(shop);
    expect((await install(shop, first)).outcome).toBe('installed');
    const moved = `${first}-moved`;
    renameSync(first, moved);
    const { outcome, run } = await install(shop, await worktreeOf(shop));
    expect(outcome).toBe('prepared');
    expect(await run(`${moved}/node_modules/.bin/tool`)).toContain('it is 7');
    const place = { ...shop, worktreePath: moved, homePath: moved };
    await enforceLimit({ place, packages: shop.cachePath, limitBytes: 1 });
    expect(await run(`${moved}/node_modules/.bin/tool`)).toContain('it is 7');
  });

  it('serves the next worktree although the first one was killed while it took note of it', async () => {
    const shop = await openShop(store);
    const [first, second, third] = [await worktreeOf(shop), await worktreeOf(shop), await worktreeOf(shop)];
    const killed = { ...shop, worktreePath: first, path: shop.searchPath, env: shop.registries };
    await killInstallAt({ tool: 'find', pattern: '*%y*' }, killed);
    const again = await install(shop, second);
    expect(again).toMatchObject({ outcome: 'installed' });
    for (const tree of [first, second]) expect(await again.run(`${tree}/node_modules/.bin/tool`)).toContain('it is 7');
    expect((await install(shop, third)).outcome).toBe('prepared');
    const left = readdirSync(path.join(shop.folder, '.store'));
    expect(left.filter((name) => !/^[0-9a-f]{64}\.(json|files)$/.test(name))).toEqual([]);
  });

  it('cannot be written from a worktree behind the wall', async () => {
    const shop = await openShop(store);
    await install(shop, await worktreeOf(shop));
    const { run } = await install(shop, await worktreeOf(shop), { confined: true });
    expect(await run('echo evil > node_modules/tool/tool.js')).toMatch(/Read-only file system|Permission denied/);
  });

  it('keeps what a worktree leads into when it grows over its limit', async () => {
    const shop = await openShop(store);
    const worktree = await worktreeOf(shop);
    const { run } = await install(shop, worktree);
    const place = { ...shop, worktreePath: worktree, homePath: worktree };
    await enforceLimit({ place, packages: shop.cachePath, limitBytes: 1 });
    expect(await run('node_modules/.bin/tool')).toContain('it is 7');
    rmSync(worktree, { recursive: true });
    await install(shop, await worktreeOf(shop));
    rmSync(path.join(shop.root, 'worktrees'), { recursive: true });
    await enforceLimit({ place, packages: shop.cachePath, limitBytes: 1 });
    expect(execFileSync('find', [path.join(shop.cachePath, 'pnpm'), '-name', 'tool.js']).toString()).toBe('');
  });
});

describe.runIf(present.includes('yarn 1'))('several worktrees', () => {
  const yarn = stacks['yarn 1'] as Stack;

  it('at once with one lockfile install once', async () => {
    const shop = await openShop(yarn);
    const trees = await Promise.all(Array.from({ length: 4 }, () => worktreeOf(shop)));
    const done = await Promise.all(trees.map((tree) => install(shop, tree)));
    expect(done.map(({ outcome }) => outcome).sort()).toEqual(['installed', 'prepared', 'prepared', 'prepared']);
    for (const { run } of done) expect(await run('yarn -s test')).toContain('it is 7');
  });

  it('use nothing of an install that died half-way', async () => {
    const shop = await openShop(yarn);
    const worktree = await worktreeOf(shop);
    const broken = await folderWith({ yarn: '#!/bin/sh\nmkdir -p node_modules/half && echo broken >&2; kill -9 $$' });
    const failed = await install({ ...shop, searchPath: `${broken}:${shop.searchPath}` }, worktree);
    expect(failed.outcome).toBe('failed');
    expect(existsSync(path.join(worktree, 'node_modules/half'))).toBe(true);
    expect((await install(shop, worktree)).outcome).toBe('installed');
    expect(existsSync(path.join(worktree, 'node_modules/half'))).toBe(false);
  });
});

it('nothing of a checkout above reaches a worktree below it behind the wall', async () => {
  const above = await folderWith({
    'package.json': json({ name: 'above', workspaces: ['**'] }),
    'pnpm-workspace.yaml': 'packages: ["**"]',
    '.npmrc': 'registry=http://leaked.invalid/',
    '.yarnrc.yml': 'nodeLinker: pnp',
    'tsconfig.json': '{}',
    'eslint.config.js': 'module.exports = [];',
    '.pnp.cjs': '',
    'node_modules/leaked/index.js': 'module.exports = 1;',
    'trees/one/package.json': json({ name: 'one' }),
  });
  const worktreePath = path.join(above, 'trees/one');
  const room = { worktreePath, repositoryPath: above, homePath: await folderWith() };
  const look = 'ls -A ../..; npm config get registry; node -p "require.resolve(\'leaked\')"';
  const see = async (walled: boolean) => {
    const runner = createRunner({
      sandbox: walled ? sandbox : undefined,
      room,
      baseEnv: { PATH: process.env.PATH ?? '' },
    });
    const { stdout, stderr } = await runner.run(look, { network: 'none', timeoutMs });
    return `${stdout}${stderr}`;
  };
  const inside = await see(true);
  expect(inside.split('\n')[0]).toBe('trees');
  expect(inside).toContain("Cannot find module 'leaked'");
  expect(inside).not.toContain('leaked.invalid');
  expect(await see(false)).toContain('node_modules/leaked/index.js'); // why the wall is there
});
