import { symlinkSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { Evidence } from '#src/domain/evidence.ts';
import { TestEvidence } from '#src/domain/test-evidence.ts';
import { openBrowser } from '../helpers/browser.ts';
import { agentConfig, makeFolder, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until, waitForTask } from '../helpers/sentra.ts';
import { listLines } from '../helpers/survival.ts';

vi.setConfig({ testTimeout: 300_000 }); // all of them go through one small Sentra
let sentra: TestSentra;
beforeAll(async () => {
  sentra = await startTestSentra();
});
afterAll(() => sentra?.stop());

const sumTests = [
  "import assert from 'node:assert';",
  "import { test } from 'node:test';",
  "import { sum } from '../src/sum.mjs';",
  "test('adds two', () => assert.equal(sum(1, 2), 3));",
  "test('keeps zero', () => assert.equal(sum(0, 0), 0));",
  '',
].join('\n');

const files = {
  'package.json': '{ "type": "module", "scripts": { "test": "node --test" } }\n',
  'src/sum.mjs': 'export const sum = (a, b) => a + b;\n',
  'test/sum.test.mjs': sumTests,
};

const onePixel = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

const once = { limits: { agentAttempts: 1, codeTestAttempts: 1, reviewRounds: 1 } };

/** A task of a project with two tests, done by an agent in these modes to its end. */
async function carryOut(modes: string, config: object = {}, more: Record<string, string> = {}) {
  const { client } = sentra;
  const repository = makeRepository({
    config: agentConfig(modes, { test: 'npm test', ...config }),
    files: { ...files, ...more },
  });
  const project = await client.addProject({ body: { path: repository.path } });
  const { id } = await client.createTask({ body: { projectId: project.id, title: 'Prove it', autoStart: true } });
  const task = await waitForTask(sentra, id, undefined, 180_000);
  const { items } = await client.listEvidence({ params: { id } });
  return { task, items, last: (kind: Evidence['kind']) => items.findLast((item) => item.kind === kind) };
}

const testsOf = (item: Evidence | undefined) => TestEvidence.parse(item?.data);

test.concurrent.each([
  ['an empty plan', 'empty-plan', 'unproven', 'plan', /The plan is empty of content/],
  ['a change that the plan does not name', 'elsewhere', 'unproven', 'diff', /does not answer the plan/],
  ['no change', 'no-change', 'no_changes', 'diff', /changed nothing/],
  ['tests that fail', 'breaks', 'tests_failing', 'tests', /The tests fail: .* 1 failed; .*adds two/],
  [
    'deleted tests',
    'deletes-tests',
    'tests_failing',
    'tests',
    /prove nothing: Test files were deleted: test\/sum.test.mjs/,
  ],
  [
    'tests switched off',
    'skips-tests',
    'tests_failing',
    'tests',
    /prove nothing: 1 test that ran on the base is skipped: adds two/,
  ],
  [
    'fewer tests than before',
    'fewer-tests',
    'tests_failing',
    'tests',
    /prove nothing: 1 tests ran, 2 on the base; gone: adds two/,
  ],
  [
    'failures behind an exit code of 0',
    'hides-failures',
    'tests_failing',
    'tests',
    /exits with 0 although its report has 1 failing test/,
  ],
  [
    'an approval with a blocking comment',
    'approves-blocking',
    'changes_requested',
    'verdict',
    /Approved with a blocking comment/,
  ],
] as const)(
  'an agent that claims success with %s is caught, and the reason is shown',
  async (_, modes, code, kind, reason) => {
    const { task, last } = await carryOut(modes, once);
    expect(task).toMatchObject({ status: 'failed', error: { code } });
    expect(last(kind)).toMatchObject({ passed: false, summary: expect.stringMatching(reason) });
  },
);

test.concurrent.each([
  ['changes nothing more is told so again', 'elsewhere', { status: 'failed', error: { code: 'unproven' } }, false],
  ['says why is believed', 'elsewhere,explains', { status: 'in_review', error: null }, true],
] as const)('an agent that changed what the plan does not name and then %s', async (_, modes, end, passed) => {
  const { task, items, last } = await carryOut(modes, {
    test: 'true',
    checks: { lint: 'echo clean' },
    limits: { agentAttempts: 2 },
  });
  expect(task).toMatchObject(end);
  expect(task.phases.find(({ phase }) => phase === 'CODE')?.attempt).toBe(2);
  expect(last('diff')).toMatchObject({ passed, data: { files: ['other.txt'], planned: [`${task.id}.txt`] } });
  expect(items.filter(({ kind }) => kind === 'checks').map((item) => item.attempt)).toEqual(passed ? [2] : []);
});

test.concurrent('work of an earlier run that answers the plan as a person changed it needs no more changes', async () => {
  const { client } = sentra;
  const { task } = await carryOut('elsewhere', { test: 'true', ...once });
  expect(task).toMatchObject({ status: 'failed', error: { code: 'unproven' } });
  await client.putPlan({ params: { id: task.id }, body: { plan: '# Plan\n\n1. Write other.txt\n' } });
  await client.retryTask({ params: { id: task.id }, body: { fromPhase: 'CODE' } });
  expect(await waitForTask(sentra, task.id)).toMatchObject({ status: 'in_review', error: null });
  const lines = await listLines(sentra, task.id);
  expect(lines).toContain('Nothing was changed; the work of an earlier run counts, which the branch holds: other.txt');
});

test.concurrent('the approval of a diff whose tests fail does not count', async () => {
  const { client } = sentra;
  const { task, last } = await carryOut('breaks', once);
  expect(task.error?.code).toBe('tests_failing');
  await client.executeTask({ params: { taskId: task.id }, body: { workflowType: 'review' } });
  const newest = async () => (await client.listRuns({ params: { id: task.id } })).items[0];
  await until(
    async () => (await newest())?.workflowType === 'review' && (await newest())?.status === 'failed',
    120_000,
  );
  const after = await client.getTask({ params: { id: task.id } });
  expect(after).toMatchObject({ status: 'failed', pullRequest: null, error: { code: 'tests_failing' } });
  expect(last('verdict')).toBeUndefined();
  const verdict = (await client.listEvidence({ params: { id: task.id } })).items.findLast((e) => e.kind === 'verdict');
  expect(verdict).toMatchObject({
    passed: false,
    summary: expect.stringContaining('although the tests of this diff fail'),
  });
});

test.concurrent('tests that are brought back after the reason was told end the task well', async () => {
  const { task, items } = await carryOut('skips-tests-once');
  expect(task).toMatchObject({ status: 'in_review', error: null });
  const runs = items.filter((item) => item.kind === 'tests');
  expect(runs.map((item) => item.passed)).toEqual([false, true]);
  expect(testsOf(runs[0])).toMatchObject({
    doubts: [{ code: 'newly_skipped', names: [expect.stringContaining('adds two')] }],
    base: { counts: '2 passed' },
    change: { changed: ['test/sum.test.mjs'] },
  });
  expect(testsOf(runs[1]).report).toMatchObject({ tool: 'node --test', passed: 2, failed: 0 });
});

test.concurrent('what fails on the base too is said and not blamed on the task', async () => {
  const broken = "import { test } from 'node:test';\ntest('was always red', () => { throw new Error('old') });\n";
  const { task, last } = await carryOut('good', {}, { 'test/old.test.mjs': broken });
  expect(task).toMatchObject({ status: 'in_review', error: null });
  const item = last('tests');
  expect(item).toMatchObject({ passed: true, exitCode: 1, summary: expect.stringContaining('as on the base: ') });
  expect(testsOf(item).ofBase.map(({ name }) => name)).toEqual(['was always red']);
});

test.concurrent('a base whose tests this host could not run is looked at again once it can', async () => {
  const folder = makeFolder('tools');
  const config = { test: `${folder}/tool && npm test`, isolation: 'none', ...once };
  const broken = "import { test } from 'node:test';\ntest('was always red', () => { throw new Error('old') });\n";
  const { task } = await carryOut('good', config, { 'test/old.test.mjs': broken });
  expect(task.error?.message).toMatch(
    /exited with 127 .* the base fails as well, with 127\. A program was not found: /,
  );
  symlinkSync('/bin/true', path.join(folder, 'tool'));
  await sentra.client.retryTask({ params: { id: task.id }, body: { fromPhase: 'TEST' } });
  expect(await waitForTask(sentra, task.id)).toMatchObject({ status: 'in_review', error: null });
});

test.concurrent('a test that fails once and then passes is told as flaky; pictures of tests, coverage and checks are kept', async () => {
  const flaky = [
    "import { test } from 'node:test';",
    "import fs from 'node:fs';",
    "const mark = process.env.HOME + '/was-here';",
    "test('wobbles', () => { if (!fs.existsSync(mark)) { fs.writeFileSync(mark, ''); throw new Error('not yet'); } });",
    "test('leaves a picture', () => { fs.mkdirSync('test-results', { recursive: true });",
    `  fs.writeFileSync('test-results/page.png', Buffer.from('${onePixel}', 'base64'));`,
    "  fs.writeFileSync('test-results/fake.png', '<script>alert(1)</script>'); });",
  ].join('\n');
  const { task, items, last } = await carryOut(
    'good',
    { checks: { lint: 'echo clean', types: 'test -e package.json' } },
    { 'test/flaky.test.mjs': flaky },
  );
  expect(task).toMatchObject({ status: 'in_review', error: null });
  const item = last('tests');
  expect(item?.summary).toContain('flaky: test/flaky.test.mjs > wobbles');
  const { report, artifacts, retried } = testsOf(item);
  expect(report).toMatchObject({ passed: 3, flaky: 1, failed: 0 });
  expect(retried).toBe(true);
  expect(artifacts.map((one) => one.path)).toEqual(['test-results/page.png']);
  const checks = items.filter((one) => one.kind === 'checks');
  expect(checks.map((one) => [one.data.name, one.passed, one.exitCode])).toEqual([
    ['lint', true, 0],
    ['types', true, 0],
  ]);
  const url = new URL(`/api/tasks/${task.id}/artifacts/${artifacts[0]?.name}`, sentra.url);
  const picture = await fetch(url, { headers: { authorization: `Bearer ${sentra.token}` } });
  expect(picture.status).toBe(200);
  expect(picture.headers.get('content-type')).toContain('image/png');
  expect(
    Buffer.from(await picture.arrayBuffer())
      .subarray(1, 4)
      .toString(),
  ).toBe('PNG');
  const outside = new URL(`/api/tasks/${task.id}/artifacts/${encodeURIComponent('../../token')}`, sentra.url);
  expect((await fetch(outside, { headers: { authorization: `Bearer ${sentra.token}` } })).status).toBe(400);
});

test.concurrent('the page shows which tests failed and why, and pictures of tests', async () => {
  const picture = `import fs from 'node:fs'; fs.mkdirSync('screenshots'); fs.writeFileSync('screenshots/a.png', Buffer.from('${onePixel}', 'base64'));`;
  const { task } = await carryOut('breaks', once, { 'test/picture.test.mjs': picture });
  const browser = await openBrowser();
  try {
    const page = await (await browser.newContext({ viewport: { width: 390, height: 844 } })).newPage();
    await page.goto((await sentra.client.createLoginLink()).url);
    await page
      .getByRole('link', { name: /Prove it/ })
      .first()
      .waitFor();
    await page.goto(new URL(`/tasks/${task.id}`, sentra.url).href);
    await page.getByText('Failed (1)').waitFor();
    await page.getByText('test/sum.test.mjs > adds two', { exact: true }).waitFor();
    await page
      .getByText(/-1 == 3/)
      .first()
      .waitFor();
    const image = page.getByRole('img', { name: 'screenshots/a.png' });
    await image.scrollIntoViewIfNeeded();
    await until(async () => (await image.evaluate((shown) => Reflect.get(shown, 'naturalWidth'))) === 1, 60_000);
  } finally {
    await browser.close();
  }
});

test.concurrent('checks that fail go back to CODE with their output, until the limit', async () => {
  const { task, items } = await carryOut('good', {
    limits: { codeTestAttempts: 2 },
    checks: { lint: 'test ! -e state.txt || { echo state.txt is not tidy; exit 3; }' },
  });
  expect(task).toMatchObject({ status: 'failed', error: { code: 'checks_failing' } });
  expect(task.error?.message).toContain("After 2 attempts: The project's check fails: lint.");
  const checks = items.filter((item) => item.kind === 'checks');
  expect(checks.map((item) => [item.attempt, item.passed, item.exitCode])).toEqual([
    [1, false, 3],
    [2, false, 3],
  ]);
  expect(checks[0]?.data.output).toBe('state.txt is not tidy');
  expect(path.isAbsolute(task.worktreePath ?? '')).toBe(true);
});

test.concurrent('a session that is to write tests and writes none fails the phase', async () => {
  const { task } = await carryOut('wants-tests', once);
  expect(task).toMatchObject({ status: 'failed', phase: 'TEST', error: { code: 'unproven' } });
  expect(task.error?.message).toContain('The plan asked for tests');
});
