import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { makingMark } from '#src/git/admin-dir.ts';
import { deleteMergedBranch, emptyTrash, listMergedBranches, listOwnWorktrees, listTrash } from '#src/git/leftovers.ts';
import { saveWork } from '#src/git/save-work.ts';
import { createWorktree, removeWorktree } from '#src/git/worktree.ts';
import { commitAll, git, makeRepository, tempDir, worktreePath, write } from './repository-fixture.ts';

const branchName = 'feature/thing-12345678';

test("only worktrees with Sentra's mark are listed, each with its state", async () => {
  const repo = makeRepository();
  const paths = ['ready', 'half', 'vanished'].map((name) => worktreePath(repo, name));
  const [ready = '', half = '', vanished = ''] = paths;
  for (const path of paths)
    await createWorktree(repo, { path, branchName: `${branchName}${path.length}`, base: repo.base });
  git(repo.path, 'worktree', 'add', '-q', '-b', 'mine', worktreePath(repo, 'person'));
  git(repo.path, 'worktree', 'lock', '--reason', 'on a stick', worktreePath(repo, 'person'));
  writeFileSync(join(repo.gitDir, 'worktrees', 'half', 'locked'), makingMark);
  rmSync(vanished, { recursive: true });
  const found = await listOwnWorktrees(repo);
  expect(found.map(({ path, onDisk, halfMade }) => [path, onDisk, halfMade])).toEqual([
    [half, true, true],
    [ready, true, false],
    [vanished, false, false],
  ]);
});

test('a copy of a repository does not claim the worktrees of the one it was copied from', async () => {
  const repo = makeRepository();
  const path = worktreePath(repo, 'task-1');
  await createWorktree(repo, { path, branchName, base: repo.base });
  const copy = join(tempDir(), 'copy');
  cpSync(repo.path, copy, { recursive: true, verbatimSymlinks: true });
  expect(await listOwnWorktrees({ path: copy, gitDir: join(copy, '.git') })).toEqual([]);
  expect((await listOwnWorktrees(repo)).map((one) => one.path)).toEqual([path]);
});

test('the trash is emptied of what removals put there, and of nothing else', async () => {
  const repo = makeRepository();
  const path = worktreePath(repo, 'task-1');
  await createWorktree(repo, { path, branchName, base: repo.base });
  await removeWorktree(repo, { path, branchName, deleteBranch: true });
  const mine = join(dirname(path), '.trash', 'mine');
  mkdirSync(mine);
  expect(await listTrash(dirname(path))).toHaveLength(1);
  await emptyTrash(dirname(path));
  expect(await listTrash(dirname(path))).toEqual([]);
  expect(existsSync(mine)).toBe(true);
});

test('a branch is deleted when its base has all of it and nobody has it checked out', async () => {
  const repo = makeRepository();
  for (const name of ['merged', 'in-use', 'ahead']) git(repo.path, 'branch', name);
  git(repo.path, 'worktree', 'add', '-q', join(tempDir(), 'tree'), 'in-use');
  git(repo.path, 'switch', '-q', 'ahead');
  commitAll(repo.path);
  git(repo.path, 'switch', '-q', 'main');
  const names = new Set(['merged', 'in-use', 'ahead', 'main', 'not-there']);
  expect(await listMergedBranches(repo, 'main', names)).toEqual(['merged']);
  for (const name of names) await deleteMergedBranch(repo, 'main', name);
  expect(git(repo.path, 'branch', '--format=%(refname:short)').split('\n')).toEqual(['ahead', 'in-use', 'main']);
});

test('work in a worktree that left its branch, or whose branch is gone, is saved all the same', async () => {
  const repo = makeRepository();
  const path = worktreePath(repo, 'task-1');
  const { adminDir } = await createWorktree(repo, { path, branchName, base: repo.base });
  const file = join(tempDir(), 'work.patch');
  git(path, 'switch', '-q', '--detach');
  git(repo.path, 'branch', '-q', '-D', branchName);
  write(path, { 'new.txt': 'new\n' });
  expect(await saveWork(repo, { path, adminDir, branchName, base: 'main', file })).toBe(true);
});

test('files that are missing from a half-made worktree are not taken for deleted ones', async () => {
  const repo = makeRepository();
  const path = worktreePath(repo, 'task-1');
  const { adminDir } = await createWorktree(repo, { path, branchName, base: repo.base });
  writeFileSync(join(adminDir, 'locked'), makingMark);
  rmSync(join(path, 'a.txt'));
  const file = join(tempDir(), 'work.patch');
  expect(await saveWork(repo, { path, adminDir, branchName, base: 'main', file })).toBe(false);
});
