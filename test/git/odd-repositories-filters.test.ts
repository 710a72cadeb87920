/** Files that only a filter may bring into a commit: none of them is ever committed as an agent wrote it. */
import { execFileSync } from 'node:child_process';
import { existsSync, renameSync, rmSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { commitWorktree } from '#src/git/commit.ts';
import { findLimits } from '#src/git/limits.ts';
import { saveWork } from '#src/git/save-work.ts';
import { createWorktree } from '#src/git/worktree.ts';
import { commitAll, date, git, identity, makeRepository, tempDir, worktreePath, write } from './repository-fixture.ts';

const branchName = 'feature/filtered-0123abcd';
const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'ab'.repeat(32)}\nsize 12345\n`;
const attributes = '*.bin filter=lfs -text\nsecrets/** filter=git-crypt\n*.nb filter=strip\n*.must filter=needed\n';

async function open(more: Record<string, string> = {}) {
  const filtered = { 'x.bin': pointer, 'secrets/key': '\0GITCRYPT\0abc' };
  const repo = makeRepository({ '.gitattributes': attributes, ...filtered, ...more });
  git(repo.path, 'config', 'filter.needed.required', 'true');
  const path = worktreePath(repo, 'task-1');
  const { adminDir } = await createWorktree(repo, { path, branchName, base: repo.base });
  const request = { worktreePath: path, adminDir, branchName, parent: repo.base, message: 'x\n', identity, date };
  return { repo, path, adminDir, commit: () => commitWorktree(repo, request) };
}

test.each([
  ['content where LFS wants a pointer', 'x.bin', 'real content', /x\.bin \(lfs\)/],
  ['a secret in plain text', 'secrets/new', 'password\n', /secrets\/new \(git-crypt\)/],
  ['what a filter that is required has not seen', 'a.must', 'text\n', /a\.must \(needed\)/],
])('%s is refused by name, with the way out, and saved as a patch all the same', async (_, file, text, message) => {
  const { repo, path, adminDir, commit } = await open();
  write(path, { [file]: text, 'plain.txt': 'fine\n' });
  await expect(commit()).rejects.toMatchObject({ code: 'not_allowed', message });
  expect(git(repo.path, 'rev-parse', branchName)).toBe(repo.base);
  const patch = join(tempDir(), 'work.patch');
  expect(await saveWork(repo, { path, adminDir, branchName, base: repo.base, file: patch })).toBe(true);
  rmSync(join(path, file));
  if (file === 'x.bin') write(path, { [file]: pointer });
  expect(await commit()).toMatchObject({ outcome: 'committed', files: ['plain.txt'] });
});

test('taking the attribute away does not open the way for a secret', async () => {
  const { path, commit } = await open();
  write(path, { '.gitattributes': '', 'secrets/key': 'password\n' });
  await expect(commit()).rejects.toMatchObject({ code: 'not_allowed', message: /secrets\/key \(git-crypt\)/ });
});

test('a pointer that moves, an encrypted file that goes, and files of a filter that may be missing are committed', async () => {
  const { path, commit } = await open();
  renameSync(join(path, 'x.bin'), join(path, 'y.bin'));
  rmSync(join(path, 'secrets'), { recursive: true });
  write(path, { 'a.nb': 'cells\n' });
  const files = ['a.nb', 'secrets/key', 'x.bin', 'y.bin'];
  expect(await commit()).toMatchObject({ outcome: 'committed', files });
  expect(existsSync(join(path, 'y.bin'))).toBe(true);
});

test('a link goes through no filter, wherever it leads', async () => {
  const { path, commit } = await open();
  execFileSync('mkfifo', [join(path, 'pipe')]);
  write(path, { 'plain.txt': 'fine\n' });
  symlinkSync('pipe', join(path, 'waits.bin'));
  symlinkSync('plain.txt', join(path, 'secrets', 'link'));
  expect(await commit()).toMatchObject({ outcome: 'committed', files: ['plain.txt', 'secrets/link', 'waits.bin'] });
});

test('a file whose filter is required may be deleted', async () => {
  const { repo, path, commit } = await open({ 'a.must': 'filtered\n' });
  rmSync(join(path, 'a.must'));
  expect(await commit()).toMatchObject({ outcome: 'committed', files: ['a.must'] });
  expect(git(repo.path, 'ls-tree', '--name-only', branchName, 'a.must')).toBe('');
});

test('what a worktree of the repository will lack is told in sentences', async () => {
  const { repo } = await open();
  write(repo.path, { '.gitmodules': '[submodule "lib"]\n\tpath = lib\n\turl = ../lib\n' });
  const base = commitAll(repo.path);
  expect(await findLimits(repo, base)).toEqual([
    expect.stringMatching(/^Submodules .*\(lib\)/),
    expect.stringMatching(/^Files of LFS are pointers/),
    expect.stringMatching(/^Files under git-crypt stay encrypted/),
  ]);
  expect(await findLimits(makeRepository(), 'main')).toEqual([]);
});
