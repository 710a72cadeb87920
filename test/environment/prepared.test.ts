import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  existsSync,
  readdirSync,
  readFileSync,
  realpathSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { cp, mkdir, symlink, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { describe, expect, it } from 'vitest';
import { buildCacheVariables, prepareGradle } from '#src/environment/build-cache.ts';
import { enforceLimit, whileUsed } from '#src/environment/package-caches.ts';
import type { PackageManager } from '#src/environment/package-manager.ts';
import { capturePrepared, takePrepared } from '#src/environment/prepared.ts';
import type { PreparedPlace } from '#src/environment/prepared-place.ts';
import { folderWith } from './folder.ts';
import { install, openShop, type Shop, searchPath, worktree } from './npm-shop.ts';

const npmHow = {
  manager: 'npm',
  command: ['npm', 'ci'],
  locked: true,
  shares: 'trees',
  reason: '',
} as const satisfies PackageManager;
/** As after an install that left nothing in the home folder. */
const npmInstalled = { how: { ...npmHow, command: ['npm', 'ci'] }, homeBefore: new Set<string>() };

const inode = (folder: string, file: string) => statSync(path.join(folder, 'node_modules', file)).ino;
const kept = ({ folder }: Shop) => readdirSync(folder);

describe('the second worktree with the same lockfile', () => {
  it('gets the files of the first without an install, and what writes into itself as a copy', async () => {
    const shop = await openShop();
    const [first, second] = [await worktree(), await worktree()];
    expect(await install(first, shop)).toEqual({ outcome: 'installed', details: [] });
    expect(await install(second, shop)).toEqual({ outcome: 'prepared', details: [] });
    expect(inode(second, 'tiny/index.js')).toBe(inode(first, 'tiny/index.js'));
    expect(statSync(path.join(second, 'node_modules/tiny/index.js')).mode & 0o222).toBe(0);
    for (const own of ['builder/package.json', 'builder/built.js', '.package-lock.json']) {
      expect(inode(second, own)).not.toBe(inode(first, own));
      expect(statSync(path.join(second, 'node_modules', own)).mode & 0o200).toBe(0o200);
    }
    const lists = [first, second].map((folder) => execFileSync('npm', ['ls', '--all'], { cwd: folder }).toString());
    expect(lists[1]?.split('\n').slice(1)).toEqual(lists[0]?.split('\n').slice(1));
  });

  it.each([
    ['writes', (file: string) => force(file, 'module.exports = "evil";')],
    ['writes and sets back the time of', (file: string) => keepTime(file, () => force(file, 'exports.a = 1;'))],
    ['only makes writable', (file: string) => chmodSync(file, 0o644)],
  ])('is installed anew when somebody %s a shared file', async (_, change) => {
    const shop = await openShop();
    const [first, second, third, fourth] = [await worktree(), await worktree(), await worktree(), await worktree()];
    await install(first, shop);
    await install(second, shop);
    change(path.join(second, 'node_modules/tiny/index.js'));
    const { outcome, details } = await install(third, shop);
    expect(outcome).toBe('installed');
    expect(details).toEqual([expect.stringContaining('changed by somebody')]);
    expect(readFileSync(path.join(third, 'node_modules/tiny/index.js'), 'utf8')).toBe('module.exports = 7;');
    expect((await install(fourth, shop)).outcome).toBe('prepared');
    expect(inode(fourth, 'tiny/index.js')).toBe(inode(third, 'tiny/index.js'));
  });

  it('is installed with another lockfile, manifest or setting of npm', async () => {
    const shop = await openShop();
    await install(await worktree(), shop);
    const others = [await worktree((m) => ({ ...m, description: 'changed' })), await worktree(), await worktree()];
    const lock = path.join(others[1] ?? '', 'package-lock.json');
    writeFileSync(lock, `${readFileSync(lock, 'utf8')}\n`);
    writeFileSync(path.join(others[2] ?? '', '.npmrc'), 'fund=false\n');
    for (const other of others) expect((await install(other, shop)).outcome).toBe('installed');
    expect(kept(shop)).toHaveLength(4);
  });

  it('runs the prepare script of its own, as npm does after an install', async () => {
    const shop = await openShop();
    const withScript = () => worktree((m) => ({ ...m, scripts: { prepare: 'echo ran >> prepared.txt' } }));
    await install(await withScript(), shop);
    const second = await withScript();
    expect((await install(second, shop)).outcome).toBe('prepared');
    expect(readFileSync(path.join(second, 'prepared.txt'), 'utf8')).toBe('ran\n');
  });

  it('has links to its own workspaces, not to those of the first', async () => {
    const shop = await openShop();
    const first = await worktree((m) => ({ ...m, workspaces: ['packages/*'] }));
    await mkdir(path.join(first, 'packages/part'), { recursive: true });
    await writeFile(path.join(first, 'packages/part/package.json'), '{"name":"part","version":"1.0.0"}');
    execFileSync('npm', ['install', '--package-lock-only', '--offline', '--no-audit'], { cwd: first, stdio: 'ignore' });
    const second = await folderWith();
    await cp(first, second, { recursive: true });
    await install(first, shop);
    expect(await install(second, shop)).toEqual({ outcome: 'prepared', details: [] });
    expect(realpathSync(path.join(second, 'node_modules/part'))).toBe(path.join(second, 'packages/part'));
  });

  it('with something in place of its tree is installed', async () => {
    const shop = await openShop();
    await install(await worktree(), shop);
    const second = await worktree();
    await mkdir(path.join(second, 'node_modules/left-over'), { recursive: true });
    expect((await install(second, shop)).outcome).toBe('installed');
    expect(existsSync(path.join(second, 'node_modules/left-over'))).toBe(false);
  });
});

/** As its owner can, who is no root, although it is read-only. */
const force = (file: string, text: string) => {
  const { mode } = statSync(file);
  chmodSync(file, 0o644);
  writeFileSync(file, text);
  chmodSync(file, mode);
};

const keepTime = (file: string, act: () => void) => {
  const { atime, mtime } = statSync(file);
  act();
  utimesSync(file, atime, mtime);
};

describe('a tree is not kept for others', () => {
  it("when the project's own script takes part in its install", async () => {
    const shop = await openShop();
    const { details } = await install(await worktree((m) => ({ ...m, scripts: { postinstall: 'true' } })), shop);
    expect(details).toEqual([expect.stringContaining('own script "postinstall"')]);
    expect(kept(shop)).toEqual([]);
  });

  it('when sentra.json has a command for it', async () => {
    const shop = await openShop();
    expect(await install(await worktree(), shop, { setting: 'npm ci' })).toEqual({ outcome: 'installed', details: [] });
    expect(kept(shop)).toEqual([]);
  });

  it('when the store cannot be written; the install is none the worse', async () => {
    const shop = { ...(await openShop()), folder: path.join(await folderWith({ file: '' }), 'file', 'below') };
    const { outcome, details } = await install(await worktree(), shop);
    expect(outcome).toBe('installed');
    expect(details).toEqual(expect.arrayContaining([expect.stringContaining('left out')]));
  });

  it.each([
    ['leads out of the worktree', (tree: string) => symlink('../../elsewhere', path.join(tree, 'out'))],
    ['leads out of the worktree', (tree: string) => symlink('/etc', path.join(tree, 'out'))],
    [
      'neither file, folder nor link',
      async (tree: string) => void execFileSync('mkfifo', [path.join(tree, 'a', 'pipe')]),
    ],
    [
      'the path of its worktree built in',
      async (tree: string) => {
        await mkdir(path.join(tree, '.native'));
        await writeFile(path.join(tree, '.native', 'config'), `prefix=${path.dirname(tree)}`);
      },
    ],
  ])('when something in it %s', async (why, spoil) => {
    const place = await generated({ 'a/package.json': '{}' });
    await spoil(path.join(place.worktreePath, 'node_modules'));
    expect(await capturePrepared(place, 'key', npmInstalled)).toContain(why);
    expect(existsSync(path.join(place.folder, 'key'))).toBe(false);
  });

  it('when the install left something in the home folder', async () => {
    const place = await generated({ 'a/package.json': '{}' });
    await mkdir(path.join(place.homePath, '.cache/browser'), { recursive: true });
    expect(await capturePrepared(place, 'key', npmInstalled)).toContain('.cache/browser');
  });
});

it('a build cache lies in one folder, whatever the worktree', () => {
  const { CCACHE_BASEDIR, NX_CACHE_DIRECTORY, ...folders } = buildCacheVariables('/caches/build', '/worktrees/task-1');
  expect(NX_CACHE_DIRECTORY).toBe('/worktrees/task-1/.nx/cache');
  expect(CCACHE_BASEDIR).toBe('/worktrees/task-1');
  expect(Object.values(folders).every((folder) => folder.startsWith('/caches/build/'))).toBe(true);
  expect(new Set(Object.values(folders)).size).toBe(Object.keys(folders).length);
});

it('Gradle keeps its build cache in the worktree, and nothing is written through a link in its home', async () => {
  const worktree = await folderWith({ 'settings.gradle.kts': '' });
  const [home, elsewhere] = [await folderWith(), await folderWith()];
  await prepareGradle(worktree, home);
  await prepareGradle(worktree, home);
  const script = readFileSync(path.join(home, '.gradle/init.d/sentra-build-cache.gradle'), 'utf8');
  expect(script).toContain("new File(settings.rootDir, '.gradle/build-cache')");
  await symlink(elsewhere, path.join(elsewhere, '.gradle'));
  await prepareGradle(worktree, elsewhere);
  const other = await folderWith();
  await prepareGradle(await folderWith({ 'package.json': '{}' }), other);
  expect([readdirSync(elsewhere), readdirSync(other)]).toEqual([['.gradle'], []]);
});

describe('the store', () => {
  it('keeps one of two captures at once, whole', async () => {
    const one = await generated({ 'a/index.js': '1' });
    const places = [one, { ...(await generated({ 'a/index.js': '1' })), folder: one.folder }];
    const answers = await Promise.all(places.map((place) => capturePrepared(place, 'key', npmInstalled)));
    expect(answers.filter((why) => why === undefined)).toHaveLength(1);
    expect(readdirSync(one.folder)).toEqual(['key']);
    const next = { ...one, worktreePath: await folderWith() };
    expect(await takePrepared(next, 'key')).toBe('taken');
    expect(readFileSync(path.join(next.worktreePath, 'node_modules/a/index.js'), 'utf8')).toBe('1');
  });

  it('lets the least recently used go above its limit, fetched packages too', async () => {
    const [folder, packages] = [await folderWith(), await folderWith({ 'npm/content': 'x'.repeat(300_000) })];
    const capture = async (key: string) => {
      const place = await generated({ 'a/big': 'x'.repeat(300_000) });
      expect(await capturePrepared({ ...place, folder }, key, npmInstalled)).toBeUndefined();
      return { ...place, folder };
    };
    await capture('first');
    await capture('second');
    for (const key of ['first', 'second'])
      utimesSync(path.join(folder, key, 'manifest.json'), 1, key === 'first' ? 1 : 2);
    const user = { ...(await generated({})), folder, worktreePath: await folderWith() };
    expect(await takePrepared(user, 'first')).toBe('taken');
    const place = await capture('third');
    const limited = { place, packages, limitBytes: 1_050_000, keep: 'third' };
    const gone = await whileUsed(packages, () => enforceLimit(limited));
    expect(readdirSync(folder).sort()).toEqual(['first', 'third']);
    expect(gone).toEqual([expect.stringContaining('second')]);
    expect(existsSync(path.join(packages, 'npm'))).toBe(true); // somebody installs with it
    expect(await enforceLimit({ ...limited, limitBytes: 750_000 })).toEqual([expect.stringContaining('npm')]);
    expect(readdirSync(packages)).toEqual([]);
  });

  it('is kept within its limit by the installs themselves, and what a killed one was removing goes too', async () => {
    const shop = await openShop();
    const old = { 'bun/content': 'x'.repeat(300_000), '.gone-1/content': 'x', 'pnpm/.gone-2/content': 'x' };
    const cachePath = await folderWith(old);
    const { details } = await install(await worktree(), { ...shop, cachePath }, { limitBytes: 250_000 });
    expect(details).toContainEqual(expect.stringContaining('removed bun'));
    expect(existsSync(path.join(cachePath, 'bun'))).toBe(false);
    expect(existsSync(path.join(cachePath, '.gone-1'))).toBe(false);
    expect(readdirSync(path.join(cachePath, 'pnpm'))).toEqual([]);
  });

  it('drops an entry that cannot be read and leaves the worktree clean', async () => {
    const place = await generated({ 'a/index.js': '1' });
    await capturePrepared(place, 'key', npmInstalled);
    writeFileSync(path.join(place.folder, 'key/manifest.json'), '{');
    const next = { ...place, worktreePath: await folderWith() };
    await expect(takePrepared(next, 'key')).rejects.toThrow();
    expect(readdirSync(place.folder)).toEqual([]);
    expect(existsSync(path.join(next.worktreePath, 'node_modules'))).toBe(false);
  });
});

/** A worktree with these files in its node_modules. */
async function generated(files: Record<string, string>): Promise<PreparedPlace> {
  const inTree = Object.entries(files).map(([name, text]) => [`node_modules/${name}`, text]);
  const worktreePath = await folderWith({ 'package.json': '{}', ...Object.fromEntries(inTree) });
  return { worktreePath, folder: await folderWith(), homePath: await folderWith(), searchPath };
}
