/** Every trap for git in repositories of their own: plain git springs it, Sentra's calls do not. Remotes are in remotes.test.ts. */
import { cpSync, existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { beforeAll, expect, test } from 'vitest';
import { commitWorktree } from '#src/git/commit.ts';
import { diffFiles } from '#src/git/diff.ts';
import { fetchBranch, pushBranch } from '#src/git/push.ts';
import { inspectRepository, resolveCommit } from '#src/git/repository.ts';
import { saveWork } from '#src/git/save-work.ts';
import { readCommitted, readOnDisk } from '#src/git/trust-files.ts';
import { createWorktree, removeWorktree, restoreWorktree, worktreeState } from '#src/git/worktree.ts';
import { mergeNow } from '../git/merge-now.ts';
import { commitAll, date, git, identity, tempDir, worktreePath, write } from '../git/repository-fixture.ts';
import { springPlainly, type Trap, traps } from './git-traps.ts';

const endings = ['txt', 'tc', 'dc', 'clean', 'smudge', 'proc', 'md'];
const filesWith = (text: string) =>
  Object.fromEntries(endings.map((ending) => [`${ending === 'txt' ? 'a' : 'x'}.${ending}`, text]));

let pattern: string;
let marks: string;
beforeAll(() => {
  marks = tempDir();
  pattern = tempDir();
  const repository = path.join(pattern, 'repo');
  mkdirSync(repository);
  git(repository, 'init', '-q', '-b', 'main');
  write(repository, filesWith('one\n'));
  commitAll(repository, 'first');
  git(repository, 'switch', '-q', '-c', 'side');
  write(repository, { 'x.md': 'of the side\n', 'side.txt': 'side\n' });
  commitAll(repository, 'side');
  git(repository, 'switch', '-q', 'main');
  git(pattern, 'clone', '-q', '--bare', repository, 'origin.git');
  git(repository, 'remote', 'add', 'origin', '../origin.git');
});

const markOf = (name: string, suffix: string) => path.join(marks, `${name.replace(/\W+/g, '-')}-${suffix}`);

/** A repository of its own with these traps in it. */
function lay(some: readonly Trap[], suffix: string): string {
  const folder = tempDir();
  cpSync(pattern, folder, { recursive: true });
  const repository = path.join(folder, 'repo');
  for (const { name, plant } of some) plant(repository, `touch '${markOf(name, suffix)}'`);
  return repository;
}

/** All that Sentra does with a repository, from registering it to the last trace of a task. */
async function live(registered: string): Promise<void> {
  const repo = await inspectRepository(registered);
  const base = (await resolveCommit(repo, 'main')) ?? '';
  const place = worktreePath(repo, 'task-1');
  const branchName = 'feature/thing-12345678';
  const { adminDir } = await createWorktree(repo, { path: place, branchName, base });
  write(place, filesWith('two\n'));
  await worktreeState(repo, { path: place, adminDir, base: 'main', branchName });
  await readOnDisk({ path: place, adminDir });
  const request = { worktreePath: place, adminDir, branchName, parent: base, message: 'x\n', identity, date };
  const made = await commitWorktree(repo, request);
  if (made.outcome !== 'committed') throw new Error('nothing was committed');
  await readCommitted(repo.gitDir, made.commit);
  writeFileSync(path.join(place, 'a.txt'), 'three\n');
  await saveWork(repo, { path: place, adminDir, branchName, base: 'main', file: path.join(tempDir(), 'saved') });
  await restoreWorktree({ path: place, adminDir, commit: made.commit });
  await diffFiles(repo, base, made.commit);
  expect(await pushBranch(repo, { branchName, commit: made.commit, remote: 'origin' })).toEqual({ outcome: 'pushed' });
  await fetchBranch(repo, { remote: 'origin', branchName: 'side' });
  await mergeNow(repo, { baseBranch: 'main', head: 'side', message: 'merge: x\n', identity, date });
  await (await removeWorktree(repo, { path: place, branchName, deleteBranch: true }))();
}

const sets = [0, 1, 2, 3].map((set) => ({ set, some: traps.filter((trap) => (trap.set ?? 0) === set) }));

test.each(sets)('nothing that a repository of set $set plants runs in our calls', async ({ some }) => {
  const repository = lay(some, 'ours');
  for (const { name } of some) rmSync(markOf(name, 'ours'), { force: true }); // sprung by the next trap's git
  await live(repository);
  expect(some.filter(({ name }) => existsSync(markOf(name, 'ours')))).toEqual([]);
});

test('each of them runs in plain git', () => {
  for (const trap of traps) springPlainly(lay([trap], 'plain'), trap);
  expect(traps.filter(({ name }) => !existsSync(markOf(name, 'plain'))).map(({ name }) => name)).toEqual([]);
});
