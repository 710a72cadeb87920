/** Rooms with a git directory of their own: what git can do in them, what it cannot see, and that nothing of it reaches the repository. */
import { createHash } from 'node:crypto';
import {
  appendFileSync,
  cpSync,
  existsSync,
  lstatSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { mkdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { isPartial, makePrivateGit } from '#src/git/private-git.ts';
import { createWorktree, type Worktree } from '#src/git/worktree.ts';
import { run } from '#src/process.ts';
import type { Room } from '#src/sandbox/sandbox.ts';
import { createSandbox } from '#src/sandbox/wall.ts';
import { commitAll, git, identity, tempDir, worktreePath, write } from '../git/repository-fixture.ts';
import { env } from './room.ts';

const secret = 'of-another-task-8842';

/** With what a task is not to see: another branch, a stash, a lost commit, a remote with a password, hooks, settings. */
function makeRepository(...init: string[]) {
  const repository = path.join(tempDir(), 'repository');
  git(path.dirname(repository), 'init', '-q', '-b', 'main', ...init, repository);
  write(repository, { 'a.txt': 'one\n', 'b.txt': 'one\n' });
  commitAll(repository, 'first');
  git(repository, 'tag', '-a', 'v1.0', '-m', 'x');
  git(repository, 'switch', '-q', '-c', 'feature/other');
  write(repository, { 'other.txt': secret });
  commitAll(repository, secret);
  git(repository, 'switch', '-q', 'main');
  write(repository, { 'a.txt': `${secret} in a stash` });
  git(repository, 'stash', '-q');
  write(repository, { 'lost.txt': `${secret} in a lost commit` });
  commitAll(repository, 'lost');
  git(repository, 'reset', '-q', '--hard', 'HEAD~1');
  git(repository, 'remote', 'add', 'origin', `https://user:${secret}@host.example/x.git`);
  git(repository, 'config', `alias.${secret}`, 'status');
  git(repository, 'config', 'core.autocrlf', 'input');
  return repository;
}

const opened: (() => unknown)[] = [];
afterAll(async () => {
  for (const close of opened) await close();
});

async function openTask(repository: string) {
  const repo = { path: repository, gitDir: path.join(repository, '.git') };
  const place = worktreePath(repo, 'task-1');
  const base = git(repository, 'rev-parse', 'main');
  const made: Worktree = await createWorktree(repo, { path: place, branchName: 'feature/mine', base });
  const stateDir = tempDir();
  const sandbox = createSandbox({ stateDir });
  opened.push(() => sandbox.close());
  const privateGit = async () => {
    await mkdir(path.join(stateDir, 'rooms'), { recursive: true });
    const folder = mkdtempSync(path.join(stateDir, 'rooms/'));
    const histories = path.join(stateDir, 'history');
    const request = { folder, histories, worktreePath: place, baseBranch: 'main', identity };
    return { folder, ...(await makePrivateGit(repo, request)), remove: () => rm(folder, { recursive: true }) };
  };
  const room: Room = {
    worktreePath: place,
    repositoryPath: repository,
    gitDir: repo.gitDir,
    homePath: path.join(stateDir, 'homes/task-1'),
    network: 'none',
    limits: { memoryBytes: 2e9, processes: 500, diskBytes: 2e9 },
  };
  const confined = async (script: string, more: Partial<Room> = { privateGit }) => {
    const command = { command: '/bin/sh', args: ['-c', script], cwd: place, env: { ...env, GIT_PAGER: 'cat' } };
    const outcome = await run(await sandbox.confine(command, { ...room, ...more }), { timeoutMs: 60_000 });
    return { exitCode: outcome.exitCode, words: `${outcome.stdout}${outcome.stderr}` };
  };
  return { ...repo, ...made, place, base, stateDir, confined };
}

/** Every byte of a file or folder. */
function fingerprint(place: string): string {
  const hash = createHash('sha256');
  const found = lstatSync(place, { throwIfNoEntry: false });
  const within = found?.isDirectory() ? readdirSync(place, { recursive: true, withFileTypes: true }) : [];
  const files = [
    ...(found?.isFile() ? [place] : []),
    ...within.filter((one) => one.isFile()).map((one) => path.join(one.parentPath, one.name)),
  ];
  const links = within.filter((one) => one.isSymbolicLink()).map(({ name }) => name);
  for (const file of files.sort()) hash.update(`${file}\0`).update(readFileSync(file));
  return hash.update(links.sort().join()).digest('hex');
}

type Task = Awaited<ReturnType<typeof openTask>>;

describe.each([
  { format: 'sha1', init: [] },
  { format: 'sha256', init: ['--object-format=sha256'] },
])('in a repository of $format', ({ init }) => {
  let task: Task;
  beforeAll(async () => {
    task = await openTask(makeRepository(...init));
  });

  test('log, diff, blame, status and describe work', async () => {
    writeFileSync(path.join(task.place, 'a.txt'), 'one\ntwo\n');
    const { words, exitCode } = await task.confined(
      'git status --porcelain && git log --oneline --stat && git diff && git blame b.txt && git describe && git fsck && git rev-parse --abbrev-ref HEAD',
    );
    expect([exitCode, words]).toEqual([0, expect.stringMatching(/^ M a\.txt\n/)]);
    for (const part of [/first/, /\+two/, /Pat .*one/, /v1\.0/, /feature\/mine/]) expect(words).toMatch(part);
  });

  test('what it commits, plants and sets stays there, and is gone with the room', async () => {
    const before = fingerprint(task.gitDir);
    const plants = [
      'git add -A && git commit -qm mine',
      'git switch -qc elsewhere && git branch -D main && git tag evil',
      'git config core.fsmonitor "touch /tmp/x" && git config core.hooksPath hooks',
      'printf "#!/bin/sh\\ntouch $HOME/ran" > "$(git rev-parse --git-dir)/hooks/pre-commit"',
      'git reflog expire --expire=now --all && git gc -q --prune=now',
      'git log -1 --format=%s',
    ];
    const first = await task.confined(plants.join(' && '));
    expect(first).toEqual({ exitCode: 0, words: expect.stringContaining('mine') });
    expect(fingerprint(task.gitDir)).toBe(before);
    const second = await task.confined('git branch -a && git tag && git config -l --local');
    expect(second.words).toMatch(/\* feature\/mine/);
    expect(second.words).not.toMatch(/elsewhere|evil|fsmonitor|hookspath/);
    await expect.poll(() => readdirSync(path.join(task.stateDir, 'rooms'))).toEqual([]);
  });

  test('nothing of other branches, stashes, lost commits, remotes and settings is to be found', async () => {
    const look = [
      'git log --all --format=%s -p; git branch -a; git remote -v; git stash list -p; git config -l',
      'git cat-file --batch-all-objects --batch-check --unordered | cut -d" " -f1 | git cat-file --batch',
      `git cat-file -p ${git(task.path, 'rev-parse', 'feature/other')}`,
      `grep -r ${secret} "$(git rev-parse --git-dir)" ${task.gitDir}; ls -A ${task.gitDir} ${task.gitDir}/worktrees`,
    ].join('\n');
    const { words } = await task.confined(look);
    expect(words).toContain('one');
    expect(words).not.toContain(secret);
    const shared = await task.confined(look, {});
    expect(shared.words.split(secret).length).toBeGreaterThan(5);
  });
});

type Places = { git: string; admin: string };
/** `own`: there is nothing to attack but in a room with a git directory of its own. */
const attacks: { name: string; own?: true; script: (places: Places) => string }[] = [
  { name: 'set a value in the configuration', script: () => 'git config attack.one yes' },
  {
    name: 'append to the configuration',
    script: ({ git: dir }) => `printf '[attack]\\n\\ttwo = yes\\n' >> ${dir}/config`,
  },
  { name: 'plant a hook', script: ({ git: dir }) => `mkdir -p ${dir}/hooks; echo x > ${dir}/hooks/pre-commit` },
  {
    name: 'move the base branch',
    script: () => 'git update-ref refs/heads/main "$(git -c user.name=x -c user.email=x commit-tree -m x HEAD^{tree})"',
  },
  { name: 'commit', script: () => 'git -c user.name=x -c user.email=x commit -qam x' },
  { name: 'make a branch', script: () => 'git branch attacked' },
  { name: 'drop the stash', script: () => 'git stash clear' },
  {
    name: 'write a loose reference',
    script: ({ git: dir }) => `mkdir -p ${dir}/refs/heads; echo x > ${dir}/refs/heads/attacked`,
  },
  {
    name: 'lend objects from elsewhere',
    script: ({ git: dir }) => `mkdir -p ${dir}/objects/info; echo /x > ${dir}/objects/info/alternates`,
  },
  { name: 'delete the objects', script: ({ git: dir }) => `rm -rf ${dir}/objects` },
  { name: 'delete its own objects', own: true, script: () => 'rm -rf "$(git rev-parse --git-dir)/objects"' },
  { name: 'delete the objects that it was lent', own: true, script: () => `rm -rf "${lent}"/*` },
  { name: 'plant a pack in those', own: true, script: () => `echo x > "${lent}/pack/x"` },
  { name: 'turn its .git file elsewhere', script: () => 'echo "gitdir: /tmp" > .git' },
  { name: 'put another .git in its place', script: () => 'mv .git .git-old; git init -q' },
  {
    name: 'write into its place among the worktrees',
    script: ({ admin }) => `echo /x > ${admin}/gitdir; echo x > ${admin}/locked`,
  },
  { name: 'lead its place elsewhere', script: ({ admin }) => `echo ${path.dirname(admin)} > ${admin}/commondir` },
  {
    name: 'set attributes for everybody',
    script: ({ git: dir }) => `mkdir -p ${dir}/info; echo '* filter=x' > ${dir}/info/attributes`,
  },
  { name: 'move .git away', script: ({ git: dir }) => `mv ${dir} ${dir}-away` },
  {
    name: 'link out of its own',
    script: () => 'for at in modules rr-cache; do ln -sfn /nowhere "$(git rev-parse --git-dir)/$at"; done',
  },
];
const lent = '$(cat "$(git rev-parse --git-dir)/objects/info/alternates")';

describe('attacks on git', () => {
  const pattern = makeRepository();
  /** A task in a copy of the pattern, with a change, and what tells whether somebody reached more than its files. */
  async function openVictim() {
    const repository = path.join(tempDir(), 'repository');
    cpSync(pattern, repository, { recursive: true });
    const task = await openTask(repository);
    appendFileSync(path.join(task.place, 'a.txt'), 'changed\n');
    git(task.place, 'update-index', '-q', '--refresh', '--really-refresh', '--unmerged', '--ignore-missing');
    const look = () =>
      [task.gitDir, path.join(task.stateDir, 'history'), path.join(task.place, '.git')].map(fingerprint).join();
    return { task, look };
  }

  test('each succeed where a worktree is a plain one', async () => {
    const { task, look } = await openVictim();
    const folder = path.dirname(task.path);
    const kept = `${folder}-kept`;
    cpSync(folder, kept, { recursive: true });
    opened.push(() => rmSync(kept, { recursive: true, force: true }));
    const before = look();
    const failed: string[] = [];
    for (const { name, own, script } of attacks.filter((one) => !one.own)) {
      await run({
        command: '/bin/sh',
        args: ['-c', script({ git: task.gitDir, admin: task.adminDir })],
        cwd: task.place,
        env,
      });
      if (!own && look() === before) failed.push(name);
      rmSync(folder, { recursive: true });
      cpSync(kept, folder, { recursive: true });
    }
    expect(failed).toEqual([]);
  });

  test('all stay in a room with a git directory of its own, and are gone with it', async () => {
    const { task, look } = await openVictim();
    await task.confined('true');
    const before = look();
    for (const { name, script } of attacks) {
      await task.confined(script({ git: task.gitDir, admin: task.adminDir }));
      expect([name, look()]).toEqual([name, before]);
    }
    expect(await task.confined('git status --porcelain && git log --format=%s')).toEqual({
      exitCode: 0,
      words: ' M a.txt\nfirst\n',
    });
    await expect.poll(() => readdirSync(path.join(task.stateDir, 'rooms'))).toEqual([]);
  });
});

test('a base that grew, a commit that no branch has and a stand on another branch are there', async () => {
  const task = await openTask(makeRepository());
  await task.confined('true');
  const history = path.join(task.stateDir, 'history/sha1');
  const left = ['refs/heads/base.lock', 'config.lock', 'objects/pack/tmp_pack_killed'];
  for (const name of left) writeFileSync(path.join(history, name), ''); // as a killed git leaves them
  for (let at = 0; at < 23; at++) {
    appendFileSync(path.join(task.path, 'b.txt'), `${at}\n`);
    commitAll(task.path, `grown ${at}`);
    if (at > 20 || at === 1) await task.confined('git log main');
  }
  git(task.place, 'reset', '-q', '--hard', 'feature/other');
  const found = await task.confined(
    'git log --format=%s main && git log --format=%s && git show HEAD:other.txt && git fsck',
  );
  expect(found).toMatchObject({ exitCode: 0 });
  expect(left.filter((name) => existsSync(path.join(history, name)))).toEqual([]);
  for (const words of ['grown 22', secret, 'first']) expect(found.words).toContain(words);
  git(task.path, 'branch', '-q', '-m', 'main', 'trunk');
  expect(await task.confined('git log --format=%s')).toMatchObject({ exitCode: 0 });
});

test('a copy of the history that was cut off at its very beginning is made again', async () => {
  const task = await openTask(makeRepository());
  const history = path.join(task.stateDir, 'history/sha1');
  write(history, { HEAD: 'ref: refs/heads/main\n', 'config.lock': '' });
  expect(await task.confined('git log --format=%s')).toEqual({ exitCode: 0, words: 'first\n' });
});

test('a history with an end, and objects that are lent to the repository, are there as well', async () => {
  const origin = makeRepository();
  appendFileSync(path.join(origin, 'b.txt'), 'more\n');
  commitAll(origin, 'second');
  const folder = tempDir();
  git(folder, 'clone', '-q', '--depth', '1', `file://${origin}`, 'shallow');
  git(folder, 'clone', '-q', '--shared', '--single-branch', origin, 'lent');
  for (const [name, subjects] of [
    ['shallow', 'second\n'],
    ['lent', 'second\nfirst\n'],
  ] as const) {
    const task = await openTask(path.join(folder, name));
    rmSync(path.join(task.stateDir, 'history'), { recursive: true, force: true });
    const found = await task.confined('git log --format=%s && git fsck --no-dangling && git status --porcelain');
    expect(found).toEqual({ exitCode: 0, words: subjects });
  }
});

test('a clone that its remote owes objects is known', async () => {
  const origin = makeRepository();
  git(origin, 'config', 'uploadpack.allowFilter', 'true');
  const folder = tempDir();
  git(folder, 'clone', '-q', '--filter=blob:none', `file://${origin}`, 'partial');
  expect(await isPartial({ gitDir: path.join(folder, 'partial/.git') })).toBe(true);
  expect(await isPartial({ gitDir: path.join(origin, '.git') })).toBe(false);
  expect(existsSync(path.join(folder, 'partial'))).toBe(true);
});
