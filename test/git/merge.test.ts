import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { mergeNow } from './merge-now.ts';
import { commitAll, date, git, identity, makeRepository, tempDir, write } from './repository-fixture.ts';

/** A repository on main, and a commit on branch `topic` that changes a.txt and adds new/b.txt. */
function prepare(base: Record<string, string> = {}) {
  const repo = makeRepository({ 'a.txt': 'one\n', 'other.txt': 'o\n', '.gitignore': '*.log\n', ...base });
  git(repo.path, 'switch', '-q', '-c', 'topic');
  write(repo.path, { 'a.txt': 'two\n', 'new/b.txt': 'b\n', 'run.log': 'from topic\n' });
  const head = commitAll(repo.path, 'topic');
  git(repo.path, 'switch', '-q', 'main');
  const request = { baseBranch: 'main', head, message: 'merge: topic\n', identity, date };
  return { repo, head, request, merge: () => mergeNow(repo, request) };
}

const read = (dir: string, file: string) => readFileSync(join(dir, file), 'utf8');

test('a clean merge is a merge commit, and the checkout follows', async () => {
  const { repo, head, merge } = prepare();
  const merged = await merge();
  expect(merged).toMatchObject({ outcome: 'merged', checkout: 'updated' });
  expect(git(repo.path, 'log', '-1', '--format=%P %s')).toBe(`${repo.base} ${head} merge: topic`);
  expect(git(repo.path, 'status', '--porcelain')).toBe('');
  expect(read(repo.path, 'new/b.txt')).toBe('b\n');
  expect(await merge()).toEqual(merged);
});

test('a base that moved meanwhile is merged with, and keeps its own change', async () => {
  const { repo, merge } = prepare();
  write(repo.path, { 'other.txt': 'moved\n' });
  commitAll(repo.path);
  expect(await merge()).toMatchObject({ outcome: 'merged', checkout: 'updated' });
  expect([read(repo.path, 'a.txt'), read(repo.path, 'other.txt')]).toEqual(['two\n', 'moved\n']);
});

test('a conflict names the paths and changes nothing', async () => {
  const { repo, merge } = prepare();
  write(repo.path, { 'a.txt': 'three\n' });
  const tip = commitAll(repo.path);
  expect(await merge()).toEqual({ outcome: 'conflict', paths: ['a.txt'] });
  expect(git(repo.path, 'rev-parse', 'main')).toBe(tip);
  expect(git(repo.path, 'status', '--porcelain')).toBe('');
});

test('changes of a person in other files stay, staged or not', async () => {
  const { repo, merge } = prepare();
  write(repo.path, { 'other.txt': 'mine\n', 'staged.txt': 's\n', 'untracked.txt': 'u\n' });
  git(repo.path, 'add', 'staged.txt');
  expect(await merge()).toMatchObject({ outcome: 'merged', checkout: 'updated' });
  expect(git(repo.path, 'status', '--porcelain')).toBe('M other.txt\nA  staged.txt\n?? untracked.txt');
  expect(read(repo.path, 'other.txt')).toBe('mine\n');
});

test('an ignored file of a person where the merge needs a folder stops it and stays', async () => {
  const { repo, merge } = prepare({ '.gitignore': '*.log\nnew\n' });
  write(repo.path, { new: 'mine\n' });
  expect(await merge()).toMatchObject({ outcome: 'checkout_in_the_way', paths: ['new/b.txt'] });
  expect(read(repo.path, 'new')).toBe('mine\n');
  expect(git(repo.path, 'rev-parse', 'main')).toBe(repo.base);
});

test('changes of a person that the merge touches stop it and are named: changed, untracked, ignored', async () => {
  const { repo, merge } = prepare();
  write(repo.path, { 'a.txt': 'mine\n', 'new/b.txt': 'mine\n', 'run.log': 'mine\n' });
  expect(await merge()).toMatchObject({
    outcome: 'checkout_in_the_way',
    path: repo.path,
    paths: ['a.txt', 'new/b.txt', 'run.log'],
    message: expect.stringMatching(/a\.txt, new\/b\.txt, run\.log\. Commit, stash or move them, then merge again/),
  });
  for (const file of ['a.txt', 'new/b.txt', 'run.log']) expect(read(repo.path, file)).toBe('mine\n');
  expect(git(repo.path, 'rev-parse', 'main')).toBe(repo.base);
});

test('an ignored file alone is not overwritten either', async () => {
  const { repo, merge } = prepare();
  write(repo.path, { 'run.log': 'mine\n' });
  expect(await merge()).toMatchObject({ outcome: 'checkout_in_the_way', paths: ['run.log'] });
  expect(read(repo.path, 'run.log')).toBe('mine\n');
});

test('a staged change that the merge touches stops it', async () => {
  const { repo, merge } = prepare();
  write(repo.path, { 'a.txt': 'mine\n' });
  git(repo.path, 'add', 'a.txt');
  write(repo.path, { 'a.txt': 'two\n' });
  expect(await merge()).toMatchObject({ outcome: 'checkout_in_the_way', paths: ['a.txt'] });
  expect(git(repo.path, 'show', ':a.txt')).toBe('mine');
});

test('an untracked file where the merge needs a folder stops it', async () => {
  const { repo, merge } = prepare();
  write(repo.path, { new: 'mine\n' });
  expect(await merge()).toMatchObject({ outcome: 'checkout_in_the_way' });
  expect(read(repo.path, 'new')).toBe('mine\n');
});

test('another git at work in the checkout is told apart', async () => {
  const { repo, merge } = prepare();
  writeFileSync(join(repo.gitDir, 'index.lock'), '');
  expect(await merge()).toMatchObject({
    outcome: 'checkout_in_the_way',
    message: expect.stringContaining('index.lock'),
  });
});

test('a base that is nowhere checked out is merged without files', async () => {
  const { repo, merge } = prepare();
  git(repo.path, 'switch', '-q', '-c', 'elsewhere');
  expect(await merge()).toMatchObject({ outcome: 'merged', checkout: 'not_checked_out' });
  expect(read(repo.path, 'a.txt')).toBe('one\n');
  expect(git(repo.path, 'status', '--porcelain')).toBe('');
});

test('a base that is checked out in a linked worktree is updated there', async () => {
  const { repo, merge } = prepare();
  git(repo.path, 'switch', '-q', '--detach');
  const linked = join(tempDir(), 'linked');
  git(repo.path, 'worktree', 'add', '-q', linked, 'main');
  expect(await merge()).toMatchObject({ outcome: 'merged', checkout: 'updated' });
  expect(read(linked, 'a.txt')).toBe('two\n');
  expect(git(linked, 'status', '--porcelain')).toBe('');
});

test.each(['before any file was written', 'with some files written'])(
  'a crash after the branch moved, %s, heals on retry',
  async (when) => {
    const { repo, merge } = prepare();
    const merged = await merge();
    const tip = git(repo.path, 'rev-parse', 'main');
    git(repo.path, 'read-tree', '--reset', '-u', repo.base); // the checkout as it was before
    if (when.startsWith('with')) write(repo.path, { 'a.txt': 'two\n', 'new/b.txt': 'b\n' });
    const note = { baseBranch: 'main', from: repo.base, to: tip };
    writeFileSync(join(repo.gitDir, 'sentra-merge.json'), JSON.stringify(note));
    expect(await merge()).toEqual(merged);
    expect(git(repo.path, 'status', '--porcelain')).toBe('');
    expect(read(repo.path, 'run.log')).toBe('from topic\n');
    expect(existsSync(join(repo.gitDir, 'sentra-merge.json'))).toBe(false);
  },
);

test('many merges at once all land', async () => {
  const repo = makeRepository();
  const heads = Array.from({ length: 6 }, (_, i) => {
    git(repo.path, 'switch', '-q', '-c', `t${i}`, 'main');
    write(repo.path, { [`f${i}.txt`]: `${i}` });
    return commitAll(repo.path);
  });
  git(repo.path, 'switch', '-q', 'main');
  const merges = heads.map((head) =>
    mergeNow(repo, { baseBranch: 'main', head, message: 'merge: t\n', identity, date }),
  );
  for (const merged of await Promise.all(merges)) expect(merged.outcome).toBe('merged');
  expect(git(repo.path, 'ls-files').split('\n')).toHaveLength(7);
  expect(git(repo.path, 'status', '--porcelain')).toBe('');
});
