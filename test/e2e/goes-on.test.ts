/** A session that the model lets in no more goes on when it does again: with what was said, and with what was done in the worktree. */
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ScriptedModel, startScriptedModel, type Turn } from '#src/agents/scripted-model.ts';
import { startEmbedded } from '#src/store/postgres.ts';
import { installAcpAgent } from '../agents/acp-agent.ts';
import { git, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until, waitForRun } from '../helpers/sentra.ts';
import { listLines } from '../helpers/survival.ts';

let model: ScriptedModel;
let sentra: TestSentra;
const installed = await installAcpAgent();
beforeAll(async () => {
  model = await startScriptedModel({ script: { turns: [] } });
  sentra = await startTestSentra({ env: { ANTHROPIC_API_KEY: 'a-key', ANTHROPIC_BASE_URL: model.url } });
}, 60_000);
afterAll(async () => {
  await sentra?.stop();
  await model?.close();
  await installed.remove();
});

const usage = { input_tokens: 1_000, output_tokens: 50 };
const write = (name: string): Turn => ({
  tool_use: [{ name: 'Write', input: { file_path: `{{cwd}}/${name}`, content: 'done\n' } }],
  usage,
});
/** Longer than what is left to the agent itself, so that the session ends. */
const refuses: Turn = { error: { status: 429, times: 100, retryAfter: 3_600 } };

async function begin(agent = 'claude'): Promise<{ id: string; path: string }> {
  const { command } = installed.agent('asks-model');
  const repository = makeRepository({
    config: { agents: { protocol: { kind: 'acp', command, gateway: 'anthropic' } } },
  });
  const { id: projectId } = await sentra.client.addProject({ body: { path: repository.path } });
  const body = { projectId, title: 'Write two files', agent, workflowType: 'code' as const, autoStart: true };
  const { id } = await sentra.client.createTask({ body });
  return { id, path: repository.path };
}

/** A kill before the step is on record would have it park again, rightly until the hour is over. */
async function untilParked(id: string): Promise<void> {
  const parked = `select from dbos.operation_outputs where function_name like '%: park' and workflow_uuid =
    (select adw_id from sentra.runs where task_id = '${id}')`;
  await until(
    async () => (await query(parked)) > 0,
    60_000,
    () => 'it was never parked',
  );
}

/** The hour passes, while the server is down. */
async function passTheHour(): Promise<void> {
  await sentra.kill();
  await query('update sentra.runs set parked_until = now() where parked_until is not null');
  await query('delete from sentra.credential_limits');
  await sentra.restart();
}

/** Answers how many rows it found or changed. */
async function query(sql: string): Promise<number> {
  const { url } = await startEmbedded({ home: sentra.home });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  const { rowCount } = await client.query(sql);
  await client.end();
  return rowCount ?? 0;
}

const sessionsOf = async (id: string) => (await sentra.client.listSessions({ params: { id } })).items.reverse();

test('after a limit, and a kill meanwhile, the conversation goes on with its files, and costs are counted once', async () => {
  model.setScript({ turns: [write('first.txt'), refuses] });
  const { id, path: repository } = await begin();
  await untilParked(id);
  const before = model.requests().length;
  model.setScript({
    turns: [
      { match: 'Go on where you stopped', ...write('second.txt') },
      { tool_use: [{ name: 'StructuredOutput', input: { summary: 'Wrote both.' } }], usage },
      { text: 'Done.', usage },
    ],
  });
  await passTheHour();
  const task = await waitForRun(sentra, id);
  expect(task.error).toBeNull();
  expect(before).toBeGreaterThan(1);
  expect(model.requests()[0]?.last).toContain('File created successfully');
  const files = git(repository, 'diff', '--name-only', `main...${task.branchName}`).split('\n');
  expect(files).toEqual(['first.txt', 'second.txt']);
  expect(await listLines(sentra, id)).toContain('claude goes on with CODE, attempt 2');
  expect((await sessionsOf(id)).map(({ outcome }) => outcome)).toEqual(['rate_limited', 'done']);
  const told = (await sessionsOf(id)).map(({ costUsd }) => costUsd ?? 0);
  expect(told[1]).toBeGreaterThan(0);
  expect(task.tokens).toBe(4 * (usage.input_tokens + usage.output_tokens));
  expect(task.costUsd).toBeCloseTo((told[0] ?? 0) + (told[1] ?? 0), 6);
});

test.each([
  ['', []],
  [
    ', also when a limit is back by then',
    ["insert into sentra.credential_limits values ('claude', now() + interval '4 seconds', 'again')"],
  ],
])('one that is killed while it goes on begins afresh: its conversation knows other files%s', async (_, meanwhile) => {
  model.setScript({ turns: [write('first.txt'), refuses] });
  const { id, path: repository } = await begin();
  await untilParked(id);
  model.setScript({ turns: [{ match: 'Go on where you stopped', ...write('half.txt') }, { hang: true }] });
  await passTheHour();
  await until(() => model.requests().length >= 2, 60_000);
  await sentra.kill();
  for (const sql of meanwhile) await query(sql);
  model.setScript({
    turns: [write('whole.txt'), { tool_use: [{ name: 'StructuredOutput', input: { summary: 'Wrote it.' } }], usage }],
  });
  await sentra.restart();
  const task = await waitForRun(sentra, id);
  expect(task.error).toBeNull();
  const files = git(repository, 'diff', '--name-only', `main...${task.branchName}`).split('\n');
  expect(files).toEqual(['whole.txt']);
  expect((await sessionsOf(id)).map(({ outcome }) => outcome)).toEqual(['rate_limited', 'killed', 'done']);
  const saved = (await listLines(sentra, id)).find((line) => line.includes('is saved in')) ?? '';
  const patch = readFileSync(saved.slice(saved.indexOf(path.sep)), 'utf8');
  for (const name of ['first.txt', 'half.txt']) expect(patch).toContain(name);
});

test.each([
  ['goes on with its conversation', false, 'both.txt', ['rate_limited', 'done']],
  ['begins afresh where that is gone, in the same attempt', true, 'afresh.txt', ['rate_limited', 'failed', 'done']],
] as const)('after a limit and a restart of Sentra an agent of the protocol %s', async (_, isGone, file, outcomes) => {
  model.setScript({ turns: [refuses] });
  const { id, path: repository } = await begin('protocol');
  await untilParked(id);
  model.setScript({
    turns: [
      { match: 'Carry out this task.*Go on where you stopped', text: 'Write both.txt', usage },
      { text: 'Write afresh.txt', usage },
    ],
  });
  if (isGone) rmSync(path.join(sentra.home, 'homes', id, 'session-1.json'));
  await passTheHour();
  const task = await waitForRun(sentra, id);
  expect(task.error).toBeNull();
  expect(git(repository, 'diff', '--name-only', `main...${task.branchName}`)).toBe(file);
  expect((await sessionsOf(id)).map(({ outcome }) => outcome)).toEqual(outcomes);
  const begun = (await listLines(sentra, id)).filter((line) => /^protocol (goes on with|begins) CODE/.test(line));
  const goesOn = 'protocol goes on with CODE, attempt 2';
  const again = isGone ? ['protocol begins CODE, attempt 2'] : [];
  expect(begun).toEqual(['protocol begins CODE, attempt 1', goesOn, ...again]);
});
