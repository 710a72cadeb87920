/** The style `rebase`: commit by commit where that says the same as the branch, as one commit where it does not. */
import { expect, test } from 'vitest';
import { composeMerge } from '#src/git/compose-merge.ts';
import { commitAll, date, git, identity, makeRepository, write } from './repository-fixture.ts';

const message = 'merge: topic\n';

/** main and `topic` changed the same line; topic has main merged in, the conflict solved as `solved`. */
function workedIn(solved: Record<string, string>) {
  const repo = makeRepository({ 'a.txt': 'one\n', 'b.txt': 'b\n' });
  const commit = (files: Record<string, string>, subject: string) => {
    write(repo.path, files);
    return commitAll(repo.path, subject);
  };
  git(repo.path, 'switch', '-q', '-c', 'topic');
  commit({ 'a.txt': 'two\n' }, 'first');
  git(repo.path, 'switch', '-q', 'main');
  const onto = commit({ 'a.txt': 'three\n' }, 'on main');
  git(repo.path, 'switch', '-q', 'topic');
  git(repo.path, 'merge', '-q', '-s', 'ours', '--no-commit', 'main');
  commit(solved, 'main worked in');
  const head = commit({ 'c.txt': 'c\n' }, 'last');
  const read = (at: string, file: string) => git(repo.path, 'show', `${at}:${file}`);
  const subjects = (to: string) => git(repo.path, 'log', '--reverse', '--format=%s', `${onto}..${to}`).split('\n');
  return { repo, onto, head, read, subjects };
}

test('a conflict that was solved in a merge of the base is not met again: the branch goes as one commit', async () => {
  const { repo, onto, head, read, subjects } = workedIn({ 'a.txt': 'two and three\n' });
  const composed = await composeMerge(repo, { onto, head, message, identity, date, style: 'rebase' });
  if (composed.outcome !== 'composed') throw new Error(composed.outcome);
  expect(subjects(composed.commit)).toEqual(['merge: topic']);
  expect([read(composed.commit, 'a.txt'), read(composed.commit, 'c.txt')]).toEqual(['two and three', 'c']);
});

test('what a merge of the base changed besides is not lost', async () => {
  const { repo, head } = workedIn({ 'a.txt': 'two and three\n' });
  git(repo.path, 'switch', '-q', 'main');
  write(repo.path, { 'd.txt': 'd\n' });
  const onto = commitAll(repo.path, 'more on main');
  git(repo.path, 'switch', '-q', 'topic');
  git(repo.path, 'merge', '-q', '--no-commit', 'main');
  write(repo.path, { 'b.txt': 'fits both\n' });
  const again = commitAll(repo.path, 'more worked in');
  expect(head).not.toBe(again);
  const composed = await composeMerge(repo, { onto, head: again, message, identity, date, style: 'rebase' });
  if (composed.outcome !== 'composed') throw new Error(composed.outcome);
  expect(git(repo.path, 'diff', '--name-only', composed.commit, again)).toBe('');
});

test('a branch on top of another one that the base has by other commits brings its own only', async () => {
  const repo = makeRepository({ 'a.txt': 'one\n' });
  const commit = (files: Record<string, string>, subject: string) => {
    write(repo.path, files);
    return commitAll(repo.path, subject);
  };
  git(repo.path, 'switch', '-q', '-c', 'topic');
  commit({ 'a.txt': 'draft\n' }, 'lower, begun');
  const standsOn = commit({ 'a.txt': 'lower\n' }, 'lower, done');
  const head = commit({ 'a.txt': 'lower\nupper\n' }, 'upper');
  git(repo.path, 'switch', '-q', 'main');
  const onto = commit({ 'a.txt': 'lower\n' }, 'lower as one commit');
  const request = { onto, head, message, identity, date, standsOn };
  const composed = await composeMerge(repo, { ...request, style: 'rebase' });
  if (composed.outcome !== 'composed') throw new Error(composed.outcome);
  expect(git(repo.path, 'log', '--format=%s', `${onto}..${composed.commit}`)).toBe('upper');
  expect(git(repo.path, 'show', `${composed.commit}:a.txt`)).toBe('lower\nupper');
});
