import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, describe, expect, test } from 'vitest';
import { createAgents } from '#src/agents/registry.ts';
import { ProjectConfig } from '#src/domain/project-config.ts';
import { createSessions } from './driver-contract.ts';

const here = await createSessions(true);
const demoScriptPath = join(here.room.worktreePath, 'script.json');
await writeFile(demoScriptPath, JSON.stringify({ turns: [{ match: 'hello', text: 'The script speaks.' }] }));
const agents = createAgents({
  sandbox: here.sandbox,
  model: { baseUrl: 'http://127.0.0.1:1', credential: null },
  demoScriptPath,
  more: { 'demo-command': { kind: 'command', command: ['node', 'demo.mjs'] } },
});
afterAll(async () => {
  await agents.close();
  await here.close();
});

const config = ProjectConfig.parse({
  agents: {
    default: 'mine',
    phases: { review: 'strict' },
    mine: { kind: 'command', command: ['node', 'mine.mjs'] },
    strict: { kind: 'command', command: ['no-such-reviewer'] },
  },
});
const bare = ProjectConfig.parse({});

test('what a task asks of its agents is refused where one of its phases has an agent that cannot be given it', () => {
  const ask = (agent: string | null, choice: { model?: string; effort?: string }, project = bare) =>
    agents.explainChoice({ agent, model: null, effort: null, ...choice }, project, ['PLAN', 'CODE', 'TEST', 'REVIEW']);
  expect(ask(null, { model: 'claude-opus-5-5', effort: 'max' })).toBeUndefined();
  expect(ask('opencode', { model: 'small', effort: 'its own word' })).toBeUndefined();
  expect(ask(null, { effort: 'hihg' })).toBe(
    'The agent "claude" has no effort "hihg": it takes low, medium, high, xhigh, max.',
  );
  expect(ask(null, { model: 'small' }, config)).toMatch(/^The agent "mine" cannot be given a model, .*"small"/);
  const reviewed = ProjectConfig.parse({ agents: { ...config.agents, default: 'claude' } });
  expect(ask(null, { effort: 'low' }, reviewed)).toMatch(/^The agent "strict" cannot be given an effort/);
  expect(ask('no-such-agent', { model: 'small' })).toBeUndefined(); // told when it starts
});

describe('the agent of a session', () => {
  test("is the task's own, then the phase's, then the project's, then Claude", () => {
    expect(agents.driverFor('demo', config, 'REVIEW').name).toBe('demo');
    expect(agents.driverFor(null, config, 'REVIEW').name).toBe('strict');
    expect(agents.driverFor(null, config, 'CODE').name).toBe('mine');
    expect(agents.driverFor(null, config, 'CONFLICT').name).toBe('mine');
    expect(agents.driverFor(null, bare, 'CODE').name).toBe('claude');
  });

  test('that nobody defined is refused with the names that are valid', () => {
    const ask = (name: string) => () => agents.driverFor(name, config, 'CODE');
    expect(ask('min')).toThrow(
      /There is no agent "min". Did you mean "mine"\? Valid are claude, demo, demo-command, .*gemini.*, mine, strict/,
    );
    expect(ask('constructor')).toThrow(/There is no agent "constructor"/);
  });
});

test('the list tells which agents can be started, and why the others cannot', async () => {
  const list = await agents.list(config);
  const known = list.filter(({ source }) => source !== 'preset');
  expect(known.map(({ name, kind, available }) => [name, kind, available])).toEqual([
    ['claude', 'claude', false],
    ['demo', 'claude', true],
    ['demo-command', 'command', true],
    ['mine', 'command', true],
    ['strict', 'command', false],
  ]);
  expect(list.find(({ name }) => name === 'strict')?.reason).toMatch(/"no-such-reviewer" was not found/);
});

test('well-known programs are known by name, and a project gets no login that the server does not give it', async () => {
  const list = await agents.list(config);
  const gemini = list.find(({ name }) => name === 'gemini');
  expect(gemini).toMatchObject({ kind: 'acp', source: 'preset', title: 'Gemini CLI', installed: false });
  expect(gemini?.reason).toMatch(/"gemini" was not found/);
  const login = { variables: ['SOME_KEY'], files: [] };
  const greedy = ProjectConfig.parse({ agents: { greedy: { kind: 'acp', command: ['node', 'x.mjs'], login } } });
  const { driver } = agents.driverFor('greedy', greedy, 'CODE');
  expect(await driver.unavailable()).toMatch(/names SOME_KEY.*SENTRA_AGENT_LOGINS/);
  expect((await here.session(driver)).end).toMatchObject({ outcome: 'unable' });
});

test('well-known programs reach their model through the gateway where the server has a key for it, and are given no key then', async () => {
  const withKeys = createAgents({
    sandbox: here.sandbox,
    model: { baseUrl: 'http://127.0.0.1:1', credential: null },
    demoScriptPath,
    hostEnv: { OPENAI_API_KEY: 'sk-real', GEMINI_API_KEY: 'AIza-real' },
  });
  const own = ProjectConfig.parse({ agents: { own: { kind: 'acp', command: ['own'], gateway: 'google' } } });
  const told = (driver: ReturnType<typeof withKeys.driverFor>['driver']) =>
    [driver.capabilities.gateway, driver.capabilities.cost, driver.credential].join(' ');
  const all = (of: typeof agents) =>
    ['gemini', 'qwen', 'codex-acp', 'codex', 'own'].map((name) => told(of.driverFor(name, own, 'CODE').driver));
  expect(all(withKeys)).toEqual([
    'true counted gemini',
    'true counted codex',
    'true counted codex',
    'true counted codex',
    'true counted gemini',
  ]);
  expect(all(agents)).toEqual([
    'false told acp gemini',
    'false told acp qwen',
    'false told acp codex-acp',
    'false told codex',
    'true counted gemini',
  ]);
  expect(await agents.driverFor('own', own, 'CODE').driver.unavailable()).toMatch(/set GEMINI_API_KEY|was not found/);
  await withKeys.close();
});

test('the demo agent is the real Claude Code on the bundled script', async () => {
  const { driver } = agents.driverFor('demo', bare, 'CODE');
  const { end } = await here.session(driver);
  expect(end).toMatchObject({ outcome: 'done', text: 'The script speaks.' });
});
