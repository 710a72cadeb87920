import { chmodSync, existsSync, mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test, vi } from 'vitest';
import { type CommitRequest, commitWorktree } from '#src/git/commit.ts';
import type { Repository } from '#src/git/repository.ts';
import { createWorktree } from '#src/git/worktree.ts';
import { commitAll, date, git, identity, makeRepository, worktreePath, write } from './repository-fixture.ts';

const branchName = 'feature/thing-12345678';

async function prepare(repo: Repository & { base: string }) {
  const path = worktreePath(repo, 'task-1');
  const { adminDir } = await createWorktree(repo, { path, branchName, base: repo.base });
  const request: CommitRequest = {
    worktreePath: path,
    adminDir,
    branchName,
    parent: repo.base,
    message: 'code: a thing\n\nPhase: CODE\n',
    identity,
    date,
  };
  return { path, adminDir, request, commit: () => commitWorktree(repo, request) };
}

const files = (path: string, commit = 'HEAD') => git(path, 'ls-tree', '-r', '--name-only', commit).split('\n');

test('a commit holds all changes, and the worktree is clean after it', async () => {
  const repo = makeRepository({ 'a.txt': 'one\n', 'gone.txt': 'x', '.gitignore': 'dist/\n' });
  const { path, commit } = await prepare(repo);
  write(path, { 'a.txt': 'two\n', 'ä ö\n"q".txt': 'odd name', 'dist/x.js': 'ignored', 'run.sh': '#!/bin/sh' });
  chmodSync(join(path, 'run.sh'), 0o755);
  symlinkSync('/etc/passwd', join(path, 'link'));
  git(path, 'rm', '-q', 'gone.txt');
  const made = await commit();
  expect(made).toMatchObject({
    outcome: 'committed',
    files: ['a.txt', 'gone.txt', 'link', 'run.sh', 'ä ö\n"q".txt'],
  });
  expect(git(path, 'status', '--porcelain')).toBe('');
  expect(git(path, 'ls-tree', 'HEAD', 'link', 'run.sh')).toMatch(/^120000.*link\n100755.*run\.sh$/);
  expect(git(path, 'log', '-1', '--format=%an %ae %at %P')).toBe(
    `Ada ada@example.org ${Date.parse('2026-01-02T03:04:05Z') / 1000} ${repo.base}`,
  );
  expect(git(repo.path, 'fsck', '--no-dangling')).toBe('');
});

test('the same request gives the same hash and one commit', async () => {
  const repo = makeRepository();
  const { path, adminDir, commit } = await prepare(repo);
  write(path, { 'b.txt': 'new' });
  const first = await commit();
  writeFileSync(join(adminDir, 'index.lock'), '');
  writeFileSync(join(adminDir, 'index.sentra.lock'), '');
  expect(await commit()).toEqual(first);
  expect(git(path, 'rev-list', '--count', 'HEAD')).toBe('2');
});

test('nothing changed is an answer, not a commit', async () => {
  const { commit, path } = await prepare(makeRepository());
  write(path, { '.env.local': 'S=1' });
  expect(await commit()).toEqual({ outcome: 'unchanged', leftOut: [] });
});

test('environment files stay out even when .gitignore lets them in and someone staged them', async () => {
  const { path, commit } = await prepare(makeRepository());
  write(path, {
    '.gitignore': '!.env.local\n!.ports.env\n',
    '.env.local': 'S=1',
    'app/.ports.env': 'P=1',
    'app/.env.test.local': 'S=2',
    '.env.example': 'S=',
  });
  git(path, 'add', '-f', '.env.local', 'app/.ports.env');
  expect(await commit()).toMatchObject({ files: ['.env.example', '.gitignore'] });
  expect(files(path)).toEqual(['.env.example', '.gitignore', 'a.txt']);
  expect(existsSync(join(path, '.env.local'))).toBe(true);
});

test('an environment file that the repository tracks is neither changed nor deleted', async () => {
  const repo = makeRepository({ '.env.local': 'OLD=1', 'app/.ports.env': 'P=1' });
  const { path, commit } = await prepare(repo);
  write(path, { '.env.local': 'NEW=1', 'b.txt': 'b' });
  git(path, 'rm', '-q', '--cached', 'app/.ports.env');
  expect(await commit()).toMatchObject({ files: ['b.txt'] });
  expect(git(path, 'show', 'HEAD:.env.local')).toBe('OLD=1');
  expect(git(path, 'show', 'HEAD:app/.ports.env')).toBe('P=1');
});

test('excluded globs stay out', async () => {
  const { path, request } = await prepare(makeRepository());
  write(path, { 'notes/x.md': 'x', 'b.txt': 'b' });
  const made = await commitWorktree({ path, gitDir: join(path, '.git') }, { ...request, exclude: ['notes/**'] });
  expect(made).toMatchObject({ files: ['b.txt'] });
});

test('a repository made inside the worktree is committed as its files, again and again; a clone stays out and is named', async () => {
  const repo = makeRepository();
  const { path, request, commit } = await prepare(repo);
  mkdirSync(join(path, 'inner'));
  git(join(path, 'inner'), 'init', '-q');
  write(path, { 'inner/x.txt': 'x', 'b.txt': 'b' });
  commitAll(join(path, 'inner'));
  git(path, 'clone', '-q', repo.path, 'vendor');
  const made = await commit();
  expect(made).toMatchObject({ files: ['b.txt', 'inner/x.txt'], leftOut: ['vendor'] });
  expect(files(path)).toEqual(['a.txt', 'b.txt', 'inner/x.txt']);
  write(path, { 'inner/x.txt': 'changed', 'inner/y.txt': 'y' });
  const parent = made.outcome === 'committed' ? made.commit : '';
  expect(await commitWorktree(repo, { ...request, parent })).toMatchObject({ files: ['inner/x.txt', 'inner/y.txt'] });
});

test('repositories in a repository made inside the worktree are treated alike', async () => {
  const repo = makeRepository();
  const { path, commit } = await prepare(repo);
  for (const folder of ['app', 'app/empty', 'app/full']) {
    mkdirSync(join(path, folder));
    git(join(path, folder), 'init', '-q');
    write(path, { [`${folder}/x.txt`]: 'x' });
  }
  commitAll(join(path, 'app/full'));
  git(join(path, 'app'), 'clone', '-q', repo.path, 'vendor');
  const taken = ['app/empty/x.txt', 'app/full/x.txt', 'app/x.txt'];
  expect(await commit()).toMatchObject({ files: taken, leftOut: ['app/vendor'] });
  expect(files(path)).toEqual(['a.txt', ...taken]);
});

test('a branch that someone else moved is refused, and theirs stays', async () => {
  const { path, commit } = await prepare(makeRepository());
  write(path, { 'b.txt': 'b' });
  const theirs = commitAll(path);
  write(path, { 'c.txt': 'c' });
  await expect(commit()).rejects.toMatchObject({ code: 'base_moved' });
  expect(git(path, 'rev-parse', 'HEAD')).toBe(theirs);
});

test('a change of the same size in the same second as the last commit is not missed', async () => {
  const repo = makeRepository();
  const { path, request } = await prepare(repo);
  const second = () => Math.floor(Date.now() / 1000);
  const nextSecond = async () => {
    const now = second();
    // A little into it: the clock of the file system is some milliseconds behind.
    await vi.waitUntil(() => second() > now && Date.now() % 1000 > 20, { interval: 1, timeout: 5_000 });
  };
  await nextSecond(); // the whole of a second lies ahead: what follows fits into it
  write(path, { 'state.txt': 'broken 1\n' });
  const first = await commitWorktree(repo, request);
  write(path, { 'state.txt': 'broken 2\n' });
  await nextSecond();
  const parent = first.outcome === 'committed' ? first.commit : '';
  expect(await commitWorktree(repo, { ...request, parent })).toMatchObject({
    outcome: 'committed',
    files: ['state.txt'],
  });
});
