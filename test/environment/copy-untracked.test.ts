import { readFile, stat, symlink, truncate } from 'node:fs/promises';
import path from 'node:path';
import { expect, it } from 'vitest';
import { copyUntracked } from '#src/environment/copy-untracked.ts';
import { folderWith } from './folder.ts';

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
  const copied = await copyUntracked({ repositoryPath, worktreePath, patterns: ['.env', '.env.*', '**/.env'] });
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
  expect(await copyUntracked({ repositoryPath, worktreePath, patterns })).toEqual([]);
});

it('a link that is committed in the worktree leads nowhere', async () => {
  const outside = await folderWith();
  const repositoryPath = await folderWith({ 'config/.env': 'A=1' });
  const worktreePath = await folderWith();
  await symlink(outside, path.join(worktreePath, 'config'));
  expect(await copyUntracked({ repositoryPath, worktreePath, patterns: ['config/.env'] })).toEqual([]);
  await expect(stat(path.join(outside, '.env'))).rejects.toThrow('ENOENT');
});
