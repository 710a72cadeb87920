import { existsSync } from 'node:fs';
import { readFile, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { type AcpAgent, createAcpDriver } from '#src/agents/acp.ts';
import { readAnswer } from '#src/agents/answer.ts';
import { startScriptedModel } from '#src/agents/scripted-model.ts';
import { answerSchemaOf } from '#src/domain/answer.ts';
import { installAcpAgent } from './acp-agent.ts';
import { createSessions, describeDriver } from './driver-contract.ts';

const installed = await installAcpAgent();
const model = async () => ({ baseUrl: 'http://127.0.0.1:1', credential: null });

for (const confined of [true, false])
  describeDriver({
    name: 'an ACP agent',
    confined,
    driver: async (behaviour, { sandbox, word }) =>
      createAcpDriver({ sandbox, agent: installed.agent(behaviour, word), model, hostEnv: {} }),
    crashing: async ({ sandbox }) =>
      createAcpDriver({ sandbox, agent: installed.agent('crashes'), model, hostEnv: {} }),
  });

const here = await createSessions(false);
const confined = await createSessions(true);
afterAll(async () => {
  await here.close();
  await confined.close();
  await installed.remove();
});

const driverOf = (agent: AcpAgent, hostEnv = {}) => createAcpDriver({ sandbox: here.sandbox, agent, model, hostEnv });
const sessionOf = (behaviour: string, word = '', more: Partial<AcpAgent> = {}) =>
  here.session(driverOf(installed.agent(behaviour, word, more)));

describe('an ACP agent', () => {
  test('tells tool calls with their results, what they changed, its plan, and its costs as totals', async () => {
    const { end, events } = await sessionOf('works');
    const told = events.filter(({ kind }) => kind !== 'record' && kind !== 'output');
    expect(told).toEqual([
      { kind: 'started', agentSessionId: 'session-1', model: 'small' },
      { kind: 'message', text: 'I write the file.' },
      { kind: 'thinking', text: 'It should say hello.' },
      { kind: 'thinking', text: 'The agent plans:\n- write (in progress)' },
      expect.objectContaining({ kind: 'tool_call', tool: 'edit', summary: 'Write hello.txt' }),
      expect.objectContaining({ kind: 'tool_result', tool: 'edit', output: 'written', isError: false }),
      { kind: 'file_change', path: 'hello.txt', change: 'written' },
      expect.objectContaining({
        kind: 'usage',
        isWhole: false,
        totals: [expect.objectContaining({ costMicros: 250_000 })],
      }),
      expect.objectContaining({
        kind: 'usage',
        isWhole: false,
        totals: [expect.objectContaining({ costMicros: 500_000 })],
      }),
      expect.objectContaining({ kind: 'message' }),
      {
        kind: 'usage',
        isWhole: true,
        totals: [
          {
            model: 'small',
            inputTokens: 200,
            outputTokens: 40,
            cacheReadTokens: 10,
            cacheWriteTokens: 0,
            costMicros: 500_000,
          },
        ],
      },
    ]);
    expect(end).toMatchObject({ outcome: 'done', costUsd: 0.5, usage: { inputTokens: 200, cacheReadTokens: 10 } });
  });

  test('is told both prompts, the form of its answer and the file for it, which wins over its words', async () => {
    await here.session(driverOf(installed.agent('environment')), { answerSchema: answerSchemaOf('PLAN') ?? {} });
    const { env, prompts } = JSON.parse(await readFile(join(here.room.worktreePath, 'environment.json'), 'utf8'));
    expect(prompts[0]).toMatch(/^You are a careful engineer\.\n\nWrite the file hello\.txt\.\n\nWhen the work is done/);
    expect(prompts[0]).toContain('"writeTests"');
    expect(prompts[0]).toContain(env.SENTRA_RESULT);
    expect(env).toMatchObject({ TASK_ID: 'task-0123456789ab', PHASE: 'CODE', HOME: here.room.homePath });
    const { end } = await sessionOf('file');
    expect(readAnswer(end).answer).toMatchObject({ summary: 'from the file' });
    expect(existsSync(env.SENTRA_RESULT)).toBe(false);
  });

  test('without a wall it may work in the worktree alone, and whatever it is refused is told; inside one the wall decides', async () => {
    await symlink('/etc', join(here.room.worktreePath, 'link'));
    const { end, events } = await sessionOf('asks');
    const [yes, no] = ['allow_once', 'reject_once'];
    expect(JSON.parse(end.text)).toEqual({ in: yes, out: no, link: no, run: yes, fetch: no, none: 'cancelled' });
    const refusals = events.filter((event) => event.kind === 'permission_denied').map(({ reason }) => reason);
    expect(refusals.map((reason) => reason.replace(here.room.worktreePath, '.'))).toEqual([
      '/etc/passwd lies outside of the worktree',
      './link/x lies outside of the worktree',
      'without confinement an agent may not use tools of the kind fetch',
      'the agent offered no way to allow it',
    ]);
    const agent = installed.agent('asks');
    const inRoom = await confined.session(createAcpDriver({ sandbox: confined.sandbox, agent, model, hostEnv: {} }));
    expect(JSON.parse(inRoom.end.text)).toMatchObject({ in: yes, out: yes, link: yes, run: yes, fetch: yes });
  });

  test('gets no file read for it: it has its own hands, in its room', async () => {
    const { end } = await sessionOf('wants-files');
    expect(readAnswer(end).answer).toMatchObject({ summary: 'refused with -32601' });
  });

  test('works with the model and the effort that its definition names, or says what there is', async () => {
    const chosen = await sessionOf('chosen', '', { model: 'LARGE', effort: 'high' });
    expect(chosen.end.text).toContain('large');
    expect(chosen.end.text).toContain('high');
    expect(chosen.events.find(({ kind }) => kind === 'started')).toMatchObject({ model: 'large' });
    const wrong = await sessionOf('chosen', '', { model: 'huge' });
    expect(wrong.end).toMatchObject({
      outcome: 'unable',
      message: 'The agent has no model "huge": it offers small, large.',
    });
    const asked = await here.session(driverOf(installed.agent('chosen', '', { model: 'small' })), {
      model: 'large',
      effort: 'high',
    });
    expect(asked.end.text).toMatch(/large.*high/s);
    const none = await sessionOf('no-options', '', { effort: 'high' });
    expect(none.end).toMatchObject({
      outcome: 'unable',
      message: expect.stringContaining('take agents.<name>.effort out'),
    });
  });

  test.concurrent.each([
    ['refuses', '', 'failed', /refuses to go on/],
    ['overflows', '', 'failed', /end of what it may say or remember/],
    ['old-protocol', '', 'unable', /speaks version 0 of the Agent Client Protocol/],
    ['errors', 'API Error: 529 overloaded', 'overloaded', /overloaded or out of order/],
    ['errors', 'API Error: 500 boom', 'overloaded', /out of order: .*boom/],
    ['errors', 'status code 429: slow down', 'rate_limited', /lets nobody in until/],
    ['errors', 'API Error: 401 invalid x-api-key', 'auth', /refused the agent's login/],
    ['errors', 'line 500 is wrong', 'failed', /The agent failed: .*line 500 is wrong/],
    ['needs-login', '', 'auth', /node is not logged in.*Log it in on this host/],
  ])('%s %s ends as %s', async (behaviour, word, outcome, message) => {
    const { end } = await sessionOf(behaviour, word);
    expect(end.outcome).toBe(outcome);
    expect(end.message).toMatch(message);
  });

  test('is logged in the way that its definition names', async () => {
    const login = { variables: [], files: [], method: 'key' };
    expect((await sessionOf('needs-login', '', { login })).end.outcome).toBe('done');
  });

  test('what is no message is passed over, and is no sign of life', async () => {
    expect((await sessionOf('garbage')).end.outcome).toBe('done');
    const { end } = await here.session(driverOf(installed.agent('no-protocol')), { idleMs: 1_500 });
    expect(end.outcome).toBe('idle');
  });

  test('a line without an end and a flood of messages are borne', async () => {
    const { end } = await sessionOf('long-line');
    expect(end.outcome).toBe('failed');
    const flood = await sessionOf('gabbles');
    expect(flood.end.outcome).toBe('done');
    expect(flood.events.filter(({ kind }) => kind === 'message')).toHaveLength(3_000);
  });

  test('a login is there for the session alone, and no link of the agent leads it elsewhere', async () => {
    const login = { variables: ['TEST_KEY'], files: ['~/.sentra-no-such-login'] };
    const missing = driverOf(installed.agent('works', '', { login }));
    expect(await missing.unavailable()).toMatch(/not logged in; it was looked for TEST_KEY, ~\/\.sentra-no-such-login/);
    expect((await here.session(missing)).end.outcome).toBe('auth');
    const agent = installed.agent('environment', '', { login });
    const { end } = await here.session(driverOf(agent, { TEST_KEY: 'a-key', OTHER_KEY: 'not-this' }));
    expect(end.outcome).toBe('done');
    const text = await readFile(join(here.room.worktreePath, 'environment.json'), 'utf8');
    expect(text).toContain('a-key');
    expect(text).not.toContain('not-this');
  });
});

const toModel: AcpAgent['gateway'] = { provider: 'anthropic', variables: (baseUrl) => ({ MODEL_URL: baseUrl }) };

describe('an ACP agent whose model is reached through Sentra', () => {
  test('goes on with the conversation that a limit ended, telling nothing twice, where the program can load it', async () => {
    const refusal = { error: { status: 429, times: 100, retryAfter: 7200 } };
    const scripted = await startScriptedModel({ script: { turns: [refusal] } });
    const credential = { kind: 'api_key' as const, secret: 'the-real-key' };
    const access = async () => ({ baseUrl: scripted.url, credential });
    const agent = installed.agent('asks-model', '', { gateway: toModel });
    const create = () => createAcpDriver({ sandbox: here.sandbox, agent, model: access, hostEnv: {} });
    const { homePath } = here.room;
    const driver = create();
    const first = await here.session(driver);
    expect(first.end).toMatchObject({ outcome: 'rate_limited', text: '' });
    const known = { agentSessionId: 'session-1', homePath };
    expect(await driver.remembers?.(known)).toBe(true);
    expect(await create().remembers?.(known)).toBe(true); // what began before a restart is tried
    scripted.setScript({ turns: [{ text: 'I go on.' }] });
    const { end, events } = await here.session(create(), { resumes: 'session-1', prompt: 'Go on.' });
    expect(end).toMatchObject({ outcome: 'done', text: 'I go on.' });
    expect(events.flatMap((event) => (event.kind === 'message' ? [event.text] : []))).toEqual(['I go on.']);
    expect(scripted.requests().at(-1)?.last).toMatch(/Write the file hello\.txt\..*Go on\./s);
    const gone = await here.session(create(), { resumes: 'session-9', prompt: 'Go on.' });
    expect(gone.end).toMatchObject({
      outcome: 'failed',
      isForgotten: true,
      message: expect.stringContaining('cannot load its conversation'),
    });
    await driver.close();
    await scripted.close();
  });

  test('is ended soon after a limit for whose end it would wait, and may go on later', async () => {
    const refusal = { error: { status: 429, times: 100, retryAfter: 7200 } };
    const scripted = await startScriptedModel({ script: { turns: [refusal] } });
    const access = async () => ({ baseUrl: scripted.url, credential: { kind: 'api_key' as const, secret: 'k' } });
    const agent = installed.agent('asks-model', 'patient', { gateway: toModel });
    const driver = createAcpDriver({ sandbox: here.sandbox, agent, model: access, hostEnv: {} });
    const { end } = await here.session(driver, { idleMs: 60_000 });
    expect(end).toMatchObject({ outcome: 'rate_limited' });
    expect(Date.parse(end.until ?? '') - Date.now()).toBeGreaterThan(7_000_000);
    expect(await driver.remembers?.({ agentSessionId: 'session-1', homePath: here.room.homePath })).toBe(true);
    await driver.close();
    await scripted.close();
  });

  test('a program that cannot load conversations begins afresh, and is not asked again', async () => {
    const agent = installed.agent('works', '', { gateway: toModel });
    const access = async () => ({
      baseUrl: 'http://127.0.0.1:1',
      credential: { kind: 'api_key' as const, secret: 'k' },
    });
    const driver = createAcpDriver({ sandbox: here.sandbox, agent, model: access, hostEnv: {} });
    const known = { agentSessionId: 'session-1', homePath: here.room.homePath };
    expect(await driver.remembers?.(known)).toBe(true);
    const { end } = await here.session(driver, { resumes: 'session-1' });
    expect(end).toMatchObject({ outcome: 'failed', isForgotten: true, message: 'It cannot load conversations.' });
    expect(await driver.remembers?.(known)).toBe(false);
    await driver.close();
  });
});
