import { chmodSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { pushBase, pushBranch } from '#src/git/push.ts';
import { findRemote } from '#src/git/repository.ts';
import { commitAll, git, makeRepository, tempDir, write } from './repository-fixture.ts';

const branchName = 'feature/thing-12345678';

const ours = 'code: thing\n\nTask-ID: task-12345678abcd\n';

function prepare() {
  const repo = makeRepository();
  const bare = join(tempDir(), 'origin.git');
  git(repo.path, 'clone', '-q', '--bare', repo.path, bare);
  git(repo.path, 'remote', 'add', 'origin', bare);
  git(repo.path, 'switch', '-q', '-c', branchName);
  write(repo.path, { 'b.txt': 'b' });
  const commit = commitAll(repo.path, ours);
  const push = (of = commit) => pushBranch(repo, { branchName, commit: of, remote: 'origin' });
  const there = () => git(bare, 'rev-parse', branchName);
  return { repo, bare, commit, push, there };
}

test('a branch is pushed once, and moves along', async () => {
  const { repo, commit, push, there } = prepare();
  expect(await push()).toEqual({ outcome: 'pushed' });
  expect(await push()).toEqual({ outcome: 'up_to_date' });
  expect(there()).toBe(commit);
  const next = commitAll(repo.path);
  expect(await push(next)).toEqual({ outcome: 'pushed' });
  expect(there()).toBe(next);
});

test('our own earlier commits are replaced', async () => {
  const { repo, push, there } = prepare();
  await push();
  git(repo.path, 'reset', '-q', '--hard', repo.base);
  write(repo.path, { 'c.txt': 'c' });
  const other = commitAll(repo.path, ours);
  expect(await push(other)).toEqual({ outcome: 'pushed' });
  expect(there()).toBe(other);
});

test('commits that someone else pushed to the branch are never lost', async () => {
  const { bare, push, there } = prepare();
  await push();
  const clone = join(tempDir(), 'clone');
  git(bare, 'clone', '-q', '-b', branchName, bare, clone);
  write(clone, { 'theirs.txt': 't' });
  const theirs = commitAll(clone);
  git(clone, 'push', '-q');
  expect(await push()).toMatchObject({ outcome: 'refused', message: expect.stringContaining("not Sentra's") });
  expect(there()).toBe(theirs);
});

test('they are not lost either after somebody fetched them into this repository', async () => {
  const { repo, bare, push, there } = prepare();
  await push();
  const clone = join(tempDir(), 'clone');
  git(bare, 'clone', '-q', '-b', branchName, bare, clone);
  const theirs = commitAll(clone);
  commitAll(clone, ours);
  git(clone, 'push', '-q');
  git(repo.path, 'fetch', '-q');
  expect(git(repo.path, 'cat-file', '-t', theirs)).toBe('commit');
  expect(await push()).toMatchObject({ outcome: 'refused', message: expect.stringContaining("not Sentra's") });
  expect(there()).toBe(git(clone, 'rev-parse', 'HEAD'));
});

test('a hook of the remote that refuses is quoted, with the way out', async () => {
  const { bare, push } = prepare();
  writeFileSync(join(bare, 'hooks', 'pre-receive'), '#!/bin/sh\necho "no pushes on Fridays" >&2\nexit 1\n');
  chmodSync(join(bare, 'hooks', 'pre-receive'), 0o755);
  const refused = await push();
  expect(refused).toMatchObject({ outcome: 'refused', message: expect.stringContaining('no pushes on Fridays') });
  expect(refused).toMatchObject({ message: expect.stringContaining('A rule of the remote refuses it') });
});

test('a remote that is gone is refused with the way out, and its password is not shown', async () => {
  const { repo, bare, push } = prepare();
  rmSync(bare, { recursive: true });
  expect(await push()).toMatchObject({ outcome: 'refused', message: expect.stringContaining('git ls-remote') });
  git(repo.path, 'remote', 'set-url', 'origin', 'http://me:hunter2@127.0.0.1:1/x.git');
  const refused = await push();
  expect(refused).toMatchObject({ outcome: 'refused' });
  expect(JSON.stringify(refused)).not.toContain('hunter2');
});

test('the base is pushed, but never over what others pushed', async () => {
  const { repo, bare } = prepare();
  git(repo.path, 'switch', '-q', 'main');
  const push = (commit: string) => pushBase(repo, { branchName: 'main', commit, remote: 'origin' });
  const first = commitAll(repo.path);
  const second = commitAll(repo.path);
  expect(await push(second)).toEqual({ outcome: 'pushed' });
  expect(await push(second)).toEqual({ outcome: 'up_to_date' });
  expect(await push(first)).toEqual({ outcome: 'up_to_date' });
  git(repo.path, 'reset', '-q', '--hard', first);
  write(repo.path, { 'other.txt': 'o' });
  expect(await push(commitAll(repo.path))).toMatchObject({
    outcome: 'refused',
    message: expect.stringContaining('The remote has moved'),
  });
  expect(git(bare, 'rev-parse', 'main')).toBe(second);
});

test('a repository without a remote has none; origin comes before others', async () => {
  const repo = makeRepository();
  expect(await findRemote(repo)).toBeNull();
  git(repo.path, 'remote', 'add', 'upstream', '/nowhere');
  expect(await findRemote(repo)).toBe('upstream');
  git(repo.path, 'remote', 'add', 'origin', '/nowhere');
  expect(await findRemote(repo)).toBe('origin');
});
