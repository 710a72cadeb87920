import { existsSync, mkdirSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { makeAdminDir } from '#src/git/new-admin-dir.ts';
import { createWorktree, removeWorktree } from '#src/git/worktree.ts';
import { git, makeRepository, tempDir, worktreePath } from './repository-fixture.ts';

const branchName = 'feature/thing-12345678';

/** A lock as git leaves it when it is killed, or holds it. */
function lockBranch(gitDir: string, ageSeconds: number): string {
  const lock = join(gitDir, 'refs', 'heads', `${branchName}.lock`);
  mkdirSync(dirname(lock), { recursive: true });
  writeFileSync(lock, '');
  utimesSync(lock, Date.now() / 1000 - ageSeconds, Date.now() / 1000 - ageSeconds);
  return lock;
}

test('the lock that a killed git left on the branch is in the way of neither making nor removing', async () => {
  const repo = makeRepository();
  const path = worktreePath(repo, 'task-1');
  lockBranch(repo.gitDir, 60);
  await createWorktree(repo, { path, branchName, base: repo.base });
  lockBranch(repo.gitDir, 60);
  await removeWorktree(repo, { path, branchName, deleteBranch: true });
  expect(git(repo.path, 'branch', '--list', 'feature/*')).toBe('');
});

test('a lock that another git holds for a moment is waited for', async () => {
  const repo = makeRepository();
  const lock = lockBranch(repo.gitDir, 0);
  const made = createWorktree(repo, { path: worktreePath(repo, 'task-1'), branchName, base: repo.base });
  setTimeout(() => rmSync(lock), 300);
  expect((await made).head).toBe(repo.base);
});

test('a branch that a person made under the name, after a kill, is not taken for ours', async () => {
  const repo = makeRepository();
  const path = worktreePath(repo, 'task-1');
  await makeAdminDir(repo, { path, commit: repo.base, branchName }); // then Sentra was killed
  git(repo.path, 'branch', branchName);
  await expect(createWorktree(repo, { path, branchName, base: repo.base })).rejects.toMatchObject({
    code: 'branch_exists',
  });
  expect(git(repo.path, 'rev-parse', branchName)).toBe(repo.base);
  expect(existsSync(path)).toBe(false);
  expect(git(repo.path, 'worktree', 'list').split('\n')).toHaveLength(1);
});

test('worktrees of the same name in different folders are told apart', async () => {
  const repo = makeRepository();
  const paths = [join(tempDir(), 'task-1'), join(tempDir(), 'task-1')];
  const made = [];
  for (const [number, path] of paths.entries())
    made.push(await createWorktree(repo, { path, branchName: `feature/${number}`, base: repo.base }));
  expect(new Set(made.map(({ adminDir }) => adminDir)).size).toBe(2);
  for (const [number, path] of paths.entries()) {
    const again = await createWorktree(repo, { path, branchName: `feature/${number}`, base: repo.base });
    expect(again).toEqual(made[number]);
    expect(git(path, 'status', '--porcelain')).toBe('');
  }
});

test('a worktree looks to git as if git had made it', async () => {
  const repo = makeRepository();
  const [ours, gits] = [worktreePath(repo, 'ours'), worktreePath(repo, 'gits')];
  const { adminDir } = await createWorktree(repo, { path: ours, branchName, base: repo.base });
  git(repo.path, 'worktree', 'add', '-q', '--no-track', '-b', 'theirs', gits);
  const theirs = adminDir.replace(/ours$/, 'gits');
  for (const name of ['HEAD', 'commondir', 'gitdir']) {
    const expected = readFileSync(join(theirs, name), 'utf8').replaceAll('gits', 'ours').replace('theirs', branchName);
    expect(readFileSync(join(adminDir, name), 'utf8')).toBe(expected);
  }
  expect(readFileSync(join(ours, '.git'), 'utf8')).toBe(
    readFileSync(join(gits, '.git'), 'utf8').replaceAll('gits', 'ours'),
  );
  git(repo.path, 'worktree', 'unlock', ours);
  git(repo.path, 'worktree', 'move', ours, worktreePath(repo, 'moved'));
  git(repo.path, 'worktree', 'remove', worktreePath(repo, 'moved'));
  expect(git(repo.path, 'worktree', 'list').split('\n')).toHaveLength(2);
});

test('what worktrees inherit by an extension of the repository is handed on', async () => {
  const repo = makeRepository({ 'wanted/a.txt': 'a', 'unwanted/b.txt': 'b' });
  git(repo.path, 'sparse-checkout', 'set', 'wanted');
  expect(git(repo.path, 'config', 'extensions.worktreeConfig')).toBe('true');
  const path = worktreePath(repo, 'task-1');
  await createWorktree(repo, { path, branchName, base: repo.base });
  expect([existsSync(join(path, 'wanted/a.txt')), existsSync(join(path, 'unwanted'))]).toEqual([true, false]);
  expect(git(path, 'branch', '--show-current')).toBe(branchName);
});
