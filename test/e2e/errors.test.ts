/** What goes wrong with repositories, branches and remotes: each is told plainly, with a way out, and the way out works. */
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { branchName } from '#src/domain/branch-name.ts';
import { addRepository, expectTold, refusal, retry, runIn, runTask } from '../helpers/failing.ts';
import { agentConfig, git, makeFolder, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, waitForTask } from '../helpers/sentra.ts';

let sentra: TestSentra;
beforeAll(async () => {
  sentra = await startTestSentra();
});
afterAll(() => sentra?.stop());

const folder = () => makeFolder('errors');
const add = (at: string) => refusal(sentra.client.addProject({ body: { path: at } }));
const merge = (id: string) => sentra.client.mergeTask({ params: { id } });

describe('registering', () => {
  test('a path that is not there is refused by its name', async () => {
    const missing = path.join(folder(), 'nowhere');
    const refused = await add(missing);
    expect(refused.code).toBe('not_a_repository');
    expect(refused.message).toContain(missing);
    expect(refused.message).toContain('Give the path of a git repository');
  });

  test('a folder without git is refused, and told how to make it a repository', async () => {
    const plain = folder();
    const refused = await add(plain);
    expect(refused.code).toBe('not_a_repository');
    expect(refused.message).toContain(plain);
    expect(refused.message).toContain('git init');
  });

  test('a bare repository is refused, and told to clone it', async () => {
    const { remote } = makeRepository({ remote: true });
    const refused = await add(remote);
    expect(refused.code).toBe('bare_repository');
    expect(refused.message).toContain(remote);
    expect(refused.message).toContain('Clone it');
  });

  test('a repository without a commit is refused until it has one', async () => {
    const empty = folder();
    git(empty, 'init', '-q', '-b', 'main');
    const refused = await add(empty);
    expect(refused.code).toBe('empty_repository');
    expect(refused.message).toContain(empty);
    git(empty, 'commit', '-q', '--allow-empty', '-m', 'Begin');
    expect((await sentra.client.addProject({ body: { path: empty } })).baseBranch).toBe('main');
  });

  test('a path that is not absolute is refused', async () => {
    const refused = await add('some/project');
    expect(refused.code).toBe('invalid');
    expect(refused.message).toContain('"some/project" is not absolute');
  });

  test('a repository that is registered already is refused with the name of its project', async () => {
    const { path: at, projectId } = await addRepository(sentra);
    mkdirSync(path.join(at, 'inside'));
    for (const again of [at, path.join(at, 'inside'), `${at}/.git`]) {
      const refused = await add(again);
      expect(refused.code).toBe('conflict');
      expect(refused.message).toContain(projectId);
    }
  });

  test('a worktree that Sentra made is refused', async () => {
    const { projectId } = await addRepository(sentra, { config: agentConfig() });
    const { id: taskId } = await sentra.client.createTask({ body: { projectId, title: 'Look first' } });
    const worktree = await sentra.client.createWorktree({ body: { taskId } });
    const refused = await add(worktree.path);
    expect(refused.code).toBe('own_worktree');
    expect(refused.message).toContain(worktree.path);
    expect(refused.message).toContain('Add its repository instead');
  });

  test('a wrong sentra.json is refused with the path of the key and the nearest name', async () => {
    const { path: at } = makeRepository({ config: { limits: { codeTestAttempt: 2 }, agent: {} } });
    const refused = await add(at);
    expect(refused.code).toBe('invalid_config');
    expect(refused.message).toContain(path.join(at, 'sentra.json'));
    expect(refused.message).toContain('limits.codeTestAttempt: unknown key, did you mean "codeTestAttempts"?');
    expect(refused.message).toContain('agent: unknown key, did you mean "agents"?');
  });

  test('isolation that there is not is refused, and those that there are are named', async () => {
    const { path: at } = makeRepository({ config: agentConfig('good', { isolation: 'privat' }) });
    const refused = await add(at);
    expect(refused.code).toBe('invalid_config');
    expect(refused.message).toMatch(/isolation: .*"private"/);
  });
});

describe('a repository that moved away', () => {
  test('is told on its project and on the task, and a retry works once it is back', async () => {
    const { path: at, projectId } = await addRepository(sentra, { config: agentConfig() });
    renameSync(at, `${at}.away`);
    expect((await sentra.client.getProject({ params: { id: projectId } })).problem).toContain(at);
    const task = await runTask(sentra, { projectId, title: 'Where is it' });
    await expectTold(sentra, task, 'repository_missing', at, 'Put it back');
    renameSync(`${at}.away`, at);
    expect((await sentra.client.getProject({ params: { id: projectId } })).problem).toBeNull();
    expect(await retry(sentra, task.id)).toMatchObject({ status: 'in_review', error: null });
  });
});

describe('a checkout with changes of a person', () => {
  test('is no obstacle where the merge does not touch them, and they are still there after it', async () => {
    const { path: at, projectId } = await addRepository(sentra, { config: agentConfig() });
    writeFileSync(path.join(at, 'README.md'), '# Half a thought\n');
    writeFileSync(path.join(at, 'draft.txt'), 'mine\n');
    const task = await runTask(sentra, { projectId, title: 'Beside it' });
    expect(await merge(task.id)).toMatchObject({ status: 'completed' });
    expect(readFileSync(path.join(at, 'README.md'), 'utf8')).toBe('# Half a thought\n');
    expect(git(at, 'status', '--porcelain').split('\n')).toEqual(['M README.md', '?? draft.txt']);
    expect(readFileSync(path.join(at, `${task.id}.txt`), 'utf8')).toBe('written 1\n');
  });

  test('is not overwritten: the merge is refused with the name of the file, and works once that is out of the way', async () => {
    const { path: at, projectId } = await addRepository(sentra, { config: agentConfig() });
    const task = await runTask(sentra, { projectId, title: 'Over it' });
    writeFileSync(path.join(at, 'state.txt'), 'mine\n');
    const before = git(at, 'rev-parse', 'main');
    const refused = await refusal(merge(task.id));
    expect(refused.code).toBe('base_checkout_dirty');
    for (const word of ['state.txt', at, 'Commit, stash or move']) expect(refused.message).toContain(word);
    expect(git(at, 'rev-parse', 'main')).toBe(before);
    expect(readFileSync(path.join(at, 'state.txt'), 'utf8')).toBe('mine\n');
    const told = await sentra.client.getTask({ params: { id: task.id } });
    expect(told).toMatchObject({ status: 'in_review', notice: `Not merged: ${refused.message}` });
    git(at, 'stash', '-u');
    expect(await merge(task.id)).toMatchObject({ status: 'completed', notice: null });
    expect(git(at, 'show', 'stash@{0}^3:state.txt')).toBe('mine');
  });

  test('stays where it is when its HEAD is detached: the merge moves main alone', async () => {
    const { path: at } = makeRepository({ config: agentConfig() });
    const head = git(at, 'rev-parse', 'HEAD');
    git(at, 'checkout', '-q', '--detach');
    const { id: projectId, baseBranch } = await sentra.client.addProject({ body: { path: at } });
    expect(baseBranch).toBe('main');
    const task = await runTask(sentra, { projectId, title: 'Detached' });
    expect(await merge(task.id)).toMatchObject({ status: 'completed' });
    expect(git(at, 'rev-parse', 'HEAD')).toBe(head);
    expect(git(at, 'log', '--first-parent', '--format=%s', 'main').split('\n')).toEqual(['merge: Detached', 'Begin']);
    expect(git(at, 'status', '--porcelain')).toBe('');
  });
});

describe('a branch that exists already', () => {
  async function takenBranch() {
    const { path: at, projectId } = await addRepository(sentra, { config: agentConfig() });
    const { id } = await sentra.client.createTask({ body: { projectId, title: 'Taken' } });
    const branch = branchName('feature', 'Taken', id);
    git(at, 'branch', branch, git(at, 'commit-tree', '-m', 'Mine', 'main^{tree}'));
    await sentra.client.executeTask({ params: { taskId: id }, body: {} });
    return { at, branch, task: await waitForTask(sentra, id) };
  }

  test('is left alone: the task works on one of another name', async () => {
    const { at, branch, task } = await takenBranch();
    expect(task).toMatchObject({ status: 'in_review', branchName: branch.replace('/', '-') });
    expect(git(at, 'log', '-1', '--format=%s', branch)).toBe('Mine');
  });

  test('fails a worktree that was asked for on it, and is left alone', async () => {
    const { path: at, projectId } = await addRepository(sentra, { config: agentConfig() });
    const { id } = await sentra.client.createTask({ body: { projectId, title: 'Taken' } });
    git(at, 'branch', 'mine');
    await expect(sentra.client.createWorktree({ body: { taskId: id, branchName: 'mine' } })).rejects.toMatchObject({
      code: 'branch_exists',
      message: expect.stringMatching(/Branch mine already exists.*git branch -D/),
    });
    expect((await sentra.client.getTask({ params: { id } })).worktreePath).toBeNull();
    expect(git(at, 'branch', '--list', 'mine')).toContain('mine');
  });

  /** Cancels, and waits for the end of the clean-up: the private home is the last thing that it deletes. */
  async function cancelAndCleanUp(id: string) {
    const home = path.join(sentra.home, 'homes', id);
    mkdirSync(home, { recursive: true });
    await sentra.client.cancelTask({ params: { id } });
    await expect.poll(() => existsSync(home), { timeout: 10_000 }).toBe(false);
  }

  test('is not deleted when the task is cancelled', async () => {
    const { at, branch, task } = await takenBranch();
    await cancelAndCleanUp(task.id);
    expect(git(at, 'log', '-1', '--format=%s', branch)).toBe('Mine');
  });

  test('a folder that is in the way of the worktree is named, is left alone, and a retry works once it is gone', async () => {
    const { path: at, projectId } = await addRepository(sentra, { config: agentConfig() });
    const { id } = await sentra.client.createTask({ body: { projectId, title: 'In the way' } });
    const place = path.join(at, '.sentra', 'worktrees', id);
    mkdirSync(place, { recursive: true });
    writeFileSync(path.join(place, 'mine.txt'), 'mine\n');
    await sentra.client.executeTask({ params: { taskId: id }, body: {} });
    await expectTold(sentra, await waitForTask(sentra, id), 'worktree_failed', place, 'Move or delete');
    await cancelAndCleanUp(id);
    expect(readFileSync(path.join(place, 'mine.txt'), 'utf8')).toBe('mine\n');
    rmSync(place, { recursive: true });
    expect(await retry(sentra, id)).toMatchObject({ status: 'in_review' });
  });
});

describe('a remote', () => {
  test('that refuses the branch stops nothing: there is a pull request and a notice, and so it is with the merge', async () => {
    const { path: at, remote, projectId } = await addRepository(sentra, { config: agentConfig(), remote: true });
    const hook = path.join(remote, 'hooks', 'pre-receive');
    writeFileSync(hook, '#!/bin/sh\necho "no pushes on Fridays"\nexit 1\n');
    chmodSync(hook, 0o755);
    const begin = git(remote, 'rev-parse', 'main');
    const task = await runTask(sentra, { projectId, title: 'Friday' });
    expect(task).toMatchObject({ status: 'in_review', error: null, pullRequest: { number: 1, state: 'open' } });
    for (const word of [task.branchName ?? '', 'origin', 'no pushes on Fridays', 'safe'])
      expect(task.notice).toContain(word);
    const { items } = await sentra.client.listLogs({ params: { taskId: task.id }, query: { level: 'warn' } });
    expect(items.map((line) => line.metadata.error)).toContain('push_refused');
    const merged = await merge(task.id);
    expect(merged).toMatchObject({ status: 'completed', pullRequest: { state: 'merged' } });
    expect(merged.notice).toMatch(/^Merged here, but origin refused the push of main: .*no pushes on Fridays/s);
    expect(git(at, 'log', '-1', '--format=%s', 'main')).toBe('merge: Friday');
    expect(git(remote, 'rev-parse', 'main')).toBe(begin);
  });

  test('that is not there is not needed', async () => {
    const { task } = await runIn(sentra, { config: agentConfig() });
    expect(task).toMatchObject({ status: 'in_review', notice: null });
    expect(await merge(task.id)).toMatchObject({ status: 'completed', notice: null });
  });

  test('that went away stops nothing', async () => {
    const { remote, projectId } = await addRepository(sentra, { config: agentConfig(), remote: true });
    rmSync(remote, { recursive: true });
    const task = await runTask(sentra, { projectId, title: 'Offline' });
    expect(task).toMatchObject({ status: 'in_review', error: null });
    expect(task.notice).toMatch(/refused|reach/);
  });
});
