import { chmodSync, existsSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { applyWork } from '#src/git/apply-work.ts';
import { saveWork } from '#src/git/save-work.ts';
import { createWorktree, removeWorktree } from '#src/git/worktree.ts';
import { commitAll, git, makeRepository, tempDir, worktreePath, write } from './repository-fixture.ts';

const branchName = 'feature/thing-12345678';

/** A repository whose worktree was worked in, saved and removed; `again` makes it anew from today's base. */
async function saved(work: (path: string) => void, files?: Record<string, string>) {
  const repo = makeRepository(files);
  const path = worktreePath(repo, 'task-1');
  const { adminDir } = await createWorktree(repo, { path, branchName, base: repo.base });
  work(path);
  const file = join(tempDir(), 'work.patch');
  expect(await saveWork(repo, { path, adminDir, branchName, base: 'main', file })).toBe(true);
  await (await removeWorktree(repo, { path, branchName, deleteBranch: true }))();
  const again = async () => {
    const made = await createWorktree(repo, { path, branchName, base: git(repo.path, 'rev-parse', 'main') });
    return { path, adminDir: made.adminDir };
  };
  return { repo, path, file, again };
}

const bytes = Buffer.from(Array.from({ length: 1024 }, (_, i) => (i * 7) % 256));

test('saved work comes back byte for byte, not committed: binary, new, deleted, executable, committed', async () => {
  const { path, file, again } = await saved(
    (folder) => {
      write(folder, { 'committed.txt': 'c\n' });
      commitAll(folder);
      writeFileSync(join(folder, 'binary'), bytes);
      write(folder, { 'new/ünïcode name.txt': 'no end of line' });
      rmSync(join(folder, 'gone.txt'));
      chmodSync(join(folder, 'run.sh'), 0o755);
    },
    { 'gone.txt': 'gone\n', 'run.sh': '#!/bin/sh\n' },
  );
  const applied = await applyWork(await again(), file);
  expect(applied).toMatchObject({ outcome: 'applied' });
  expect(readFileSync(join(path, 'binary'))).toEqual(bytes);
  expect(readFileSync(join(path, 'new/ünïcode name.txt'), 'utf8')).toBe('no end of line');
  expect(readFileSync(join(path, 'committed.txt'), 'utf8')).toBe('c\n');
  expect(existsSync(join(path, 'gone.txt'))).toBe(false);
  expect(statSync(join(path, 'run.sh')).mode & 0o111).toBe(0o111);
  expect(git(path, 'diff', '--cached', '--name-only')).toBe('');
  const status = git(path, '-c', 'core.quotePath=false', 'status', '--porcelain', '-uall', '--no-renames');
  const changed = status.split('\n').map((line) => line.trim());
  expect(changed.sort()).toEqual([
    '?? "new/ünïcode name.txt"',
    '?? binary',
    '?? committed.txt',
    'D gone.txt',
    'M run.sh',
  ]);
});

test('work that does not fit is named by its files and changes nothing', async () => {
  const { repo, path, file, again } = await saved((folder) => write(folder, { 'a.txt': 'ours\n', 'b.txt': 'new\n' }), {
    'a.txt': 'one\n',
  });
  write(repo.path, { 'a.txt': 'theirs\n' });
  commitAll(repo.path);
  const place = await again();
  expect(await applyWork(place, file)).toMatchObject({ outcome: 'conflict', paths: ['a.txt'] });
  expect(readFileSync(join(path, 'a.txt'), 'utf8')).toBe('theirs\n');
  expect([existsSync(join(path, 'b.txt')), existsSync(file)]).toEqual([false, true]);
  expect(git(path, 'status', '--porcelain')).toBe('');
});

test('work saved before the base moved on elsewhere is merged with what is new', async () => {
  const lines = Array.from({ length: 20 }, (_, i) => `line ${i}`);
  const { repo, path, file, again } = await saved(
    (folder) => write(folder, { 'a.txt': `${lines.join('\n')}\nours\n` }),
    { 'a.txt': `${lines.join('\n')}\n` },
  );
  write(repo.path, { 'a.txt': `theirs\n${lines.join('\n')}\n` });
  commitAll(repo.path);
  expect(await applyWork(await again(), file)).toMatchObject({ outcome: 'applied', files: ['a.txt'] });
  expect(readFileSync(join(path, 'a.txt'), 'utf8')).toBe(`theirs\n${lines.join('\n')}\nours\n`);
});

test('an ignored file in the way of a new folder is not overwritten; a file that the work replaces by one gives way', async () => {
  const { path, file, again } = await saved(
    (folder) => {
      rmSync(join(folder, 'old'));
      write(folder, { 'notes/x.txt': 'saved\n', 'old/x.txt': 'saved\n' });
      git(folder, 'add', '-f', '.');
      git(folder, 'commit', '-q', '-m', 'work');
    },
    { '.gitignore': 'notes\n', old: 'tracked\n' },
  );
  const place = await again();
  write(path, { notes: 'mine\n' });
  expect(await applyWork(place, file)).toMatchObject({ outcome: 'conflict', paths: ['notes/x.txt'] });
  expect(readFileSync(join(path, 'notes'), 'utf8')).toBe('mine\n');
  rmSync(join(path, 'notes'));
  expect(await applyWork(place, file)).toMatchObject({ outcome: 'applied' });
  expect(readFileSync(join(path, 'old/x.txt'), 'utf8')).toBe('saved\n');
});

test('an ignored file in the way of a new one is not overwritten', async () => {
  const { path, file, again } = await saved(
    (folder) => {
      write(folder, { 'notes.log': 'saved\n' });
      commitAll(folder);
    },
    { '.gitignore': '*.log\n' },
  );
  const place = await again();
  write(path, { 'notes.log': 'mine\n' });
  expect(await applyWork(place, file)).toMatchObject({ outcome: 'conflict', paths: ['notes.log'] });
  expect(readFileSync(join(path, 'notes.log'), 'utf8')).toBe('mine\n');
});

test('a file that git ignores and the work had committed comes back as a change too, so that it is saved again', async () => {
  const plan = '.sentra/plans/task-1.md';
  const { repo, path, file, again } = await saved(
    (folder) => {
      write(folder, { [plan]: '# Plan\n', 'a[1].tmp': 'forced\n' });
      git(folder, 'add', '-f', plan, 'a[1].tmp');
      git(folder, 'commit', '-qm', 'plan');
      write(folder, { 'new.txt': 'new\n', 'other.tmp': 'left alone\n' });
    },
    { '.gitignore': '/.sentra/\n*.tmp\n' },
  );
  for (const round of [1, 2]) {
    const made = await again();
    expect(await applyWork(made, file)).toEqual({ outcome: 'applied', files: [plan, 'a[1].tmp', 'new.txt'] });
    expect(readFileSync(join(path, plan), 'utf8'), `round ${round}`).toBe('# Plan\n');
    expect(git(path, 'diff', '--cached', '--name-only')).toBe('');
    rmSync(file);
    expect(await saveWork(repo, { path, adminDir: made.adminDir, branchName, base: 'main', file })).toBe(true);
    await (await removeWorktree(repo, { path, branchName, deleteBranch: true }))();
  }
});
