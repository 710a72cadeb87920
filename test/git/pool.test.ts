import { existsSync, readFileSync, renameSync, rmSync, statSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, test } from 'vitest';
import { markPooled } from '#src/git/admin-dir.ts';
import {
  findDoubt,
  giveBack,
  isDirty,
  isTaken,
  makePooled,
  movePooled,
  settle,
  type Taking,
  take,
} from '#src/git/pool.ts';
import type { Repository } from '#src/git/repository.ts';
import { createWorktree } from '#src/git/worktree.ts';
import { commitAll, git, makeRepository, tempDir, worktreePath, write } from './repository-fixture.ts';

const branchName = 'feature/thing-12345678';
const taskId = 'task-123456789abc';
const { signal } = new AbortController();

async function prepare(files?: Record<string, string>) {
  const repo = makeRepository(files ?? { 'a.txt': 'one\n', 'src/b.txt': 'two\n' });
  const from = await makePooled(repo, { path: worktreePath(repo, 'pool-123456789abc'), base: repo.base, signal });
  await markPooled(from.adminDir); // settling takes its time, and matters to one test
  const taking: Taking = { from, path: worktreePath(repo, taskId), branchName, base: repo.base, taskId };
  return { repo, from, taking };
}

async function run(repo: Repository, taking: Taking, until?: string): Promise<string[]> {
  const steps: string[] = [];
  for await (const step of take(repo, taking)) {
    steps.push(step);
    if (step === until) break;
  }
  return steps;
}

const branches = (repo: Repository) => git(repo.path, 'branch', '--format=%(refname:short)').split('\n');

function expectWorktree(repo: Repository, { path, base }: Taking): void {
  expect(git(path, 'branch', '--show-current')).toBe(branchName);
  expect(git(path, 'rev-parse', 'HEAD')).toBe(base);
  expect(git(path, 'status', '--porcelain')).toBe('');
  const listed = git(repo.path, 'worktree', 'list', '--porcelain').split('\n\n');
  expect(listed).toHaveLength(2);
  expect(listed[1]).toBe(`worktree ${path}\nHEAD ${base}\nbranch refs/heads/${branchName}\nlocked sentra`);
}

test('a prepared worktree becomes that of a task: its place, its branch, a clean state', async () => {
  const { repo, from, taking } = await prepare();
  expect([await findDoubt(from), await isDirty(from)]).toEqual([null, false]);
  expect(git(repo.path, 'worktree', 'list', '--porcelain')).toContain('detached\nlocked sentra: prepared ahead');
  expect(await run(repo, taking)).toEqual(['branch', 'head', 'folder', 'link', 'mark']);
  expectWorktree(repo, taking);
  expect(existsSync(from.path)).toBe(false);
  // What makes worktrees in the ordinary way takes it for its own.
  expect(await createWorktree(repo, { path: taking.path, branchName, base: repo.base })).toMatchObject({
    adminDir: from.adminDir,
  });
});

test('it is settled when its index is so much younger than the files that git reads none of them again', async () => {
  const { from } = await prepare();
  const ageMs = () => statSync(join(from.adminDir, 'index')).mtimeMs - statSync(join(from.path, 'a.txt')).mtimeMs;
  expect(ageMs()).toBeLessThan(1000);
  await settle(from, signal);
  expect(ageMs()).toBeGreaterThan(1000);
  expect(await findDoubt(from)).toBeNull();
});

test.each(['moved on', 'was rewritten'])('the files are those of the newest commit when the base %s', async (how) => {
  const { repo, taking } = await prepare();
  write(repo.path, { 'a.txt': 'new\n', 'c/d.txt': 'more\n' });
  rmSync(join(repo.path, 'src'), { recursive: true });
  if (how === 'was rewritten') git(repo.path, 'update-ref', '-d', 'HEAD');
  const base = commitAll(repo.path);
  expect(await run(repo, { ...taking, base })).toEqual(['files', 'branch', 'head', 'folder', 'link', 'mark']);
  expectWorktree(repo, { ...taking, base });
  expect(readFileSync(join(taking.path, 'c/d.txt'), 'utf8')).toBe('more\n');
  expect(existsSync(join(taking.path, 'src'))).toBe(false);
});

test('a prepared worktree in a folder behind a symbolic link is found where git says that it is', async () => {
  const repo = makeRepository();
  const [real, link] = [tempDir(), join(tempDir(), 'link')];
  symlinkSync(real, link);
  const from = await makePooled(repo, { path: join(link, 'pool-123456789abc'), base: repo.base, signal });
  await markPooled(from.adminDir);
  expect(await findDoubt(from)).toBeNull();
  await run(repo, { from, path: join(link, taskId), branchName, base: repo.base, taskId });
  expect(git(repo.path, 'worktree', 'list')).toContain(join(real, taskId));
});

describe('a taking that was cut off', () => {
  const steps = ['files', 'branch', 'head', 'folder', 'link', 'mark'];

  test.each(steps)('after "%s" is finished, or leaves nothing', async (last) => {
    for (const end of ['go on', 'give back'] as const) {
      const { repo, from, taking: old } = await prepare();
      write(repo.path, { 'a.txt': 'new\n' });
      const taking = { ...old, base: commitAll(repo.path) };
      await run(repo, taking, last);
      const taken = await isTaken(taking);
      expect(taken).toBe(steps.indexOf(last) >= steps.indexOf('head'));
      if (taken) {
        await run(repo, taking);
        expectWorktree(repo, taking);
        break;
      }
      await giveBack(repo, taking);
      expect(branches(repo)).toEqual(['main']);
      if (end === 'give back') continue;
      await createWorktree(repo, { path: taking.path, branchName, base: taking.base });
      expect(git(taking.path, 'branch', '--show-current')).toBe(branchName);
      expect(existsSync(from.path)).toBe(true);
    }
  });

  test("does not delete a person's branch of that name, nor one that has got a commit", async () => {
    const { repo, taking } = await prepare();
    git(repo.path, 'branch', branchName);
    await expect(run(repo, taking)).rejects.toMatchObject({ code: 'conflict' });
    await giveBack(repo, taking);
    expect(branches(repo)).toContain(branchName);
    git(repo.path, 'branch', '-D', branchName);

    await run(repo, taking, 'branch');
    git(repo.path, 'commit', '-q', '--allow-empty', '-m', 'mine');
    git(repo.path, 'branch', '-f', branchName, 'HEAD');
    await giveBack(repo, taking);
    expect(branches(repo)).toContain(branchName);
  });
});

describe('what a person did to a prepared worktree', () => {
  const meddle: Record<string, (place: { path: string; adminDir: string; repo: Repository }) => void> = {
    'deleted its folder': ({ path }) => rmSync(path, { recursive: true }),
    'put a link in its place': ({ path }) => {
      renameSync(path, `${path}.old`);
      symlinkSync(`${path}.old`, path);
    },
    'made a commit': ({ path }) => git(path, 'commit', '-q', '--allow-empty', '-m', 'mine'),
    'switched it to a branch': ({ path }) => git(path, 'switch', '-q', '-c', 'mine'),
    'moved it': ({ path, repo }) => git(repo.path, 'worktree', 'move', '-f', '-f', path, `${path}-mine`),
    'unlocked it': ({ path, repo }) => git(repo.path, 'worktree', 'unlock', path),
    'removed it': ({ path, repo }) => git(repo.path, 'worktree', 'remove', '-f', '-f', path),
    'is at work in it': ({ adminDir }) => writeFileSync(join(adminDir, 'index.lock'), ''),
    'led it to another repository': ({ path }) => writeFileSync(join(path, '.git'), 'gitdir: /elsewhere\n'),
  };

  test.each(Object.keys(meddle))('is seen: somebody %s', async (what) => {
    const { repo, from } = await prepare();
    meddle[what]?.({ ...from, repo });
    expect(await findDoubt(from)).not.toBeNull();
  });

  test('is not seen as harm: git worktree prune and gc leave it alone', async () => {
    const { repo, from, taking } = await prepare();
    git(repo.path, 'worktree', 'prune', '--expire=now');
    git(repo.path, 'gc', '--quiet', '--prune=now');
    expect(await findDoubt(from)).toBeNull();
    await run(repo, taking);
    expectWorktree(repo, taking);
    expect(git(repo.path, 'fsck', '--full')).toBe('');
  });

  test('is never overwritten: changed files and something at the final place keep it from being taken', async () => {
    const { repo, from, taking } = await prepare();
    writeFileSync(join(from.path, 'a.txt'), 'mine\n');
    writeFileSync(join(repo.path, 'a.txt'), 'new\n');
    const base = commitAll(repo.path);
    await expect(run(repo, { ...taking, base })).rejects.toThrow('it has changes');
    expect(readFileSync(join(from.path, 'a.txt'), 'utf8')).toBe('mine\n');
    write(taking.path, { 'mine.txt': 'mine\n' });
    await expect(run(repo, taking)).rejects.toThrow('there is something at');
    expect(branches(repo)).toEqual(['main']);
  });
});

test('a prepared worktree follows the base, and what git ignores in it stays', async () => {
  const { repo, from } = await prepare({ 'a.txt': 'one\n', '.gitignore': 'node_modules\n' });
  write(from.path, { 'node_modules/x.js': 'x' });
  writeFileSync(join(repo.path, 'a.txt'), 'two\n');
  const base = commitAll(repo.path);
  await movePooled(from, base, true);
  expect(await findDoubt({ ...from, base })).toBeNull();
  expect([readFileSync(join(from.path, 'a.txt'), 'utf8'), existsSync(join(from.path, 'node_modules/x.js'))]).toEqual([
    'two\n',
    true,
  ]);
});
