/** What people decide in Sentra is seen at GitHub, once; and what was closed, deleted or replaced there has a way back. */
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Project } from '#src/domain/project.ts';
import type { Task } from '#src/domain/task.ts';
import type { FakePull } from '../fixtures/github-repository.ts';
import type { GitHubServer } from '../fixtures/github-server.ts';
import { openBrowser, signIn } from '../helpers/browser.ts';
import { cli } from '../helpers/cli.ts';
import { addGitHubProject, githubEnv, newGitHub } from '../helpers/github.ts';
import { git } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until, waitForTask } from '../helpers/sentra.ts';

const longMs = 60_000;
vi.setConfig({ testTimeout: 240_000 }); // whole rounds of agents on a busy machine

let github: GitHubServer;
let sentra: TestSentra;
let project: Project;
/** In review, with a pull request there; each test takes one. */
let ready: Task[];
beforeAll(async () => {
  github = await newGitHub();
  sentra = await startTestSentra({ env: githubEnv(github) });
  project = await addGitHubProject(sentra, github);
  const tasks = Array.from({ length: 7 }, (_, at) => ({ key: `k${at}`, title: `Task ${at}`, autoStart: true }));
  const { items } = await sentra.client.createTasks({ body: { projectId: project.id, tasks } });
  ready = await Promise.all(items.map(({ id }) => waitForTask(sentra, id, ['in_review'])));
}, 120_000);
afterAll(async () => {
  await sentra?.stop();
  await github?.close();
});

function take(): { id: string; pull: FakePull; task: Task } {
  const task = ready.pop();
  if (!task) throw new Error('too few were made');
  const [pull, ...more] = github.repository.pulls.filter(({ branch }) => branch === task.branchName);
  if (!pull || more.length > 0) throw new Error('a task has one pull request');
  return { id: task.id, task, pull };
}

const show = (id: string) => sentra.client.getTask({ params: { id } });
const headThere = ({ branch }: FakePull) => github.repository.git.head(branch);
const pullsOf = ({ branch }: FakePull) => github.repository.pulls.filter((pull) => pull.branch === branch);
const untilOpen = ({ number }: FakePull) =>
  until(
    () => github.repository.get(number).state === 'open',
    longMs,
    () => `${number} stayed closed there`,
  );
const why = async (id: string) => (await sentra.client.getPullRequest({ params: { id } })).forge.problem;

test('what was closed there, or lost its branch, is pushed and opened again by one action, as the same pull request', async () => {
  const { id, pull } = take();
  pull.state = 'closed';
  const closed = await waitForTask(sentra, id, ['pending'], longMs);
  expect(closed.notice).toContain(`npx sentra task push ${id}`);
  const { runnable, reasons } = await sentra.client.getWhy({ params: { id } });
  expect([runnable, reasons.map(({ code }) => code)]).toEqual([true, ['forge', 'not_started']]);
  const told = await cli(['task', 'push', id], {}, { client: async () => sentra.client });
  expect(told.code, told.err).toBe(0);
  await untilOpen(pull);
  expect(await show(id)).toMatchObject({ status: 'in_review', notice: null });
  github.repository.deleteBranch(pull.branch);
  await waitForTask(sentra, id, ['pending'], longMs);
  const browser = await openBrowser();
  const page = await (await browser.newContext({ viewport: { width: 390, height: 844 } })).newPage();
  await signIn(page, sentra.client);
  await page.goto(`${sentra.url}/tasks/${id}`);
  await page
    .getByText(/was closed at the forge/)
    .first()
    .waitFor();
  await page.getByRole('button', { name: 'Push again' }).first().click();
  await page.getByText('In review').first().waitFor();
  await browser.close();
  await untilOpen(pull);
  expect(headThere(pull)).toBe(pull.sha);
  expect(pullsOf(pull)).toHaveLength(1);
  expect(await sentra.client.mergeTask({ params: { id } })).toMatchObject({ status: 'completed' });
  expect(pull.merged).toBe(true);
});

test('what was pushed by force is replaced by one action, and kept in a branch here', async () => {
  const { id, pull } = take();
  const ours = pull.sha;
  const theirs = github.repository.push(
    pull.branch,
    { 'other.txt': 'theirs\n' },
    github.repository.git.head('main') ?? '',
  );
  await until(async () => ((await why(id)) ?? '').includes(`npx sentra task push ${id}`), longMs);
  const { notice } = await sentra.client.pushTask({ params: { id } });
  expect(notice).toContain(`${pull.branch}-there-${theirs.slice(0, 10)}`);
  expect(git(project.path, 'rev-parse', `${pull.branch}-there-${theirs.slice(0, 10)}`)).toBe(theirs);
  await until(() => headThere(pull) === ours, longMs);
  await until(async () => (await why(id)) === null, longMs);
  expect(pullsOf(pull)).toHaveLength(1);
  expect(await sentra.client.mergeTask({ params: { id } })).toMatchObject({ status: 'completed' });
});

test('an approval and a request for changes are there once, also after a kill in between, and begin no round of their own', async () => {
  const { id, pull, task } = take();
  pull.author = 'ada'; // else GitHub takes comments only
  const lines = [{ path: `${id}.txt`, line: 1, body: 'Say more.' }];
  github.fail({ match: /^POST .*\/reviews$/, after: true, hang: true });
  await sentra.client.requestChanges({ params: { id }, body: { comments: lines } });
  const saidThere = () => github.repository.reviews.filter(({ number }) => number === pull.number);
  await until(() => saidThere().length === 1, longMs);
  await sentra.kill();
  await sentra.restart();
  await until(async () => (await show(id)).adwId !== task.adwId, longMs);
  await waitForTask(sentra, id, ['in_review'], longMs);
  await sentra.client.approveTask({ params: { id } });
  await until(() => saidThere().length === 2, longMs);
  expect(saidThere().map(({ state }) => state)).toEqual(['CHANGES_REQUESTED', 'APPROVED']);
  expect(github.repository.lines.filter(({ number }) => number === pull.number)).toMatchObject(lines);
  const asked = github.requests.length;
  await until(
    () => github.requests.slice(asked).filter((line) => line.includes(`/${pull.number}/reviews`)).length > 3,
    longMs,
  );
  expect(saidThere()).toHaveLength(2);
  expect((await sentra.client.listRuns({ params: { id } })).items).toHaveLength(2);
  expect((await show(id)).status).toBe('in_review');
});

test('a status that fails there, of no matter which service, begins a round that knows its sentence and its page', async () => {
  const { id, pull, task } = take();
  const status = { context: 'ci/other', description: '3 of 40 tests fail', target_url: 'https://ci.example.test/42' };
  github.repository.statuses.push({ ...status, sha: pull.sha, state: 'failure' });
  await until(async () => (await show(id)).adwId !== task.adwId, longMs);
  await waitForTask(sentra, id, ['in_review'], longMs);
  const { items } = await sentra.client.listSessions({ params: { id } });
  const code = items.find(({ adwId, phase }) => adwId !== task.adwId && phase === 'CODE');
  const session = await sentra.client.getSession({ params: { id, sessionId: code?.id ?? '' } });
  for (const words of Object.values(status)) expect(JSON.stringify(session)).toContain(words);
});

test.each(['squash', 'rebase'] as const)('behind rules GitHub merges as the project says: %s', async (mergeStyle) => {
  const { id, pull } = take();
  const file = path.join(project.path, 'sentra.json');
  writeFileSync(file, JSON.stringify({ ...JSON.parse(readFileSync(file, 'utf8')), mergeStyle }));
  github.repository.guarded = true;
  const before = github.repository.git.head('main') ?? '';
  expect(await sentra.client.mergeTask({ params: { id } })).toMatchObject({ status: 'completed', notice: null });
  const here = (...args: string[]) => git(project.path, ...args);
  expect(here('rev-parse', 'main')).toBe(github.repository.git.head('main'));
  expect(here('rev-list', '--min-parents=2', `${before}..main`)).toBe('');
  expect(here('log', '--format=%s', `${before}..main`).split('\n')).toHaveLength(mergeStyle === 'squash' ? 1 : 2);
  expect(pull).toMatchObject({ merged: true, mergedBy: 'sentra-bot' });
  const { items } = await sentra.client.listEvidence({ params: { id } });
  const kept = items.findLast(({ kind }) => kind === 'merge');
  expect(kept).toMatchObject({ passed: true, data: { tree: here('rev-parse', 'main^{tree}') } });
});

test('news that come while GitHub says no to a merge are not missed: it is tried again at once', async () => {
  const { id, pull } = take();
  github.repository.guarded = true;
  const refusal = { match: /^PUT .*\/merge$/, status: 405, message: 'Merge already in progress' };
  const news = Promise.withResolvers<void>();
  github.fail({ ...refusal, until: news.promise });
  const merging = sentra.client.mergeTask({ params: { id } });
  await until(() => github.requests.some((line) => line.endsWith('/merge 405')), longMs);
  github.repository.check(pull.sha, 'lint', 'success');
  const sees = async () => (await sentra.client.getPullRequest({ params: { id } })).forge.checks.length > 0;
  await until(sees, longMs);
  news.resolve();
  expect(await merging).toMatchObject({ status: 'completed' });
});
