import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { commitWorktree } from '#src/git/commit.ts';
import { resolveCommit } from '#src/git/repository.ts';
import { createWorktree, removeWorktree } from '#src/git/worktree.ts';
import { startPerson } from '../helpers/person.ts';
import { date, git, identity, makeRepository, tempDir, worktreePath, write } from './repository-fixture.ts';

const files = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`d${i % 6}/f${i}.txt`, `${i}\n`.repeat(40)]));

test('fifty tasks at once make, commit and remove worktrees while a person commits, fetches, prunes and collects garbage', async () => {
  const repo = makeRepository(files);
  const remote = path.join(tempDir(), 'remote.git');
  git(repo.path, 'clone', '-q', '--bare', repo.path, remote);
  git(repo.path, 'remote', 'add', 'origin', remote);
  const person = startPerson(repo.path, remote);
  const one = async (number: number) => {
    const base = (await resolveCommit(repo, 'refs/heads/main')) ?? '';
    const place = { path: worktreePath(repo, `task-${number}`), branchName: `feature/task-${number}` };
    const { adminDir, head } = await createWorktree(repo, { ...place, base });
    expect(head).toBe(base);
    write(place.path, { 'made.txt': `${number}\n`, [`d1/f${number}.txt`]: 'changed\n' });
    const request = { ...place, worktreePath: place.path, adminDir, parent: head, message: 'made', identity, date };
    const committed = await commitWorktree(repo, request);
    if (number % 3 === 0) await (await removeWorktree(repo, { ...place, deleteBranch: number % 2 === 0 }))();
    return { ...place, committed };
  };
  const tried = await Promise.allSettled(Array.from({ length: 50 }, (_, number) => one(number)));
  const { commits, failures } = await person.stop();
  expect(tried.flatMap((t) => (t.status === 'rejected' ? [String(t.reason)] : []))).toEqual([]);
  const done = tried.flatMap((t) => (t.status === 'fulfilled' ? [t.value] : []));
  expect(failures).toEqual([]);
  expect(commits.length).toBeGreaterThan(2);
  expect(git(repo.path, 'rev-list', 'main').split('\n')).toEqual([...commits.reverse(), repo.base]);
  for (const [number, { branchName, committed, path: folder }] of done.entries()) {
    const isRemoved = number % 3 === 0;
    expect(existsSync(folder)).toBe(!isRemoved);
    if (isRemoved && number % 2 === 0) continue;
    expect(committed).toMatchObject({ outcome: 'committed', commit: git(repo.path, 'rev-parse', branchName) });
    if (!isRemoved) expect(git(folder, 'status', '--porcelain')).toBe('');
  }
  expect(git(repo.path, 'for-each-ref', '--format=%(refname)', 'refs/heads').split('\n')).toHaveLength(1 + 41);
  expect(git(repo.path, 'worktree', 'list').split('\n')).toHaveLength(1 + 33);
  expect(git(repo.path, 'fsck', '--no-dangling', '--no-progress')).toBe('');
  expect(readdirSync(repo.gitDir).filter((name) => /sentra|\.lock$/.test(name))).toEqual([]);
});
