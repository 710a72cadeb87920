import { spawn } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { forgetAdminDir } from '#src/git/admin-dir.ts';
import { saveWork } from '#src/git/save-work.ts';
import { createWorktree, removeWorktree, restoreWorktree, worktreeState } from '#src/git/worktree.ts';
import { commitAll, git, makeRepository, tempDir, worktreePath, write } from './repository-fixture.ts';

const branchName = 'feature/thing-12345678';

test('a worktree has its branch, its files and a clean state', async () => {
  const repo = makeRepository({ 'a.txt': 'one\n', 'src/b.txt': 'two\n' });
  const path = worktreePath(repo, 'task-1');
  const { adminDir, head } = await createWorktree(repo, { path, branchName, base: repo.base });
  expect(head).toBe(repo.base);
  expect(git(path, 'branch', '--show-current')).toBe(branchName);
  expect(git(path, 'status', '--porcelain')).toBe('');
  expect(readFileSync(join(path, 'src/b.txt'), 'utf8')).toBe('two\n');
  expect(adminDir).toBe(join(repo.gitDir, 'worktrees', 'task-1'));
});

test('a path through a symbolic link is the same worktree', async () => {
  const repo = makeRepository();
  const [real, link] = [tempDir(), join(tempDir(), 'link')];
  symlinkSync(real, link);
  const request = { path: join(link, 'task-1'), branchName, base: repo.base };
  expect(await createWorktree(repo, request)).toEqual(await createWorktree(repo, request));
});

test('a worktree that was switched to another branch is named, not touched', async () => {
  const repo = makeRepository();
  const path = worktreePath(repo, 'task-1');
  await createWorktree(repo, { path, branchName, base: repo.base });
  git(path, 'switch', '-q', '-c', 'other');
  await expect(createWorktree(repo, { path, branchName, base: repo.base })).rejects.toMatchObject({
    code: 'worktree_failed',
    message: expect.stringContaining(`git switch ${branchName}`),
  });
});

test('creating it again gives the same one with all that was done in it', async () => {
  const repo = makeRepository();
  const path = worktreePath(repo, 'task-1');
  const first = await createWorktree(repo, { path, branchName, base: repo.base });
  write(path, { 'b.txt': 'new' });
  const tip = commitAll(path);
  expect(await createWorktree(repo, { path, branchName, base: repo.base })).toEqual({ ...first, head: tip });
});

test('a worktree whose folder vanished is made again on its branch', async () => {
  const repo = makeRepository();
  const path = worktreePath(repo, 'task-1');
  await createWorktree(repo, { path, branchName, base: repo.base });
  write(path, { 'b.txt': 'new' });
  const tip = commitAll(path);
  rmSync(path, { recursive: true });
  expect((await createWorktree(repo, { path, branchName, base: repo.base })).head).toBe(tip);
  expect(existsSync(join(path, 'b.txt'))).toBe(true);
});

test("a branch that is not the task's is refused and left alone", async () => {
  const repo = makeRepository();
  git(repo.path, 'branch', branchName);
  const path = worktreePath(repo, 'task-1');
  await expect(createWorktree(repo, { path, branchName, base: repo.base })).rejects.toMatchObject({
    code: 'branch_exists',
    message: expect.stringMatching(/feature\/thing-12345678 already exists.*git branch -D/),
  });
  expect(git(repo.path, 'rev-parse', branchName)).toBe(repo.base);
});

test('a branch that a git which outlived its killed starter made at this moment is its own', async () => {
  const repo = makeRepository();
  const path = worktreePath(repo, 'task-1');
  const ref = `refs/heads/${branchName}`;
  git(repo.path, 'update-ref', '--create-reflog', '-m', 'sentra: task-1', ref, repo.base);
  expect(await createWorktree(repo, { path, branchName, base: repo.base })).toMatchObject({ head: repo.base });
  expect(git(path, 'branch', '--show-current')).toBe(branchName);
});

describe('a branch with our mark whose administration is gone', () => {
  async function forgotten() {
    const repo = makeRepository();
    const path = worktreePath(repo, 'task-1');
    const { adminDir } = await createWorktree(repo, { path, branchName, base: repo.base });
    write(path, { 'b.txt': 'new' });
    const tip = commitAll(path);
    await forgetAdminDir(adminDir); // then Sentra was killed
    rmSync(path, { recursive: true });
    return { repo, path, tip };
  }

  test('is taken back with the work it has', async () => {
    const { repo, path, tip } = await forgotten();
    expect(await createWorktree(repo, { path, branchName, base: repo.base })).toMatchObject({ head: tip });
    expect(git(path, 'status', '--porcelain')).toBe('');
    expect(readFileSync(join(path, 'b.txt'), 'utf8')).toBe('new');
  });

  test('moves to a newer base that contains all it has', async () => {
    const { repo, path, tip } = await forgotten();
    const base = git(repo.path, 'commit-tree', '-m', 'newer', '-p', tip, `${tip}^{tree}`);
    expect(await createWorktree(repo, { path, branchName, base })).toMatchObject({ head: base });
    expect(git(path, 'rev-parse', branchName)).toBe(base);
  });

  test('is refused and left alone when its work does not stand on the base', async () => {
    const { repo, path, tip } = await forgotten();
    const base = git(repo.path, 'commit-tree', '-m', 'another', '-p', repo.base, `${repo.base}^{tree}`);
    await expect(createWorktree(repo, { path, branchName, base })).rejects.toMatchObject({ code: 'branch_exists' });
    expect(git(repo.path, 'rev-parse', branchName)).toBe(tip);
  });

  test('is refused and left alone when a person has checked it out', async () => {
    const { repo, path, tip } = await forgotten();
    git(repo.path, 'switch', '-q', branchName);
    const made = createWorktree(repo, { path, branchName, base: repo.base });
    await expect(made).rejects.toMatchObject({ code: 'branch_exists' });
    expect(git(repo.path, 'rev-parse', 'HEAD')).toBe(tip);
  });
});

test('a branch called like the first part of the name is named as the reason', async () => {
  const repo = makeRepository();
  git(repo.path, 'branch', 'feature');
  const path = worktreePath(repo, 'task-1');
  await expect(createWorktree(repo, { path, branchName, base: repo.base })).rejects.toMatchObject({
    code: 'branch_exists',
    message: expect.stringContaining("'refs/heads/feature' exists"),
  });
  expect(existsSync(path)).toBe(false);
  expect(git(repo.path, 'worktree', 'list').split('\n')).toHaveLength(1);
});

test('twenty made at once all succeed', async () => {
  const repo = makeRepository();
  const made = await Promise.all(
    Array.from({ length: 20 }, (_, i) =>
      createWorktree(repo, { path: worktreePath(repo, `task-${i}`), branchName: `bug/b-${i}`, base: repo.base }),
    ),
  );
  expect(made.every(({ head }) => head === repo.base)).toBe(true);
  expect(git(repo.path, 'worktree', 'list').split('\n')).toHaveLength(21);
});

test('a worktree whose maker was killed in the middle is made again, whole', async () => {
  const files = Object.fromEntries(
    Array.from({ length: 1_500 }, (_, i) => [`d${i % 50}/f${i}.txt`, `${i}\n`.repeat(50)]),
  );
  const repo = makeRepository(files);
  const path = worktreePath(repo, 'task-1');
  const request = { path, branchName, base: repo.base };
  const moments = [
    () => existsSync(join(repo.gitDir, 'worktrees', 'task-1', 'locked')),
    () => (statSync(path, { throwIfNoEntry: false })?.nlink ?? 0) > 12, // ten folders of files
  ];
  for (const reached of moments) {
    const code = `import { createWorktree } from '#src/git/worktree.ts'; await createWorktree(...${JSON.stringify([repo, request])});`;
    const child = spawn(process.execPath, ['--input-type=module-typescript', '-e', code], {
      cwd: new URL('../..', import.meta.url),
      stdio: 'ignore',
    });
    const gone = new Promise((done) => child.once('exit', done));
    while (!reached() && child.exitCode === null) await nextTurn();
    child.kill('SIGKILL');
    await gone;
    expect(existsSync(join(repo.gitDir, 'worktrees', 'task-1'))).toBe(true);
  }
  await createWorktree(repo, request);
  expect(git(path, 'status', '--porcelain')).toBe('');
  expect(git(path, 'branch', '--show-current')).toBe(branchName);
  expect(git(repo.path, 'worktree', 'list').split('\n')).toHaveLength(2);
});

test('removing takes worktree and branch away, and again is fine', async () => {
  const repo = makeRepository();
  const path = worktreePath(repo, 'task-1');
  const { adminDir } = await createWorktree(repo, { path, branchName, base: repo.base });
  const empty = await removeWorktree(repo, { path, branchName, deleteBranch: true });
  expect([existsSync(path), existsSync(adminDir)]).toEqual([false, false]);
  await empty();
  expect(readdirSync(join(path, '..', '.trash'))).toEqual([]);
  expect(git(repo.path, 'branch', '--list', branchName)).toBe('');
  await (await removeWorktree(repo, { path, branchName, deleteBranch: true }))();
  await createWorktree(repo, { path, branchName, base: repo.base });
});

test('a branch that a person has checked out survives the removal of its worktree', async () => {
  const repo = makeRepository();
  const path = worktreePath(repo, 'task-1');
  await createWorktree(repo, { path, branchName, base: repo.base });
  git(repo.path, 'switch', '-q', '--ignore-other-worktrees', branchName);
  await removeWorktree(repo, { path, branchName, deleteBranch: true });
  expect(git(repo.path, 'rev-parse', 'HEAD')).toBe(repo.base);
});

test("a person's worktree is never removed", async () => {
  const repo = makeRepository();
  const path = join(tempDir(), 'mine');
  git(repo.path, 'worktree', 'add', '-q', path);
  await expect(removeWorktree(repo, { path, deleteBranch: false })).rejects.toMatchObject({ code: 'worktree_failed' });
  expect(existsSync(path)).toBe(true);
});

test('restoring puts files back and keeps ignored and environment files', async () => {
  const repo = makeRepository({ 'a.txt': 'one\n', '.gitignore': 'node_modules/\n' });
  const path = worktreePath(repo, 'task-1');
  const { adminDir } = await createWorktree(repo, { path, branchName, base: repo.base });
  write(path, {
    'a.txt': 'x',
    'new/b.txt': 'x',
    'node_modules/c.js': 'x',
    '.env.local': 'S=1',
    'app/.ports.env': 'P=1',
  });
  writeFileSync(join(adminDir, 'index.lock'), '');
  writeFileSync(join(path, '.git'), 'gitdir: /elsewhere\n');
  await restoreWorktree({ path, adminDir, commit: repo.base });
  expect(readFileSync(join(path, 'a.txt'), 'utf8')).toBe('one\n');
  expect(existsSync(join(path, 'new'))).toBe(false);
  for (const kept of ['node_modules/c.js', '.env.local', 'app/.ports.env'])
    expect(existsSync(join(path, kept))).toBe(true);
  expect(git(path, 'rev-parse', 'HEAD')).toBe(repo.base);
});

test('the state tells new files and commits that are not merged, but not environment files', async () => {
  const repo = makeRepository();
  const path = worktreePath(repo, 'task-1');
  const { adminDir } = await createWorktree(repo, { path, branchName, base: repo.base });
  const state = () => worktreeState(repo, { path, adminDir, base: 'main', branchName });
  write(path, { '.env.local': 'S=1' });
  expect(await state()).toEqual({ dirty: false, unmerged: 0 });
  write(path, { 'b.txt': 'x' });
  expect(await state()).toEqual({ dirty: true, unmerged: 0 });
  git(path, 'add', 'b.txt');
  git(path, 'commit', '-q', '-m', 'b');
  expect(await state()).toEqual({ dirty: false, unmerged: 1 });
});

test('saved work applies to the base and holds everything but environment files', async () => {
  const repo = makeRepository();
  const path = worktreePath(repo, 'task-1');
  const { adminDir } = await createWorktree(repo, { path, branchName, base: repo.base });
  const file = join(tempDir(), 'saved', 'work.patch');
  const save = () => saveWork(repo, { path, adminDir, branchName, base: 'main', file });
  expect(await save()).toBe(false);
  write(path, { 'committed.txt': 'c\n' });
  commitAll(path);
  writeFileSync(join(path, 'binary'), Buffer.from([0, 1, 255, 0]));
  write(path, { 'a.txt': 'changed\n', '.env.local': 'SECRET=1' });
  expect(await save()).toBe(true);
  expect(statSync(file).mode & 0o777).toBe(0o600);
  expect(readFileSync(file, 'utf8')).not.toContain('SECRET');
  git(repo.path, 'apply', file);
  expect(readFileSync(join(repo.path, 'a.txt'), 'utf8')).toBe('changed\n');
  expect(readFileSync(join(repo.path, 'binary'))).toEqual(Buffer.from([0, 1, 255, 0]));
  expect(existsSync(join(repo.path, 'committed.txt'))).toBe(true);
  expect(git(path, 'status', '--porcelain')).toContain('?? binary');
});
