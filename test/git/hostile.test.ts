import { chmodSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { beforeEach, expect, test } from 'vitest';
import { commitWorktree } from '#src/git/commit.ts';
import { diffFiles, diffText, listCommits } from '#src/git/diff.ts';
import { pushBranch } from '#src/git/push.ts';
import { inspectRepository, type Repository, resolveCommit } from '#src/git/repository.ts';
import { saveWork } from '#src/git/save-work.ts';
import { createWorktree, removeWorktree, restoreWorktree, worktreeState } from '#src/git/worktree.ts';
import { mergeNow } from './merge-now.ts';
import { commitAll, date, git, identity, makeRepository, tempDir, worktreePath, write } from './repository-fixture.ts';

const branchName = 'feature/thing-12345678';
let traces: string;
beforeEach(() => {
  traces = tempDir();
});

/** What ran. */
const ran = () => readdirSync(traces).sort();

/** A command that leaves a trace of its name, then passes its input on. */
const trap = (name: string) => `touch '${traces}/${name}'; cat`;

const hooks = [
  'pre-commit',
  'commit-msg',
  'post-commit',
  'post-checkout',
  'post-index-change',
  'reference-transaction',
  'pre-push',
  'post-merge',
];

function plant(gitDir: string, dir: string): void {
  mkdirSync(join(gitDir, 'hooks'), { recursive: true });
  for (const hook of hooks) {
    writeFileSync(join(gitDir, 'hooks', hook), `#!/bin/sh\ntouch '${traces}/${hook}'\n`);
    chmodSync(join(gitDir, 'hooks', hook), 0o755);
  }
  writeFileSync(join(gitDir, 'gpg'), `#!/bin/sh\ntouch '${traces}/gpg'\nexit 1\n`);
  chmodSync(join(gitDir, 'gpg'), 0o755);
  const config = {
    'core.fsmonitor': `${trap('fsmonitor')} >/dev/null`,
    'diff.external': trap('external'),
    'diff.evil.textconv': `touch '${traces}/textconv'; cat`,
    'diff.evil.command': trap('diff-command'),
    'filter.e=v.il.clean': trap('clean'),
    'filter.e=v.il.smudge': trap('smudge'),
    'filter.proc.process': trap('process'),
    'filter.proc.required': 'true',
    'merge.evil.driver': `touch '${traces}/merge-driver'`,
    'gpg.program': join(gitDir, 'gpg'),
    'commit.gpgsign': 'true',
    'log.showSignature': 'true',
    'remote.origin.receivepack': `touch '${traces}/receivepack'; git-receive-pack`,
    'remote.origin.uploadpack': `touch '${traces}/uploadpack'; git-upload-pack`,
  };
  for (const [key, value] of Object.entries(config)) git(dir, 'config', key, value);
}

const attributes = '*.txt filter=e=v.il diff=evil merge=evil\n*.bin filter=proc\n';

function prepare() {
  const repo = makeRepository({
    'a.txt': 'one\n',
    'm.txt': '1\n2\n3\n4\n5\n6\n7\n',
    '.gitattributes': attributes,
    'plain.md': 'p\n',
  });
  const bare = join(tempDir(), 'origin.git');
  git(repo.path, 'clone', '-q', '--bare', repo.path, bare);
  git(repo.path, 'remote', 'add', 'origin', bare);
  plant(repo.gitDir, repo.path);
  return repo;
}

async function doEverything(repo: Repository & { base: string }): Promise<void> {
  await inspectRepository(repo.path);
  await resolveCommit(repo, 'main');
  const path = worktreePath(repo, 'task-1');
  const { adminDir } = await createWorktree(repo, { path, branchName, base: repo.base });
  write(path, { 'a.txt': 'two\n', 'm.txt': '1\n2\n3\n4\n5\n6\nseven\n', 'x.bin': 'x', 'plain.md': 'q\n' });
  await worktreeState(repo, { path, adminDir, base: 'main', branchName });
  const request = { worktreePath: path, adminDir, branchName, parent: repo.base, message: 'x\n', identity, date };
  await expect(commitWorktree(repo, request)).rejects.toMatchObject({
    message: expect.stringContaining('x.bin (proc)'),
  });
  rmSync(join(path, 'x.bin'));
  const made = await commitWorktree(repo, request);
  if (made.outcome !== 'committed') throw new Error('nothing was committed');
  write(path, { 'a.txt': 'three\n' });
  await saveWork(repo, { path, adminDir, branchName, base: 'main', file: join(tempDir(), 'p') });
  await restoreWorktree({ path, adminDir, commit: made.commit });
  await diffFiles(repo, repo.base, made.commit);
  await diffText(repo, repo.base, made.commit, 10_000);
  await listCommits(repo, repo.base, made.commit);
  expect(await pushBranch(repo, { branchName, commit: made.commit, remote: 'origin' })).toEqual({ outcome: 'pushed' });
  const merge = { baseBranch: 'main', head: made.commit, message: 'merge: x\n', identity, date };
  expect(await mergeNow(repo, merge)).toMatchObject({ outcome: 'merged', checkout: 'updated' });
  await (await removeWorktree(repo, { path, branchName, deleteBranch: true }))();
}

test('nothing that a repository plants runs in any of our calls', async () => {
  const repo = prepare();
  for (const name of ran()) throw new Error(`${name} ran while it was planted`);
  await doEverything(repo);
  expect(ran()).toEqual([]);
});

test('the same traps do run in plain git', () => {
  const repo = prepare();
  write(repo.path, { 'a.txt': 'two\n', 'plain.md': 'changed\n' });
  const plain = (...args: string[]) => {
    try {
      git(repo.path, ...args);
    } catch {} // some traps break the command that springs them
  };
  plain('status');
  plain('diff', '--', 'plain.md');
  plain('diff', '--no-ext-diff');
  plain('add', '-A');
  plain('commit', '-q', '--allow-empty', '-m', 'x');
  plain('-c', 'commit.gpgsign=false', 'commit', '-q', '-m', 'x');
  plain('push', '-q', 'origin', 'HEAD:refs/heads/x');
  plain('checkout', '-q', '-f', 'HEAD~1', '--', '.');
  const expected = [
    'clean',
    'external',
    'fsmonitor',
    'gpg',
    'post-index-change',
    'pre-commit',
    'receivepack',
    'smudge',
  ];
  expect(ran()).toEqual(expect.arrayContaining([...expected, 'pre-push', 'reference-transaction']));
});

test('a merge driver of the repository makes a conflict rather than run', async () => {
  const repo = makeRepository({ 'm.txt': '1\n', '.gitattributes': attributes });
  git(repo.path, 'switch', '-q', '-c', 'topic');
  write(repo.path, { 'm.txt': '2\n' });
  const head = commitAll(repo.path);
  git(repo.path, 'switch', '-q', 'main');
  write(repo.path, { 'm.txt': '3\n' });
  commitAll(repo.path);
  plant(repo.gitDir, repo.path);
  const merge = { baseBranch: 'main', head, message: 'merge: x\n', identity, date };
  expect(await mergeNow(repo, merge)).toEqual({ outcome: 'conflict', paths: ['m.txt'] });
  expect(ran()).toEqual([]);
  git(repo.path, 'merge-tree', '--write-tree', 'main', head);
  expect(ran()).toContain('merge-driver');
});

test('a repository inside the tree runs nothing of its own, although plain git add enters it', async () => {
  const repo = makeRepository();
  const inner = join(repo.path, 'inner');
  mkdirSync(inner);
  git(inner, 'init', '-q', '-b', 'main');
  write(inner, { 'x.txt': 'x\n', '.gitattributes': attributes });
  commitAll(inner);
  const base = commitAll(repo.path, 'with a link');
  const path = worktreePath(repo, 'task-1');
  const { adminDir } = await createWorktree(repo, { path, branchName, base });
  git(path, 'clone', '-q', inner, join(path, 'inner'));
  plant(join(path, 'inner', '.git'), join(path, 'inner'));
  write(path, { 'inner/x.txt': 'changed\n', 'b.txt': 'b' });
  const request = { worktreePath: path, adminDir, branchName, parent: base, message: 'code: x\n', identity, date };
  await worktreeState(repo, { path, adminDir, base: 'main', branchName });
  expect(await commitWorktree(repo, request)).toMatchObject({ files: ['b.txt'] });
  expect(ran()).toEqual([]);
  git(path, 'add', '-A');
  expect(ran()).toEqual(expect.arrayContaining(['fsmonitor']));
});
