import { chownSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { excludeLocally, inspectRepository, isMissing, resolveCommit } from '#src/git/repository.ts';
import { createWorktree } from '#src/git/worktree.ts';
import { commitAll, git, makeRepository, tempDir, worktreePath, write } from './repository-fixture.ts';

test('a subfolder of a repository gives the repository', async () => {
  const repo = makeRepository({ 'src/deep/a.txt': 'x' });
  const facts = await inspectRepository(join(repo.path, 'src', 'deep'));
  expect(facts).toEqual({ path: repo.path, gitDir: repo.gitDir, baseBranch: 'main', remote: null });
});

test("a person's own linked worktree gives the main checkout", async () => {
  const repo = makeRepository();
  const linked = join(tempDir(), 'linked');
  git(repo.path, 'worktree', 'add', '-q', linked);
  expect((await inspectRepository(linked)).path).toBe(repo.path);
});

test('what Sentra cannot work in is refused with the path and the way out', async () => {
  const empty = tempDir();
  git(empty, 'init', '-q', '-b', 'main');
  const bare = tempDir();
  git(bare, 'init', '-q', '--bare');
  const plain = tempDir();
  const repo = makeRepository();
  const own = worktreePath(repo, 'task-1');
  await createWorktree(repo, { path: own, branchName: 'feature/x', base: repo.base });
  const elsewhere = join(tempDir(), 'task-2');
  await createWorktree(repo, { path: elsewhere, branchName: 'feature/y', base: repo.base });
  const cases = [
    [plain, 'not_a_repository'],
    [join(plain, 'missing'), 'not_a_repository'],
    [bare, 'bare_repository'],
    [empty, 'empty_repository'],
    [own, 'own_worktree'],
    [elsewhere, 'own_worktree'],
  ] as const;
  for (const [path, code] of cases)
    await expect(inspectRepository(path)).rejects.toMatchObject({ code, message: expect.stringContaining(path) });
});

test('a detached and dirty checkout is fine, and its base branch is found', async () => {
  const repo = makeRepository();
  git(repo.path, 'switch', '-q', '--detach');
  write(repo.path, { 'a.txt': 'dirty' });
  expect((await inspectRepository(repo.path)).baseBranch).toBe('main');
});

test('the base branch is what the remote says, else main, master, the current one', async () => {
  const origin = makeRepository();
  git(origin.path, 'switch', '-q', '-c', 'stable');
  const clone = join(tempDir(), 'clone');
  git(origin.path, 'clone', '-q', origin.path, clone);
  git(clone, 'branch', 'main');
  expect(await inspectRepository(clone)).toMatchObject({ baseBranch: 'stable', remote: 'origin' });
  const other = makeRepository();
  git(other.path, 'branch', '-m', 'work');
  expect((await inspectRepository(other.path)).baseBranch).toBe('work');
});

test('excluding locally twice writes each pattern once and keeps what was there', async () => {
  const repo = makeRepository();
  const file = join(repo.gitDir, 'info', 'exclude');
  const before = readFileSync(file, 'utf8');
  await excludeLocally(repo, ['.sentra/']);
  await excludeLocally(repo, ['.sentra/', '.env.local']);
  expect(readFileSync(file, 'utf8')).toBe(`${before}.sentra/\n.env.local\n`);
});

test('a repository that vanished is known and named', async () => {
  const repo = makeRepository();
  expect(isMissing(repo)).toBe(false);
  rmSync(repo.path, { recursive: true });
  expect(isMissing(repo)).toBe(true);
  await expect(resolveCommit(repo, 'main')).rejects.toMatchObject({ code: 'repository_missing' });
});

test('a name that looks like an option is only a name that does not exist', async () => {
  const repo = makeRepository();
  expect(await resolveCommit(repo, '--output=/tmp/x')).toBeNull();
});

test('a repository whose commit is only on another branch is not empty', async () => {
  const repo = makeRepository();
  commitAll(repo.path);
  git(repo.path, 'switch', '-q', '--orphan', 'void');
  expect((await inspectRepository(repo.path)).baseBranch).toBe('main');
});

test.runIf(process.getuid?.() === 0)(
  'a repository of another user works for root, where plain git refuses it',
  async () => {
    const repo = makeRepository();
    for (const path of [repo.path, repo.gitDir]) chownSync(path, 65534, 65534);
    expect(() => git(repo.path, 'status')).toThrow(/dubious ownership/);
    expect(await inspectRepository(repo.path)).toMatchObject({ path: repo.path });
  },
);
