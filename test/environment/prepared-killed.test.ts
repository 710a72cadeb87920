/** kill -9 while dependencies are kept, or handed to a worktree: nothing of the half is ever used, and nothing of it stays. */
import { existsSync, readdirSync, readFileSync, rmSync, utimesSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { killInstallAt } from './killed-install.ts';
import { install, openShop, searchPath, worktree } from './npm-shop.ts';

const isWhole = (folder: string): boolean =>
  ['tiny/index.js', 'builder/built.js'].every((file) => existsSync(path.join(folder, 'node_modules', file)));

test('killed while it keeps a tree: the worktree has its own, others install, and the half goes', async () => {
  const shop = await openShop();
  const [first, second, third, fourth] = [await worktree(), await worktree(), await worktree(), await worktree()];
  await killInstallAt({ tool: 'cp', pattern: '*linked/0' }, { ...shop, worktreePath: first, path: searchPath });
  const [half = '', ...others] = readdirSync(shop.folder);
  expect([half, others]).toEqual([expect.stringMatching(/^\.building-/), []]);
  expect(isWhole(first)).toBe(true);
  utimesSync(path.join(shop.folder, half), 1, 1); // long ago: else its process may be at work
  expect(await install(second, shop)).toEqual({ outcome: 'installed', details: [] });
  expect(existsSync(path.join(shop.folder, half))).toBe(false);
  expect(await install(third, shop)).toEqual({ outcome: 'prepared', details: [] });
  expect([second, third].map(isWhole)).toEqual([true, true]);
  expect((await install(first, shop)).outcome).toBe('installed'); // begins with the tree that the kill left it
  expect(await install(fourth, shop)).toEqual({ outcome: 'prepared', details: [] });
  expect(readFileSync(path.join(fourth, 'node_modules/tiny/index.js'), 'utf8')).toBe('module.exports = 7;');
});

test('killed while a worktree is filled: the next try clears the half and fills it', async () => {
  const shop = await openShop();
  const [first, second] = [await worktree(), await worktree()];
  await install(first, shop);
  await killInstallAt({ tool: 'cp', pattern: '*linked/0/.*' }, { ...shop, worktreePath: second, path: searchPath });
  expect(existsSync(path.join(second, 'node_modules/tiny/index.js'))).toBe(true);
  expect(isWhole(second)).toBe(false);
  expect(await install(second, shop)).toEqual({ outcome: 'prepared', details: [] });
  expect(isWhole(second)).toBe(true);
});

test('killed while a worktree is filled that is then removed: nothing stays that tells of it', async () => {
  const shop = await openShop();
  const [first, second, third] = [await worktree(), await worktree(), await worktree()];
  await install(first, shop);
  await killInstallAt({ tool: 'cp', pattern: '*linked/0/.*' }, { ...shop, worktreePath: second, path: searchPath });
  const marks = () => readdirSync(shop.folder).filter((name) => name.startsWith('.'));
  expect(marks()).toHaveLength(1);
  rmSync(second, { recursive: true });
  expect(await install(third, shop)).toEqual({ outcome: 'prepared', details: [] });
  expect(marks()).toEqual([]);
});
