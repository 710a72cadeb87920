/** Odd repositories in a real Sentra: what is told about them, and that a task goes through all the same. */
import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { runTask } from '../helpers/failing.ts';
import { agentConfig, git, makeFolder, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra } from '../helpers/sentra.ts';

let sentra: TestSentra;
beforeAll(async () => {
  sentra = await startTestSentra();
});
afterAll(() => sentra?.stop());

/** A task from its creation to its merge. */
async function live(repository: string) {
  const project = await sentra.client.addProject({ body: { path: repository } });
  const task = await runTask(sentra, { projectId: project.id, title: 'Odd' });
  expect(task).toMatchObject({ status: 'in_review', error: null });
  const merged = await sentra.client.mergeTask({ params: { id: task.id } });
  expect(merged).toMatchObject({ status: 'completed' });
  expect(git(project.path, 'log', '-1', '--format=%s', 'main')).toBe('merge: Odd');
  const { items } = await sentra.client.listLogs({ params: { taskId: task.id }, query: { level: 'warn' } });
  return { project, task, warnings: items.map((line) => line.message) };
}

test('submodules and files of LFS are told where the project is added and in the log of its tasks', async () => {
  const library = makeRepository().path;
  const pointer = `version https://git-lfs.github.com/spec/v1\noid sha256:${'ab'.repeat(32)}\nsize 12345\n`;
  const files = { '.gitattributes': '*.bin filter=lfs -text\n', 'x.bin': pointer };
  const repository = makeRepository({ config: agentConfig(), files }).path;
  git(repository, '-c', 'protocol.file.allow=always', 'submodule', 'add', '-q', library, 'lib');
  git(repository, 'commit', '-q', '-m', 'With a library');
  const { project, warnings } = await live(repository);
  const told = [expect.stringMatching(/^Submodules .*\(lib\)/), expect.stringMatching(/^Files of LFS are pointers/)];
  expect(project.limits).toEqual(told);
  expect(warnings).toEqual(expect.arrayContaining(told));
  expect(git(repository, 'status', '--porcelain')).toBe('');
});

test('a branch named like the folder of our branches is not in the way', async () => {
  const repository = makeRepository({ config: agentConfig() }).path;
  git(repository, 'branch', 'feature');
  const { task, project } = await live(repository);
  expect(task.branchName).toBe(`feature-odd-${task.id.slice(5, 13)}`);
  expect(project.limits).toEqual([]);
});

test('a checkout in a folder of spaces, quotes and other scripts, registered by a linked worktree of it', async () => {
  const origin = makeRepository({ config: agentConfig() }).path;
  const folder = path.join(makeFolder('odd'), ` it's "ünï" 世界 $(x) `);
  git(path.dirname(folder), 'clone', '-q', origin, folder);
  git(folder, 'worktree', 'add', '-q', '-b', 'side', path.join(path.dirname(folder), 'side'));
  const { project } = await live(path.join(path.dirname(folder), 'side'));
  expect(project.path).toBe(folder);
});

test('SHA-256 objects, from the first commit to the merge', async () => {
  const repository = makeFolder('sha256');
  git(repository, 'init', '-q', '-b', 'main', '--object-format=sha256');
  writeFileSync(path.join(repository, 'sentra.json'), JSON.stringify(agentConfig()));
  git(repository, 'add', '-A');
  git(repository, 'commit', '-q', '-m', 'Begin');
  const { task } = await live(repository);
  expect(git(repository, 'rev-parse', 'main')).toHaveLength(64);
  expect(task.status).toBe('in_review');
});

test('what cannot be worked in is refused with its reason where it is added', async () => {
  const bare = path.join(makeFolder('bare'), 'bare.git');
  git(path.dirname(bare), 'init', '-q', '--bare', bare);
  const broken = path.join(makeFolder('broken'), 'line\nbreak');
  mkdirSync(broken);
  git(broken, 'init', '-q');
  const add = (at: string) => sentra.client.addProject({ body: { path: at } });
  await expect(add(bare)).rejects.toMatchObject({ code: 'bare_repository' });
  await expect(add(broken)).rejects.toMatchObject({
    code: 'not_a_repository',
    message: expect.stringMatching(/line break/),
  });
});
