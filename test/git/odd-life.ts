/** What a task does with a repository, from registering it to the last trace of its worktree, on the git layer alone. */
import { mkdirSync, mkdtempSync, readdirSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, expect } from 'vitest';
import { commitWorktree } from '#src/git/commit.ts';
import { diffFiles } from '#src/git/diff.ts';
import { excludeLocally, inspectRepository, type RepositoryFacts, resolveCommit } from '#src/git/repository.ts';
import { saveWork } from '#src/git/save-work.ts';
import { createWorktree, removeWorktree, worktreeState } from '#src/git/worktree.ts';
import { type MergedNow, mergeNow } from './merge-now.ts';
import { date, git, identity, worktreePath, write } from './repository-fixture.ts';

/** One row of a table: a repository, what an agent does in its worktree, and what becomes of it. */
export type Odd = {
  name: string;
  /** Makes the repository in an empty folder; answers the path that is registered. */
  make(folder: string): string;
  /** Changes beside the one file that is always written; answers the paths that the commit must have besides. */
  agent?(tree: string): string[];
  /** What registering says instead of taking it. */
  refused?: { code: string; message: RegExp };
  /** Between commit and merge, in the person's checkout. */
  person?(repo: RepositoryFacts): void;
  /** What the merge answers when it is not simply merged. */
  merge?: Partial<MergedNow> | { code: string; message: RegExp };
  after?(repo: RepositoryFacts, commit: string): void;
};

const made: string[] = [];
afterAll(() => {
  for (const folder of made.splice(0)) rmSync(folder, { recursive: true, force: true, maxRetries: 3 });
});

const branchName = 'feature/odd-0123abcd';
const always = 'by the agent/neu „ü“.txt';

export async function live(odd: Odd): Promise<void> {
  const folder = realpathSync(mkdtempSync(join(tmpdir(), 'sentra-odd-')));
  made.push(folder);
  const registered = odd.make(folder);
  if (odd.refused) {
    await expect(inspectRepository(registered)).rejects.toMatchObject(odd.refused);
    return;
  }
  const repo = await inspectRepository(registered);
  await excludeLocally(repo, ['/.sentra/']);
  const before = stateOf(repo);
  const base = await resolveCommit(repo, `refs/heads/${repo.baseBranch}`);
  if (!base) throw new Error('no base');

  const path = worktreePath(repo, 'task-1');
  const { adminDir } = await createWorktree(repo, { path, branchName, base });
  const place = { path, adminDir, branchName, base };
  expect(await worktreeState(repo, place)).toEqual({ dirty: false, unmerged: 0 });

  write(path, { [always]: 'new\n' });
  const files = [always, ...(odd.agent?.(path) ?? [])].sort();
  expect(await worktreeState(repo, place)).toEqual({ dirty: true, unmerged: 0 });
  const file = join(folder, 'saved.patch');
  expect(await saveWork(repo, { ...place, file })).toBe(true);
  const request = { worktreePath: path, adminDir, branchName, parent: base, message: 'code: odd\n', identity, date };
  const committed = await commitWorktree(repo, request);
  if (committed.outcome !== 'committed') throw new Error('nothing was committed');
  expect(committed.files.sort()).toEqual(files);
  expect(await worktreeState(repo, place)).toEqual({ dirty: false, unmerged: 1 });
  expect((await diffFiles(repo, base, committed.commit)).map((one) => one.path).sort()).toEqual(files);

  odd.person?.(repo);
  const head = committed.commit;
  const merging = mergeNow(repo, { baseBranch: repo.baseBranch, head, message: 'Merge\n', identity, date });
  const merged = await merging.catch((e: unknown) => e);
  expect(merged).toMatchObject(odd.merge ?? { outcome: 'merged' });
  odd.after?.(repo, head);

  await (await removeWorktree(repo, { path, branchName, deleteBranch: true }))();
  expect(readdirSync(dirname(path))).toEqual(['.trash']);
  expect(readdirSync(join(dirname(path), '.trash'))).toEqual([]);
  const after = stateOf(repo);
  if (!odd.person) expect(after.status).toBe(before.status);
  expect(after).toMatchObject({ branches: before.branches, worktrees: before.worktrees });
  git(repo.path, 'fsck', '--no-dangling', '--connectivity-only');
}

/** As the person sees it, with their own configuration. */
function stateOf(repo: RepositoryFacts) {
  return {
    status: git(repo.path, 'status', '--porcelain=v1', '--ignore-submodules=none'),
    branches: git(repo.path, 'for-each-ref', '--format=%(refname)', 'refs/heads'),
    worktrees: git(repo.path, 'worktree', 'list', '--porcelain').replace(/^HEAD .*$/gm, ''),
  };
}

/** A repository with one commit on main, in a folder of this name. */
export function begin(folder: string, files: Record<string, string> = {}, name = 'repo', init: string[] = []): string {
  const path = join(folder, name);
  mkdirSync(path, { recursive: true });
  git(path, 'init', '-q', '-b', 'main', ...init);
  write(path, { 'a.txt': 'one\n', ...files });
  commit(path);
  return path;
}

export function commit(path: string, message = 'change'): void {
  git(path, 'add', '-A', '-f');
  git(path, 'commit', '-q', '--allow-empty', '-m', message);
}

/** Many small files or refs at once, past the index and the checkout. */
export const lines = (count: number, line: (number: number) => string): string =>
  Array.from({ length: count }, (_, number) => line(number)).join('');

export const put = (file: string, text: string | Uint8Array): void => {
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, text);
};
