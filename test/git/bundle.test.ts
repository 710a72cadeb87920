import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { expect, test } from 'vitest';
import { readBundle, writeBundle } from '#src/git/bundle.ts';
import { createWorktree } from '#src/git/worktree.ts';
import { git, makeFolder, makeRepository } from '../helpers/repository.ts';

const branches = [
  { name: 'feature/a', taskId: 'task-a' },
  { name: 'feature/b', taskId: 'task-b' },
  { name: 'feature/gone', taskId: 'task-c' },
];

async function makeBundle() {
  const { path: repository } = makeRepository({ files: { 'a file.txt': 'text\n' } });
  for (const name of ['a', 'b']) git(repository, 'branch', `feature/${name}`);
  const file = path.join(makeFolder('bundle'), 'proj-a');
  const place = { path: repository, gitDir: path.join(repository, '.git'), baseBranch: 'main', remote: null, branches };
  const names = ['main', ...branches.map(({ name }) => name)];
  const { signal } = new AbortController();
  expect(await writeBundle(place, { file, branches: names, signal })).toBe(3);
  return { repository, file, place };
}

const refsOf = (repository: string) =>
  git(repository, 'for-each-ref', '--format=%(refname) %(subject)', 'refs/heads', 'refs/sentra').split('\n');

test('a repository that is gone is made anew, with files, remote and branches that belong to their tasks', async () => {
  const { repository, file, place } = await makeBundle();
  rmSync(repository, { recursive: true });
  mkdirSync(`${repository}.restoring/.git`, { recursive: true }); // of one that was killed
  const remote = { name: 'upstream', url: 'https://example.test/shop.git' };
  const done = await readBundle({ ...place, remote }, file);
  expect(done).toEqual({ isNew: true, branches: ['feature/a', 'feature/b', 'main'], aside: [] });
  expect(git(repository, 'status', '--porcelain')).toBe('');
  expect(git(repository, 'ls-files')).toContain('a file.txt');
  expect(git(repository, 'remote', 'get-url', 'upstream')).toBe(remote.url);
  expect(existsSync(`${repository}.restoring`)).toBe(false);
  const folder = path.join(repository, 'task-a');
  const base = git(repository, 'rev-parse', 'main');
  expect(await createWorktree(place, { path: folder, branchName: 'feature/a', base })).toMatchObject({ head: base });
});

test('what is missing returns, what moved on stays, and what went elsewhere has the old commits beside it', async () => {
  const { repository, file, place } = await makeBundle();
  git(repository, 'branch', '-D', 'feature/b');
  git(repository, 'switch', '-q', '--orphan', 'other');
  git(repository, 'commit', '-q', '--allow-empty', '-m', 'other');
  git(repository, 'branch', '-f', 'feature/a', 'other');
  git(repository, 'switch', '-q', 'main');
  writeFileSync(path.join(repository, 'mine.txt'), 'mine\n');
  git(repository, 'add', 'mine.txt');
  git(repository, 'commit', '-q', '-m', 'newer');
  const expected = { isNew: false, branches: ['feature/b'], aside: ['refs/sentra/restored/feature/a'] };
  expect(await readBundle(place, file)).toEqual(expected);
  expect(refsOf(repository)).toEqual([
    'refs/heads/feature/a other',
    expect.stringMatching(/^refs\/heads\/feature\/b /),
    'refs/heads/main newer',
    'refs/heads/other other',
    expect.stringMatching(/^refs\/sentra\/restored\/feature\/a /),
  ]);
  expect(await readBundle(place, file)).toEqual({ ...expected, branches: [] });
});
