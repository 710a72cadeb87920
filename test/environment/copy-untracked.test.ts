import { chmod, readFile, stat, symlink, truncate } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { copyUntracked } from '#src/environment/copy-untracked.ts';
import { folderWith } from './folder.ts';

const limits = { fileMb: 1, totalMb: 10, files: 100 };
const copy = (request: Omit<Parameters<typeof copyUntracked>[0], 'limits'>) => copyUntracked({ limits, ...request });

it('matching files that are missing are copied, and what is there stays', async () => {
  const repositoryPath = await folderWith({
    '.env': 'A=1',
    '.env.production': 'B=1',
    'apps/web/.env': 'C=1',
    'notes.txt': 'no',
    'node_modules/x/.env': 'no',
    '.sentra/worktrees/t/.env': 'no',
  });
  const worktreePath = await folderWith({ '.env.production': 'tracked' });
  const { copied, bytes, skipped } = await copy({
    repositoryPath,
    worktreePath,
    patterns: ['.env', '.env.*', '**/.env'],
  });
  expect({ bytes, skipped }).toEqual({ bytes: 6, skipped: [] });
  expect(copied).toEqual(['.env', 'apps/web/.env']);
  expect(await readFile(path.join(worktreePath, 'apps/web/.env'), 'utf8')).toBe('C=1');
  expect(await readFile(path.join(worktreePath, '.env.production'), 'utf8')).toBe('tracked');
});

it('links, large files and places outside are left alone', async () => {
  const outside = await folderWith({ 'key.pem': 'key' });
  const repositoryPath = await folderWith({ '.env.big': '' });
  await truncate(path.join(repositoryPath, '.env.big'), 1024 * 1024 + 1);
  await symlink(path.join(outside, 'key.pem'), path.join(repositoryPath, '.env'));
  await symlink(outside, path.join(repositoryPath, 'linked'));
  const worktreePath = await folderWith();
  const patterns = ['.env', '.env.*', 'linked/*', `../${path.basename(outside)}/*`, `${outside}/*`];
  const { copied, skipped } = await copy({ repositoryPath, worktreePath, patterns });
  expect(copied).toEqual([]);
  expect(
    skipped.map(({ path: place, reason }) => [
      place.replace(outside, '…').replace(path.basename(outside), '…'),
      reason,
    ]),
  ).toEqual([
    ['../…/*', 'it leads out of the repository'],
    ['…/*', 'it leads out of the repository'],
    ['.env', 'it is no regular file, or behind a link'],
    ['.env.big', 'it has 1.0 MB, more than copyLimits.fileMb allows'],
    ['linked/key.pem', 'it is no regular file, or behind a link'],
  ]);
});

it('a link that is committed in the worktree leads nowhere', async () => {
  const outside = await folderWith();
  const repositoryPath = await folderWith({ 'config/.env': 'A=1' });
  const worktreePath = await folderWith();
  await symlink(outside, path.join(worktreePath, 'config'));
  expect(await copy({ repositoryPath, worktreePath, patterns: ['config/.env'] })).toMatchObject({
    copied: [],
    skipped: [{ path: 'config/.env', reason: 'its folder is a link in the worktree' }],
  });
  await expect(stat(path.join(outside, '.env'))).rejects.toThrow('ENOENT');
});

it('a folder stands for all that is in it, but for what git keeps, repositories, dependencies and links', async () => {
  const outside = await folderWith({ 'key.pem': 'key' });
  const repositoryPath = await folderWith({
    'data/dev.sqlite': 'db',
    'data/deep/.hidden': 'h',
    'data/tracked.txt': 't',
    'data/node_modules/x/a': 'no',
  });
  await symlink(outside, path.join(repositoryPath, 'data/out'));
  const worktreePath = await folderWith();
  const listTracked = async (paths: readonly string[]) => new Set(paths.filter((name) => name.endsWith('tracked.txt')));
  const { copied, skipped } = await copy({ repositoryPath, worktreePath, patterns: ['data/'], listTracked });
  expect(copied).toEqual(['data/deep/.hidden', 'data/dev.sqlite']);
  expect(skipped).toEqual([{ path: 'data/out', reason: 'it is no regular file, or behind a link' }]);
});

it('what comes after too many files or too many bytes is left out, and told', async () => {
  const repositoryPath = await folderWith({ a: 'x'.repeat(700_000), b: 'x'.repeat(700_000), c: 'x', d: 'x' });
  const worktreePath = await folderWith();
  const request = { repositoryPath, worktreePath, patterns: ['*'], limits: { fileMb: 1, totalMb: 1, files: 2 } };
  const { copied, bytes, skipped } = await copyUntracked(request);
  expect({ copied, bytes }).toEqual({ copied: ['a', 'c'], bytes: 700_001 });
  expect(skipped.map(({ path: name, reason }) => `${name}: ${reason}`)).toEqual([
    'b: with its 0.7 MB it would be more than copyLimits.totalMb allows',
    'd: there are more files than copyLimits.files allows',
  ]);
});

it.runIf(process.getuid?.() === 0)('what may not be read is left out, and the rest is copied', async () => {
  const repositoryPath = await folderWith({ '.env': 'A=1', '.env.root': 'B=1', 'config/key': 'C=1' });
  const worktreePath = await folderWith();
  for (const place of [worktreePath, repositoryPath]) await chmod(place, 0o777);
  for (const place of ['.env.root', 'config']) await chmod(path.join(repositoryPath, place), 0o600);
  process.seteuid?.(65_534);
  try {
    const { copied, skipped } = await copy({ repositoryPath, worktreePath, patterns: ['.env', '.env.*', 'config'] });
    expect(copied).toEqual(['.env']);
    expect(skipped).toEqual(
      ['config', '.env.root'].map((place) => ({ path: place, reason: 'it cannot be read (EACCES)' })),
    );
  } finally {
    process.seteuid?.(0);
  }
});
