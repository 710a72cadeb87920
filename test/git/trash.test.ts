import { execFileSync } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { join, resolve } from 'node:path';
import { expect, test } from 'vitest';
import { deleteTree, moveToTrash } from '#src/git/trash.ts';
import { tempDir } from './repository-fixture.ts';

test('a folder is renamed into the trash beside it, and deleting one that is gone is fine', async () => {
  const folder = join(tempDir(), 'task-1');
  mkdirSync(folder);
  writeFileSync(join(folder, '-rf'), 'x');
  const trash = (await moveToTrash(folder)) ?? '';
  expect([existsSync(folder), readdirSync(trash)]).toEqual([false, ['-rf']]);
  await deleteTree(trash);
  await deleteTree(trash);
  expect(existsSync(trash)).toBe(false);
  expect(await moveToTrash(folder)).toBeNull();
});

test('folders that a program made read-only are deleted all the same, also without the rights of root', () => {
  const folder = join(tempDir(), 'outer');
  for (const name of ['', 'a', 'a/b']) mkdirSync(join(folder, name));
  writeFileSync(join(folder, 'a/b/file'), 'x');
  for (const name of ['a/b', 'a']) chmodSync(join(folder, name), 0o555);
  const isRoot = process.getuid?.() === 0;
  const nobody = isRoot ? { uid: 65_534, gid: 65_534 } : {};
  if (isRoot) for (const name of ['..', '', 'a', 'a/b', 'a/b/file']) chownSync(join(folder, name), 65_534, 65_534);
  expect(() => execFileSync('rm', ['-rf', folder], { ...nobody, stdio: 'pipe' })).toThrow(/Permission denied/);
  const program = `import { deleteTree } from '#src/git/trash.ts'; await deleteTree(process.argv[1]); process.exit(0);`;
  const root = resolve(import.meta.dirname, '../..');
  execFileSync(process.execPath, ['--input-type=module', '-e', program, folder], {
    ...nobody,
    cwd: root,
    stdio: 'pipe',
  });
  expect(existsSync(folder)).toBe(false);
});
