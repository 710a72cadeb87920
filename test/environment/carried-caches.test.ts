import {
  existsSync,
  lstatSync,
  mkdirSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { expect, it } from 'vitest';
import { keepCaches, takeCaches } from '#src/environment/carried-caches.ts';
import { folderWith } from './folder.ts';

const searchPath = process.env.PATH ?? '';
const everything = async (paths: readonly string[]) => new Set(paths);
const carrying = (worktreePath: string, folder: string, listIgnored: typeof everything = everything) => ({
  worktreePath,
  folder,
  searchPath,
  listIgnored,
});

const built = (text: string) => ({
  '.next/cache/pack': text,
  '.next/server/app.js': 'not a cache',
  'apps/shop/.next/cache/pack': text,
  'apps/shop/node_modules/.cache/terser/b.json': text,
  'node_modules/.cache/babel-loader/a.json': text,
  'node_modules/left/.next/cache/pack': 'a package',
  '.gradle/build-cache/e58cd8': text,
  '.gradle/8.14/fileHashes.bin': 'of one worktree',
  '.nx/cache/1/code': text,
  '.nx/workspace-data/a.db': text,
  '.nx/workspace-data/file-map.json': 'of one worktree',
});
const carried = [
  ...['.gradle/build-cache', '.next/cache', '.nx/cache', '.nx/workspace-data/a.db', 'apps/shop/.next/cache'],
  ...['apps/shop/node_modules/.cache', 'node_modules/.cache'],
];

it('what one worktree has built the next ones get, each a copy of its own, and only where it has none', async () => {
  const [first, folder] = [await folderWith(built('one')), await folderWith()];
  expect(await keepCaches(carrying(first, folder))).toEqual(carried);
  expect(existsSync(path.join(first, '.next/cache'))).toBe(false);
  expect(existsSync(path.join(first, '.nx/workspace-data/file-map.json'))).toBe(true);
  const present = { 'node_modules/x.js': '', 'apps/shop/node_modules/y.js': '' };
  const [second, third] = [await folderWith(present), await folderWith({ ...present, '.next/cache/own': 'own' })];
  const taken = await Promise.all([takeCaches(carrying(second, folder)), takeCaches(carrying(third, folder))]);
  expect(taken).toEqual([carried, carried.filter((place) => place !== '.next/cache')]);
  writeFileSync(path.join(second, 'apps/shop/.next/cache/pack'), 'changed');
  expect(readFileSync(path.join(third, 'apps/shop/.next/cache/pack'), 'utf8')).toBe('one');
  expect(readdirSync(path.join(third, '.next/cache'))).toEqual(['own']);
  expect(await takeCaches(carrying(second, folder))).toEqual([]);
  expect(await takeCaches(carrying(await folderWith(), folder))).toEqual(
    carried.filter((one) => !/node_modules/.test(one)),
  );
});

it('the newest counts, and older ones go', async () => {
  const folder = await folderWith();
  for (const text of ['one', 'two', 'three']) await keepCaches(carrying(await folderWith(built(text)), folder));
  expect(readdirSync(folder)).toHaveLength(2);
  const next = await folderWith();
  await takeCaches(carrying(next, folder));
  expect(readFileSync(path.join(next, '.next/cache/pack'), 'utf8')).toBe('three');
});

it('nothing goes through a link, and what git does not ignore stays where it is', async () => {
  const [outside, folder] = [await folderWith({ 'cache/pack': 'mine' }), await folderWith()];
  const first = await folderWith({ '.nx/cache/1/code': 'x' });
  symlinkSync(outside, path.join(first, '.next'));
  expect(await keepCaches(carrying(first, folder, async () => new Set()))).toEqual([]);
  expect(await keepCaches(carrying(first, folder))).toEqual(['.nx/cache']);
  expect(readFileSync(path.join(outside, 'cache/pack'), 'utf8')).toBe('mine');

  await keepCaches(carrying(await folderWith(built('one')), folder));
  const second = await folderWith();
  rmSync(path.join(outside, 'cache'), { recursive: true });
  symlinkSync(outside, path.join(second, '.next'));
  mkdirSync(path.join(second, 'apps'));
  symlinkSync(outside, path.join(second, 'apps/shop'));
  symlinkSync(outside, path.join(second, 'node_modules'));
  expect(await takeCaches(carrying(second, folder))).toEqual([
    '.gradle/build-cache',
    '.nx/cache',
    '.nx/workspace-data/a.db',
  ]);
  expect([readdirSync(outside), lstatSync(path.join(second, '.next')).isSymbolicLink()]).toEqual([[], true]);
  expect(await takeCaches(carrying(await folderWith(), folder, async () => new Set()))).toEqual([]);
});
