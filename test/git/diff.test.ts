import { chmodSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { diffFiles, diffText, listCommits, mergeBase } from '#src/git/diff.ts';
import { commitAll, git, makeRepository, write } from './repository-fixture.ts';

const lines = (n: number) => Array.from({ length: n }, (_, i) => `line ${i}\n`).join('');

function prepare() {
  const repo = makeRepository({
    'a.txt': 'one\n',
    'b-moved.txt': lines(50),
    'c-gone.txt': 'x\n',
    'd-link': 'file\n',
    'mode.sh': 'm\n',
  });
  write(repo.path, { 'a.txt': 'two\ndiff --git a/x b/x\n', 'new ä.txt': 'n\n', 'z-large.txt': lines(30_000) });
  renameSync(join(repo.path, 'b-moved.txt'), join(repo.path, 'b-here.txt'));
  rmSync(join(repo.path, 'c-gone.txt'));
  rmSync(join(repo.path, 'd-link'));
  symlinkSync('a.txt', join(repo.path, 'd-link'));
  chmodSync(join(repo.path, 'mode.sh'), 0o755);
  writeFileSync(join(repo.path, 'bin'), Buffer.from([0, 1, 2]));
  return { repo, head: commitAll(repo.path, 'code: all\n\nTask-ID: t\nPhase: CODE') };
}

test('each file has its status, its counts and only its own hunks', async () => {
  const { repo, head } = prepare();
  const files = await diffFiles(repo, repo.base, head);
  const plain = { truncated: false };
  expect(files).toEqual([
    {
      ...plain,
      path: 'a.txt',
      status: 'modified',
      additions: 2,
      deletions: 1,
      patch: '@@ -1 +1,2 @@\n-one\n+two\n+diff --git a/x b/x\n',
    },
    { ...plain, path: 'b-here.txt', oldPath: 'b-moved.txt', status: 'renamed', additions: 0, deletions: 0, patch: '' },
    { ...plain, path: 'bin', status: 'added', additions: null, deletions: null, patch: '' },
    { ...plain, path: 'c-gone.txt', status: 'deleted', additions: 0, deletions: 1, patch: '@@ -1 +0,0 @@\n-x\n' },
    expect.objectContaining({ path: 'd-link', status: 'type_changed', patch: expect.stringContaining('+a.txt') }),
    { ...plain, path: 'mode.sh', status: 'modified', additions: 0, deletions: 0, patch: '' },
    { ...plain, path: 'new ä.txt', status: 'added', additions: 1, deletions: 0, patch: '@@ -0,0 +1 @@\n+n\n' },
    { path: 'z-large.txt', status: 'added', additions: 30_000, deletions: 0, patch: '', truncated: true },
  ]);
});

test('the text for a prompt keeps to its limit and names what it leaves out', async () => {
  const { repo, head } = prepare();
  const text = await diffText(repo, repo.base, head, 2_000);
  expect(Buffer.byteLength(text)).toBeLessThanOrEqual(2_000);
  expect(text).toContain('renamed b-moved.txt → b-here.txt');
  expect(text).toContain('+two');
  expect(text).toContain('Too large to show here, read them in the worktree: z-large.txt');
});

test('commits come oldest first with their phase', async () => {
  const { repo, head } = prepare();
  const last = commitAll(repo.path, 'by hand');
  expect(await listCommits(repo, repo.base, 'main')).toEqual([
    { hash: head, subject: 'code: all', phase: 'CODE', date: expect.stringContaining('T') },
    { hash: last, subject: 'by hand', phase: null, date: expect.any(String) },
  ]);
  expect(await listCommits(repo, 'main', 'main')).toEqual([]);
});

test('the merge base is where branches parted, or null', async () => {
  const repo = makeRepository();
  git(repo.path, 'switch', '-q', '-c', 'topic');
  commitAll(repo.path, 'topic');
  expect(await mergeBase(repo, 'main', 'topic')).toBe(repo.base);
  git(repo.path, 'switch', '-q', '--orphan', 'apart');
  commitAll(repo.path, 'apart');
  expect(await mergeBase(repo, 'main', 'apart')).toBeNull();
});
