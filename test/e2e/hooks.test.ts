/** A real Claude Code on the scripted model: its hooks (our callbacks, the files of `sentra init`, a person's own), and what people say to it. */
import { execFileSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ScriptedModel, startScriptedModel, type Turn } from '#src/agents/scripted-model.ts';
import type { HookEvent } from '#src/domain/hook.ts';
import type { LogLine } from '#src/domain/log.ts';
import type { Task } from '#src/domain/task.ts';
import { git, makeRepository } from '../helpers/repository.ts';
import { sentraEnv, startTestSentra, type TestSentra, until, waitForRun } from '../helpers/sentra.ts';

const main = path.resolve(import.meta.dirname, '../../src/main.ts');
let model: ScriptedModel;
let sentra: TestSentra;

beforeAll(async () => {
  model = await startScriptedModel({ script: { turns } });
  sentra = await startTestSentra({ env: { ANTHROPIC_API_KEY: 'test-key-of-hooks', ANTHROPIC_BASE_URL: model.url } });
}, 120_000);
afterAll(async () => {
  await sentra?.stop();
  await model?.close();
});

const write = (name: string, content: string): Turn['tool_use'] => [
  { name: 'Write', input: { file_path: `{{cwd}}/${name}`, content } },
];
const bash = (command: string): Turn['tool_use'] => [{ name: 'Bash', input: { command, description: 'a command' } }];

/** It tries what the policy refuses, then does its work. */
const turns: Turn[] = [
  { match: 'Phase: CODE', tool_use: bash('touch kept.txt; rm -rf ~') },
  { tool_use: [{ name: 'Write', input: { file_path: '/etc/planted', content: 'x' } }] },
  { tool_use: write('key.txt', `AKIA${'ABCDEFGHIJKLMNOP'}`) },
  { tool_use: bash('echo ready > ready.txt; rm -rf build ./node_modules/x; true') },
  { tool_use: write('greet.txt', 'hello\n') },
  { text: 'Done.' },
];

/** A person's own hook: asks all that it may, with its own token and with others, and writes down what it heard. */
const curious = `import { writeFileSync } from 'node:fs';
import { request } from 'node:http';
import { text } from 'node:stream/consumers';
const input = JSON.parse(await text(process.stdin));
const call = (method, path, token = process.env.SENTRA_HOOK_TOKEN, body = undefined) =>
  new Promise((done, fail) => {
    const sent = request({ socketPath: process.env.SENTRA_HOOK_SOCKET, path, method, headers: { authorization: 'Bearer ' + token } }, async (answer) =>
      done(answer.statusCode + ' ' + (await text(answer))));
    sent.on('error', fail);
    sent.end(body);
  });
const told = { event: 'Notification', hook: 'curious', reason: 'token ' + process.env.SENTRA_HOOK_TOKEN };
const lines = [
  await call('GET', '/state'), await call('GET', '/messages'), await call('GET', '/go-on'),
  await call('POST', '/events', undefined, JSON.stringify(told)),
  await call('POST', '/events', undefined, '{"event":"Nonsense"}'),
  await call('POST', '/events', undefined, 'x'.repeat(100_000)).catch((e) => '413 ' + e.code),
  await call('GET', '/state', 'f'.repeat(64)), await call('GET', '/nothing'),
];
writeFileSync(input.cwd + '/heard.json', JSON.stringify(lines));
`;

const init = (cwd: string, ...args: string[]) =>
  execFileSync(process.execPath, [main, 'init', ...args], { cwd, env: sentraEnv(sentra.home), encoding: 'utf8' });

async function runCode(
  repositoryPath: string,
  trust: boolean,
): Promise<{ task: Task; lines: LogLine[]; events: HookEvent[] }> {
  const { client } = sentra;
  const project = await client.addProject({ body: { path: repositoryPath } });
  const params = { id: project.id };
  if (trust) await client.trustProject({ params, body: { hash: (await client.getTrust({ params })).hash } });
  const body = {
    projectId: project.id,
    title: 'Greet',
    agent: 'claude',
    workflowType: 'code' as const,
    autoStart: true,
  };
  const { id } = await client.createTask({ body });
  const task = await waitForRun(sentra, id);
  const { items } = await client.listLogs({ params: { taskId: id }, query: { limit: 5000 } });
  const events = (await client.listHookEvents({ params: { id }, query: {} })).items;
  return { task, lines: items, events: events.reverse() };
}

const short = (event: HookEvent) => `${event.source} ${event.event} ${event.tool ?? '-'} ${event.decision}`;
const refusals = (events: HookEvent[]) => events.filter(({ decision }) => decision === 'deny');

test('what is dangerous is refused before it runs, in a repository without any hook, and what was done is in the table', {
  timeout: 90_000,
}, async () => {
  const plain = makeRepository({ config: { agents: { default: 'claude' } } });
  const { task, lines, events } = await runCode(plain.path, false);
  expect(task).toMatchObject({ error: null });
  expect(refusals(events).map((e) => `${e.tool}: ${e.reason}`)).toEqual([
    expect.stringMatching(/^Bash: It would change far more than this task owns/),
    expect.stringMatching(/^Write: \/etc\/planted is outside of /),
    expect.stringMatching(/^Write: It would write a key of AWS into a file/),
  ]);
  expect(events.map(short).filter((one) => !one.includes('deny'))).toEqual([
    'sdk SessionStart - none',
    'sdk UserPromptSubmit - none',
    'sdk PreToolUse Bash allow',
    'sdk PostToolUse Bash none',
    'sdk PreToolUse Write allow',
    'sdk PostToolUse Write none',
    'sdk Stop - none',
    'sdk SessionEnd - none',
  ]);
  expect(lines.filter((l) => l.level === 'warn' && /was refused/.test(l.message))).toHaveLength(3);
  expect(
    git(plain.path, 'show', '--name-only', '--format=', task.branchName ?? '')
      .split('\n')
      .sort(),
  ).toEqual(['greet.txt', 'ready.txt']);
});

test('the files of `sentra init` run in the agent once they are trusted: nothing is doubled, and a hook that is missing or slow stops nothing', {
  timeout: 120_000,
}, async () => {
  const repository = makeRepository({ files: { '.claude/curious.mjs': curious } });
  expect(init(repository.path)).toContain('created');
  addOwnHooks(path.join(repository.path, '.claude/settings.json'));
  git(repository.path, 'add', '-A');
  git(repository.path, 'commit', '-q', '-m', 'Hooks');
  const { task, lines, events } = await runCode(repository.path, true);
  expect(task).toMatchObject({ error: null });

  const calls = events
    .filter(({ callId }) => callId)
    .map(({ event, callId, decision }) => `${event} ${callId} ${decision === 'failed'}`);
  expect(new Set(calls).size).toBe(calls.length);
  expect(refusals(events)).toHaveLength(3);
  const failed = events.filter(({ decision }) => decision === 'failed').map(({ reason }) => reason ?? '');
  expect(failed.some((reason) => /ended with 1: .*missing\.ts/s.test(reason))).toBe(true);
  expect(failed.some((reason) => /took too long/.test(reason))).toBe(true);
  const warned = lines.filter((line) => line.metadata.error === 'hook_failed').map(({ message }) => message);
  expect(warned.sort()).toEqual(failed.sort());

  const heard: string[] = JSON.parse(readFileSync(path.join(task.worktreePath ?? '', 'heard.json'), 'utf8'));
  expect(JSON.parse(heard[0]?.slice(4) ?? '')).toMatchObject({ taskId: task.id, phase: 'CODE', attempt: 1, peers: [] });
  expect(heard.map((line) => line.slice(0, 3))).toEqual(['200', '200', '200', '200', '400', '413', '401', '404']);
  expect(heard[2]).toContain('"goOn":true');
  expect(events.find(({ hook }) => hook === 'curious')).toMatchObject({
    source: 'file',
    event: 'Notification',
    reason: 'token [redacted]',
  });
});

test('what a person says is heard at the next turn, and an interrupt ends the turn and not the session', {
  timeout: 90_000,
}, async () => {
  model.setScript({
    turns: [
      { match: 'Phase: CODE', tool_use: bash('until [ -e go.txt ]; do sleep 0.1; done; echo went') },
      { match: 'Say it in French', tool_use: write('greet.txt', 'bonjour') },
      { match: 'greet.txt', tool_use: bash('echo asleep; sleep 600') },
      { match: 'That is enough', text: 'I stop here.' },
      { text: 'Listening.', always: true },
    ],
  });
  const { client } = sentra;
  const repository = makeRepository({ config: { agents: { default: 'claude' } } });
  const { id: projectId } = await client.addProject({ body: { path: repository.path } });
  const body = { projectId, title: 'Talk', agent: 'claude', workflowType: 'code' as const, autoStart: true };
  const { id } = await client.createTask({ body });
  const params = { id };
  const tools = async (decision: string) =>
    (await client.listHookEvents({ params, query: {} })).items.filter(
      (e) => e.decision === decision && e.tool === 'Bash',
    );
  await until(async () => (await tools('allow')).length === 1, 60_000, sentra.output);
  await client.sendMessage({ params, body: { text: 'Say it in French' } });
  writeFileSync(path.join((await client.getTask({ params })).worktreePath ?? '', 'go.txt'), '');
  await until(async () => (await tools('allow')).length === 2, 60_000, sentra.output);
  await client.interruptTask({ params, body: { text: 'That is enough' } });
  const task = await waitForRun(sentra, id);
  expect(task.error).toBeNull();
  const sessions = (await client.listSessions({ params })).items;
  expect(sessions).toMatchObject([{ phase: 'CODE', attempt: 1, outcome: 'done' }]);
  expect((await client.listMessages({ params })).items).toMatchObject([
    { text: 'Say it in French', state: 'delivered', sessionId: sessions[0]?.id },
    { text: 'That is enough', state: 'delivered', sessionId: sessions[0]?.id, interrupt: true },
  ]);
  expect(git(repository.path, 'show', `${task.branchName}:greet.txt`)).toBe('bonjour');
});

/** Beside the hooks of init: one that asks, one that is not there, one that is slow. */
function addOwnHooks(file: string): void {
  const settings = JSON.parse(readFileSync(file, 'utf8'));
  const hook = (command: string, timeout: number) => ({ type: 'command', command, timeout });
  settings.hooks.PostToolUse.push({
    matcher: 'Write',
    hooks: [
      hook('node "$CLAUDE_PROJECT_DIR"/.claude/curious.mjs', 20),
      hook('node "$CLAUDE_PROJECT_DIR"/.claude/missing.ts', 20),
      hook('sleep 600', 1),
    ],
  });
  writeFileSync(file, JSON.stringify(settings));
}
