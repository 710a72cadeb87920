import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { createRequire } from 'node:module';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import type { Browser } from 'playwright-core';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { RunExport } from '#src/domain/run-export.ts';
import type { Timeline } from '#src/domain/span.ts';
import type { OtlpTraces } from '#src/telemetry/otlp.ts';
import { openBrowser, signIn } from '../helpers/browser.ts';
import { agentConfig } from '../helpers/repository.ts';
import { sentraEnv, startTestSentra, type TestSentra, until, waitForTask } from '../helpers/sentra.ts';
import { beginTask, waitForLine } from '../helpers/survival.ts';

const key = 'collector-key-0123456789';
let sentra: TestSentra;
let browser: Browser;
/** A collector that is busy at first. */
const received: { key: unknown; traces: OtlpTraces }[] = [];
let refused = 0;
const collector = createServer((request, response) => {
  let body = '';
  request.on('data', (chunk) => {
    body += chunk;
  });
  request.on('end', () => {
    const isBusy = refused < 2;
    if (isBusy) refused++;
    else received.push({ key: request.headers['x-key'], traces: JSON.parse(body) });
    response.writeHead(isBusy ? 503 : 200).end('{}');
  });
});

beforeAll(async () => {
  await new Promise<void>((done) => collector.listen(0, '127.0.0.1', done));
  const url = `http://127.0.0.1:${(collector.address() as AddressInfo).port}`;
  const env = { SENTRA_OTLP_URL: url, OTEL_EXPORTER_OTLP_HEADERS: `x-key=${key}` };
  [sentra, browser] = await Promise.all([startTestSentra({ env }), openBrowser()]);
});
afterAll(async () => {
  await browser?.close();
  await sentra?.stop();
  collector.closeAllConnections();
  collector.close();
});

const program = path.resolve(import.meta.dirname, '../../src/main.ts');
/** Beside the test: one that waits for it without listening would find its own connections closed afterwards. */
const command = (...args: string[]) =>
  new Promise<{ status: unknown; stdout: string; stderr: string }>((done) => {
    const options = { env: sentraEnv(sentra.home), maxBuffer: 64 * 1024 * 1024 };
    execFile(process.execPath, [program, ...args], options, (failed, stdout, stderr) =>
      done({ status: failed ? failed.code : 0, stdout, stderr }),
    );
  });

let taskId: string;
let timeline: Timeline;

test('a run that was killed in the middle is told whole: the gap, the session that died, the tests that failed, the merge', {
  timeout: 180_000,
}, async () => {
  const prepare = { setup: { install: 'echo preparing' } };
  ({ id: taskId } = await beginTask(sentra, agentConfig('fails-first,holds-CODE', prepare)));
  await waitForLine(sentra, taskId, 'holding CODE');
  const atWork = await sentra.client.getTimeline({ params: { id: taskId }, query: {} });
  expect(atWork.spans.filter(({ status }) => status === 'running').map(({ kind }) => kind)).toEqual([
    'run',
    'phase',
    'attempt',
    'session',
  ]);
  await sentra.kill();
  await sentra.restart();
  await waitForTask(sentra, taskId);
  const { client } = sentra; // of the server that was started again
  await client.mergeTask({ params: { id: taskId } });
  timeline = await client.getTimeline({ params: { id: taskId }, query: {} });
  const { spans } = timeline;
  const told = (kind: string) =>
    spans.filter((span) => span.kind === kind).map(({ name, status }) => `${name} ${status}`);
  expect(told('phase')).toEqual(['PLAN ok', 'CODE ok', 'TEST error', 'CODE ok', 'TEST ok', 'REVIEW ok']);
  expect(told('session')).toEqual(['tester ok', 'tester error', 'tester ok', 'tester ok', 'tester ok']);
  expect(told('merge')).toEqual(['Merge of pull request #1 ok']);
  expect(told('setup')).toEqual(['Set-up ok', 'install ok']);
  const waits = spans.filter(({ kind }) => kind === 'wait').map(({ attributes }) => attributes.cause);
  expect(waits).toEqual(expect.arrayContaining(['slot', 'interrupted', 'person']));
  const gap = spans.find(({ attributes }) => attributes.cause === 'interrupted');
  const died = spans.find(({ attributes }) => attributes.interrupted);
  expect(gap?.parentId).toBe('attempt:CODE:1');
  expect(died?.endedAt).toBe(gap?.startedAt);
  expect(spans.every(({ endedAt }) => endedAt !== null)).toBe(true);
});

test('an export has all lines, prompts and proofs of the run, and fits its schema', async () => {
  const { client } = sentra;
  const adwId = timeline.run?.adwId ?? '';
  const printed = await command('task', 'export', taskId);
  expect(printed).toMatchObject({ status: 0, stderr: '' });
  const exported = RunExport.parse(JSON.parse(printed.stdout));
  const { items } = await client.listLogs({ params: { taskId }, query: { limit: 5000 } });
  expect(exported.logs).toEqual(items.filter((line) => line.adwId === adwId || line.adwId === null));
  expect(exported.sessions).toHaveLength(5);
  for (const { prompt, systemPrompt } of exported.sessions) {
    expect(prompt).toContain('Task: Survive');
    expect(systemPrompt?.length).toBeGreaterThan(50);
  }
  expect(exported.evidence.map(({ kind }) => kind)).toEqual(
    expect.arrayContaining(['plan', 'diff', 'tests', 'verdict']),
  );
  expect(exported.diff.files.map((file) => file.path)).toContain('state.txt');
  expect(exported.commits.map(({ phase }) => phase)).toEqual(['PLAN', 'CODE', 'CODE']);
  expect(exported.spans).toEqual(timeline.spans);
  expect(exported.pullRequest).toMatchObject({ number: 1, state: 'merged' });
});

test('the collector gets the same trace as the export, once it takes it, and the key is told to nobody', async () => {
  await until(() => received.length > 0, 60_000);
  expect(refused).toBe(2);
  expect(received.map((one) => one.key)).toEqual([key]);
  const printed = await command('task', 'export', taskId, '--otlp');
  const ids = (traces: OtlpTraces | undefined) =>
    traces?.resourceSpans[0]?.scopeSpans[0]?.spans.map(({ traceId, spanId, name }) => `${traceId} ${spanId} ${name}`) ??
    [];
  const pushed = ids(received[0]?.traces);
  expect(pushed.length).toBeGreaterThan(20);
  expect(ids(JSON.parse(printed.stdout))).toEqual(expect.arrayContaining(pushed));
  expect(sentra.output()).toContain('Traces wait: The collector');
  expect(sentra.output()).not.toContain(key);
});

test('an unknown run is not found, and what is no run id is refused', async () => {
  const { client } = sentra;
  const unknown = { params: { id: taskId, adwId: 'adw-000000000000' } };
  await expect(client.exportRun({ ...unknown, query: {} })).rejects.toMatchObject({ code: 'not_found' });
  await expect(client.replayRun({ ...unknown, query: {} })).rejects.toMatchObject({ code: 'not_found' });
  const timelineOf = (run: string) => client.getTimeline({ params: { id: taskId }, query: { run } });
  await expect(timelineOf('adw-000000000000')).rejects.toThrow(timeline.run?.adwId);
  await expect(timelineOf('../../etc')).rejects.toMatchObject({ code: 'invalid' });
});

test('the figures for Prometheus need the token, and count what happened', async () => {
  const open = await fetch(`${sentra.url}/metrics`);
  expect(open.status).toBe(401);
  const answer = await fetch(`${sentra.url}/metrics`, { headers: { authorization: `Bearer ${sentra.token}` } });
  expect(answer.headers.get('content-type')).toBe('text/plain; version=0.0.4; charset=utf-8');
  const text = await answer.text();
  const { items } = await sentra.client.listLogs({ params: { taskId }, query: { limit: 5000 } });
  expect(text).toContain('sentra_tasks{status="completed"} 1\n');
  expect(text).toContain('sentra_slots 4\n');
  expect(text).toContain(`sentra_log_lines_stored_total ${items.length}\n`);
  expect(text).toContain('sentra_agent_sessions{agent="tester",outcome="done"} 4\n');
  for (const line of text.trimEnd().split('\n'))
    expect(line).toMatch(/^(# (HELP|TYPE) sentra_\w+ .+|sentra_\w+(\{.*\})? \S+)$/);
});

test('the page shows the waterfall, leads to the log, and replays the run, also on a phone', {
  timeout: 120_000,
}, async () => {
  const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  const errors: string[] = [];
  for (const width of [1440, 390]) {
    const page = await (await browser.newContext({ viewport: { width, height: 844 } })).newPage();
    page.on('pageerror', (e) => errors.push(e.message));
    await signIn(page, sentra.client);
    await page.goto(`${sentra.url}/tasks/${taskId}?tab=progress`);
    await page.getByRole('button', { name: 'Timeline' }).click();
    const chart = page.getByRole('region', { name: 'Timeline' });
    await chart.getByText(/^Interrupted/).waitFor();
    await chart.getByRole('button', { name: 'REVIEW' }).click();
    await chart
      .getByRole('link', { name: /^tester: log line/ })
      .nth(3)
      .waitFor();

    const replay = page.getByRole('region', { name: 'Replay' });
    const moment = replay.getByRole('slider');
    await replay.getByRole('button', { name: 'Step forward' }).click();
    await replay.getByText(/Run adw-\w+ begins/).waitFor();
    await moment.press('End');
    await replay.getByText(/Run adw-\w+ \(full_sdlc\) completed/).waitFor();
    await replay.getByLabel('Speed').selectOption('64×');
    await replay.getByRole('button', { name: 'Play' }).click(); // from the beginning again
    await expect.poll(async () => Number(await moment.inputValue())).toBeGreaterThan(3);
    await replay.getByRole('button', { name: 'Pause' }).click();

    const found = (await page.evaluate(`${axe}; axe.run().then((r) => r.violations.map((v) => v.id))`)) as string[];
    expect([width, found]).toEqual([width, []]);
    expect(await page.evaluate('document.documentElement.scrollWidth - innerWidth')).toBe(0);
    const link = chart.getByRole('link', { name: /^tester: log line/ }).first();
    const line = /line (\d+)$/.exec((await link.getAttribute('aria-label')) ?? '')?.[1];
    await link.click();
    await page.waitForURL(new RegExp(`tab=logs&line=${line}|line=${line}&tab=logs`));
    await page.getByText('tester begins PLAN, attempt 1').first().waitFor();
    await page.context().close();
  }
  expect(errors).toEqual([]);
});

test('a task that was never started has an empty timeline that says so, and waits are told', async () => {
  const { client } = sentra;
  const { projectId } = await client.getTask({ params: { id: taskId } });
  const { id } = await client.createTask({ body: { projectId, title: 'Later' } });
  const { run, spans } = await client.getTimeline({ params: { id }, query: {} });
  expect(run).toBe(null);
  expect(spans).toMatchObject([{ kind: 'wait', name: 'Waits to be started', endedAt: null }]);
  const refusal = await command('task', 'export', id);
  expect(refusal).toMatchObject({ status: 1, stderr: expect.stringContaining('has no run yet') });
});
