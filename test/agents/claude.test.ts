import { randomUUID } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { AgentEvent } from '#src/agents/agent.ts';
import { readAnswer } from '#src/agents/answer.ts';
import { createClaudeDriver } from '#src/agents/claude.ts';
import type { ModelAccess } from '#src/agents/gateway.ts';
import { type ModelScript, type ScriptedModel, startScriptedModel, type Turn } from '#src/agents/scripted-model.ts';
import { defaultPrices } from '#src/domain/default-prices.ts';
import { priceTotal } from '#src/domain/spending.ts';
import type { Sandbox } from '#src/sandbox/sandbox.ts';
import { type Behaviour, createSessions, describeDriver } from './driver-contract.ts';

const bash = (command: string): Turn['tool_use'] => [{ name: 'Bash', input: { command, description: 'a command' } }];

const answer: Turn = {
  text: 'All is written.',
  tool_use: [{ name: 'StructuredOutput', input: { summary: 'It says hello.', verdict: 'approve' } }],
};
const write: Turn = {
  text: 'I write the file.',
  tool_use: [{ name: 'Write', input: { file_path: '{{cwd}}/hello.txt', content: 'hello\n' } }],
  usage: { input_tokens: 1200, output_tokens: 80 },
};

const scripts = (word: string): Record<Behaviour, ModelScript> => ({
  works: { turns: [write, answer] },
  environment: { turns: [{ tool_use: bash('env > environment.txt') }, { text: 'Done.' }] },
  silent: { turns: [{ hang: true }] },
  busy: {
    turns: [{ tool_use: bash(`setsid node -e 'setInterval(() => {}, 60000)' ${word} & wait`) }],
  },
  noisy: { turns: [{ always: true, text: 'Still here.', tool_use: bash('echo again'), delayMs: 100 }] },
  hears: {
    turns: [{ match: 'Be brief', text: 'I hear: Be brief.' }, { text: 'I hear the task.' }, { text: 'Nothing more.' }],
  },
  goesOn: {
    turns: [
      { match: 'Stop that', text: 'I hear: Stop that.' },
      { text: 'I begin.', tool_use: bash('while :; do read -t 1 < /dev/zero; done') },
    ],
  },
  fails: { turns: [{ error: { status: 400, times: 100, message: 'the disk is on fire' } }] },
});

const accessTo = (model: ScriptedModel): ModelAccess => ({
  baseUrl: model.url,
  credential: { kind: 'api_key', secret: 'the-real-key' },
});

for (const confined of [true, false]) {
  const opened: { close(): Promise<void> }[] = [];
  const open = async (script: ModelScript, sandbox: Sandbox) => {
    const model = await startScriptedModel({ script });
    const driver = createClaudeDriver({ sandbox, model: accessTo(model), definition: {} });
    opened.push(driver, model);
    return driver;
  };
  describeDriver({
    name: 'Claude Code',
    confined,
    driver: (behaviour, { sandbox, word }) => open(scripts(word)[behaviour], sandbox),
    crashing: ({ sandbox }) => open({ default: { tool_use: bash('kill -ABRT $PPID; sleep 60') }, turns: [] }, sandbox),
    close: async () => {
      for (const one of opened) await one.close();
    },
  });
}

describe('Claude Code', () => {
  let here: Awaited<ReturnType<typeof createSessions>>;
  let model: ScriptedModel;
  beforeAll(async () => {
    here = await createSessions(true);
    model = await startScriptedModel({ script: { turns: [] } });
  });
  afterAll(async () => {
    await model.close();
    await here.close();
  });
  const sessionOn = async (script: ModelScript, access: ModelAccess = accessTo(model), retries?: number) => {
    model.setScript(script);
    const more = retries === undefined ? {} : { retries };
    const driver = createClaudeDriver({ sandbox: here.sandbox, model: access, definition: {}, ...more });
    try {
      return await here.session(driver);
    } finally {
      await driver.close();
    }
  };

  test('tool calls read as one line each, and their results follow them', async () => {
    const turns = [write, { text: 'I look at it.', tool_use: bash('cat hello.txt && git status --short') }];
    const { events } = await sessionOn({ turns: [...turns, { match: 'hello', text: 'It says: {{last}}' }] });
    expect(events).toContainEqual({ kind: 'file_change', path: 'hello.txt', change: 'written' });
    const told = events.flatMap((event) => {
      if (event.kind === 'tool_call') return [event.summary];
      return event.kind === 'tool_result' ? [`${event.tool} ${event.isError ? 'failed' : 'ok'}`] : [];
    });
    expect(told).toEqual(['Write hello.txt', 'Write ok', 'Bash: cat hello.txt && git status --short', 'Bash ok']);
    expect(events.findLast((event) => event.kind === 'message')).toMatchObject({
      text: expect.stringContaining('?? hello.txt'),
    });
  });

  test("works with what the task asks for, over the agent's definition", async () => {
    const look = "tr '\\0' ' ' < /proc/$PPID/cmdline";
    model.setScript({ turns: [{ tool_use: bash(look) }, { text: 'Started with {{last}}' }] });
    const definition = { model: 'claude-sonnet-5', effort: 'low' } as const;
    const driver = createClaudeDriver({ sandbox: here.sandbox, model: accessTo(model), definition });
    const asked = { model: 'claude-opus-5-5', effort: 'max' };
    const { end, events } = await here.session(driver, asked).finally(() => driver.close());
    expect(events.find(({ kind }) => kind === 'started')).toMatchObject({ model: 'claude-opus-5-5' });
    expect(end.text).toMatch(/--effort=max/);
  });

  test('the model is given the real credential, and the agent never has it', async () => {
    const { end } = await sessionOn({ turns: [{ tool_use: bash('env > environment.txt') }, { text: 'Done.' }] });
    expect(end.outcome).toBe('done');
    const keys = new Set(model.requests().map(({ apiKey, authorization }) => `${apiKey}|${authorization}`));
    expect([...keys]).toEqual(['the-real-key|']);
    const inside = await readFile(join(here.room.worktreePath, 'environment.txt'), 'utf8');
    expect(inside).toContain('ANTHROPIC_API_KEY=kept-by-sentra');
  });

  test('an OAuth token is sent as a bearer token', async () => {
    const credential = { kind: 'oauth', secret: 'the-real-token' } as const;
    const { end } = await sessionOn({ turns: [{ text: 'Done.' }] }, { baseUrl: model.url, credential });
    expect(end.outcome).toBe('done');
    expect(model.requests().map(({ authorization }) => authorization)).toContain('Bearer the-real-token');
  });

  test('a wrong key ends the session at once and says what to check', async () => {
    const startedAt = performance.now();
    const { end } = await sessionOn({ turns: [{ error: { status: 401, times: 100 } }] });
    expect(end.outcome).toBe('auth');
    expect(end.message).toMatch(/check ANTHROPIC_API_KEY/);
    expect(performance.now() - startedAt).toBeLessThan(8_000);
  });

  test('a model that is overloaded or breaks off is tried again', async () => {
    const turn: Turn = { text: 'There at last.', error: { status: 529 }, cut: { afterEvents: 2 } };
    const { end, events } = await sessionOn({ turns: [turn] });
    expect(end).toMatchObject({ outcome: 'done', text: 'There at last.' });
    expect(events.find((event) => event.kind === 'retry')).toMatchObject({ message: expect.stringContaining('529') });
  });

  const usageEvents = (events: readonly AgentEvent[]) => events.filter((event) => event.kind === 'usage');

  test('what answers take is told while they come, and agrees to the micro-dollar with what Claude Code says in the end', async () => {
    const usage = { output_tokens: 70_000, cache_read_input_tokens: 50_000, cache_creation_input_tokens: 20_000 };
    const turns = [write, { text: 'Done.', usage: { input_tokens: 300_000, ...usage } }];
    const { end, events } = await sessionOn({ turns });
    const told = usageEvents(events);
    expect(told.map(({ isWhole }) => isWhole)).toEqual([false, false, true]);
    expect(told[0]?.totals).toMatchObject([{ inputTokens: 1200, outputTokens: 80, costMicros: null }]);
    const [counted, said] = [told.at(-2)?.totals ?? [], told.at(-1)?.totals ?? []];
    expect(counted).toMatchObject([{ inputTokens: 301_200, outputTokens: 70_080, cacheReadTokens: 50_000 }]);
    const reckoned = counted.map((total) => priceTotal(total, defaultPrices).costMicros);
    expect(said.map(({ costMicros }) => costMicros)).toEqual(reckoned);
    expect(Math.round((end.costUsd ?? 0) * 1e6)).toBe(reckoned[0]);
  });

  test('a session that is cut off in the middle has told what it took until then', async () => {
    const cancel = new AbortController();
    model.setScript({ turns: [write, { hang: true }] });
    const driver = createClaudeDriver({ sandbox: here.sandbox, model: accessTo(model), definition: {} });
    const events: AgentEvent[] = [];
    const listen = async (event: AgentEvent) => {
      events.push(event);
      if (event.kind === 'tool_result') cancel.abort();
    };
    expect((await driver.run(here.request(), listen, cancel.signal)).outcome).toBe('cancelled');
    await driver.close();
    expect(usageEvents(events).at(-1)?.totals).toMatchObject([{ inputTokens: 1200, outputTokens: 80 }]);
  });

  test('it keeps to the budget that it is given, and says that this ended it', async () => {
    const usage = { input_tokens: 1_000_000, output_tokens: 1000 };
    model.setScript({ turns: [{ ...write, always: true, usage }] });
    const driver = createClaudeDriver({ sandbox: here.sandbox, model: accessTo(model), definition: {} });
    const { end, events } = await here.session(driver, { budgetUsd: 0.01 });
    await driver.close();
    expect(end.outcome).toBe('budget');
    expect(model.requests().length).toBeLessThanOrEqual(2);
    expect(usageEvents(events).at(-1)).toMatchObject({ isWhole: true });
  });

  test('a model that nobody has a price for has an unknown one', async () => {
    model.setScript({ turns: [{ text: 'Done.' }] });
    const definition = { model: 'nobody-knows-1' };
    const driver = createClaudeDriver({ sandbox: here.sandbox, model: accessTo(model), definition });
    const { end, events } = await here.session(driver);
    await driver.close();
    expect(end).toMatchObject({ outcome: 'done', costUsd: null, usage: { inputTokens: 100 } });
    expect(usageEvents(events).at(-1)?.totals).toMatchObject([{ model: 'nobody-knows-1', costMicros: null }]);
  });

  test('a limit that lasts for hours ends the session and says until when', async () => {
    const error = { status: 429, times: 100, retryAfter: 7200 };
    const { end } = await sessionOn({ turns: [{ error }] });
    expect(end).toMatchObject({ outcome: 'rate_limited', message: expect.stringContaining('lets nobody in until') });
    const waitMs = Date.parse(end.until ?? '') - Date.now();
    expect(waitMs).toBeGreaterThan(7_000_000);
    expect(waitMs).toBeLessThan(7_300_000);
  });

  test('a session that a limit ended goes on in a later one, with all that was said, and costs what it adds itself', async () => {
    const run = async (turns: Turn[], resumes?: string) => {
      model.setScript({ turns });
      const driver = createClaudeDriver({ sandbox: here.sandbox, model: accessTo(model), definition: {} });
      const sessionId = randomUUID();
      const session = await here.session(driver, { sessionId, ...(resumes ? { resumes, prompt: 'Go on.' } : {}) });
      await driver.close(); // with it the limit is over
      const { homePath } = here.room;
      return { ...session, sessionId, isRemembered: await driver.remembers?.({ agentSessionId: sessionId, homePath }) };
    };
    const refusal: Turn = { error: { status: 429, times: 100, retryAfter: 7200 } };
    const first = await run([write, refusal]);
    const again = await run([refusal], first.sessionId);
    for (const { end, isRemembered } of [first, again])
      expect([end.outcome, isRemembered]).toEqual(['rate_limited', true]);
    const last = await run(
      [{ match: 'Go on', text: 'I go on.', usage: { input_tokens: 30, output_tokens: 7 } }],
      again.sessionId,
    );
    const own = { inputTokens: 30, outputTokens: 7 };
    expect(last.end).toMatchObject({ outcome: 'done', text: 'I go on.', costUsd: null, usage: own });
    expect(usageEvents(last.events).at(-1)?.totals).toMatchObject([own]);
    const [asked] = model.requests();
    expect(asked?.conversation).toBe(last.sessionId);
    expect(asked?.last).toMatch(/hello\.txt.*Go on\./s);
  });

  test.each([
    [529, 'overloaded', 'overloaded', /overloaded or out of order/],
    [500, 'boom', 'overloaded', /out of order/],
    [400, 'prompt is too long: 250000 tokens > 200000 maximum', 'failed', /too long/i],
  ])('a model that answers %i for ever (%s) ends the session as %s', async (status, said, outcome, message) => {
    const error = { status, times: 100, message: said };
    const { end } = await sessionOn({ turns: [{ error }] }, accessTo(model), 1);
    expect(end.outcome).toBe(outcome);
    expect(end.message).toMatch(message);
  });

  test('a model whose every answer breaks off ends the session as overloaded, to be tried again later', async () => {
    const { end } = await sessionOn(
      { turns: [{ text: 'Half.', cut: { afterEvents: 3, times: 100 } }] },
      accessTo(model),
      1,
    );
    expect(end).toMatchObject({ outcome: 'overloaded', message: expect.stringMatching(/out of order/) });
  });

  test('it takes no more turns than its definition gives it, and says that this ended it', async () => {
    model.setScript({ turns: [], default: { tool_use: bash('echo again') } });
    const driver = createClaudeDriver({ sandbox: here.sandbox, model: accessTo(model), definition: { maxTurns: 2 } });
    const { end } = await here.session(driver).finally(() => driver.close());
    expect(end).toMatchObject({ outcome: 'failed', message: expect.stringContaining('agents.<name>.maxTurns') });
    expect(model.requests().length).toBeLessThan(6);
  });

  test('an answer that was not given in the form asked for is found in the words', async () => {
    const { end } = await sessionOn({ turns: [{ text: 'Here:\n```json\n{"summary":"in words"}\n```' }] });
    expect(readAnswer(end).answer).toMatchObject({ summary: 'in words' });
  });

  test('without a credential it is unavailable, and says which variables to set', async () => {
    const { sandbox } = here;
    const driver = createClaudeDriver({ sandbox, model: { baseUrl: model.url, credential: null }, definition: {} });
    expect(await driver.unavailable()).toMatch(/set ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN/);
    expect((await here.session(driver)).end.outcome).toBe('auth');
  });
});
