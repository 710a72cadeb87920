import { existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type ScriptedModel, startScriptedModel, type Turn } from '#src/agents/scripted-model.ts';
import { followLogs } from '#src/client/stream.ts';
import type { LogLine } from '#src/domain/log.ts';
import type { Task } from '#src/domain/task.ts';
import { startEmbedded } from '#src/store/postgres.ts';
import { git, makeRepository } from '../helpers/repository.ts';
import { startTestSentra, type TestSentra, until, waitForRun, waitForTask } from '../helpers/sentra.ts';

const canary = 'test-canary-key-123456';
/** The home of the person who started Sentra: with a tool, and with a secret. */
const person = mkdtempSync(path.join(os.tmpdir(), 'sentra-person-'));
const bin = path.join(person, '.local/bin');
const environment = { ANTHROPIC_API_KEY: canary, HOME: person, PATH: `${bin}:${process.env.PATH}` };
const usage = { input_tokens: 1000, output_tokens: 50 };

let model: ScriptedModel;
let sentra: TestSentra;
let repository: ReturnType<typeof makeRepository>;
let task: Task;
let lines: LogLine[];
/** The agent's first words in CODE, and how the task stood when they arrived over the WebSocket. */
let heard: string;

beforeAll(async () => {
  makePerson();
  model = await startScriptedModel({ script: { turns: [] } });
  sentra = await startTestSentra({ env: { ...environment, ANTHROPIC_BASE_URL: model.url } });
  repository = makeRepository({ files: projectWithDependency, remote: true });
  model.setScript({ turns: turnsFor(sentra.home) });
  const project = await sentra.client.addProject({ body: { path: repository.path } });
  const body = { projectId: project.id, title: 'Greet the world', agent: 'claude', autoStart: true };
  const { id } = await sentra.client.createTask({ body });
  heard = await listenWhileItRuns(id);
  task = await waitForTask(sentra, id);
  lines = (await sentra.client.listLogs({ params: { taskId: id }, query: { limit: 5000 } })).items;
}, 120_000);
afterAll(async () => {
  await sentra?.stop();
  await model?.close();
  rmSync(person, { recursive: true, force: true });
});

function makePerson(): void {
  mkdirSync(bin, { recursive: true });
  writeFileSync(path.join(bin, 'pnpm'), '#!/bin/sh\necho "the pnpm of this person"\n', { mode: 0o755 });
  writeFileSync(path.join(person, '.npmrc'), 'token=of-this-person\n');
}

/** Its test needs a package that only an install brings. */
const projectWithDependency = {
  '.gitignore': 'node_modules/\n',
  'package.json': JSON.stringify({
    name: 'greeter',
    version: '1.0.0',
    type: 'module',
    scripts: { test: 'node --test' },
    dependencies: { polite: 'file:packages/polite' },
  }),
  'package-lock.json': JSON.stringify({
    name: 'greeter',
    version: '1.0.0',
    lockfileVersion: 3,
    requires: true,
    packages: {
      '': { name: 'greeter', version: '1.0.0', dependencies: { polite: 'file:packages/polite' } },
      'node_modules/polite': { resolved: 'packages/polite', link: true },
      'packages/polite': { version: '1.0.0' },
    },
  }),
  'packages/polite/package.json': JSON.stringify({
    name: 'polite',
    version: '1.0.0',
    type: 'module',
    main: 'index.js',
  }),
  'packages/polite/index.js': "export const polite = (words) => 'Please: ' + words;\n",
  'greet.test.js': `import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { polite } from 'polite';
test('politeness comes from the package', async () => {
  assert.equal(polite('hello'), 'Please: hello');
  if (existsSync('greet.js')) assert.equal((await import('./greet.js')).greet(), 'Please: hello');
});
`,
};

const bash = (command: string): Turn['tool_use'] => [{ name: 'Bash', input: { command, description: 'a command' } }];

/** What the agent tries and must not be able to do, each told by its exit code. */
const attacks = (home: string) =>
  [
    'git add -A; git commit -q -m mine; echo "commit exits $?"',
    'touch "$(git rev-parse --git-common-dir)/x"; echo "touch common exits $?"',
    'touch "$(git rev-parse --git-dir)/x"; echo "touch own exits $?"',
    'echo elsewhere > .git; echo "overwrite exits $?"',
    `cat ${home}/token; echo "token exits $?"`,
    `cat ${home}/worker-id; echo "home exits $?"`,
    `cat ${person}/.npmrc; echo "person exits $?"`,
  ].join('\n');

function turnsFor(home: string): Turn[] {
  return [
    {
      match: 'Phase: PLAN',
      tool_use: [
        {
          name: 'StructuredOutput',
          input: { summary: 'Add greet.', plan: '# Plan\n\nAdd greet.js.', writeTests: false },
        },
      ],
      usage,
    },
    {
      match: 'Phase: REVIEW',
      tool_use: [{ name: 'StructuredOutput', input: { verdict: 'approve', summary: 'Right.', comments: [] } }],
      usage,
    },
    {
      match: 'Phase: CODE',
      thinking: 'The package does the work.',
      text: 'I write greet.js now.',
      tool_use: [
        {
          name: 'Write',
          input: {
            file_path: '{{cwd}}/greet.js',
            content: "import { polite } from 'polite';\nexport const greet = () => polite('hello');\n",
          },
        },
      ],
      usage,
    },
    { match: 'greet.js', text: 'I run the tests.', tool_use: bash('pnpm --version; npm test 2>&1 | tail -20'), usage },
    {
      text: 'I look around.',
      tool_use: bash('env; cat /proc/self/environ /proc/1/environ | tr "\\0" "\\n"; ps auxeww'),
      usage,
    },
    { tool_use: bash(attacks(home)), usage },
    { text: 'greet.js is written.', usage },
  ];
}

/** Follows the log over its WebSocket until the agent speaks in CODE, and looks how the task stands at that moment. */
async function listenWhileItRuns(taskId: string): Promise<string> {
  const stop = new AbortController();
  let heard: string | undefined;
  const onLine = (line: LogLine) => {
    if (line.phase === 'CODE' && line.metadata.kind === 'message') heard ??= line.message;
  };
  const following = followLogs(sentra, { taskId, filter: {} }, onLine, stop.signal);
  await until(() => heard !== undefined, 60_000, sentra.output);
  const { status, phase } = await sentra.client.getTask({ params: { id: taskId } });
  stop.abort();
  await following;
  return `${heard} ${status} ${phase}`;
}

test('a task goes through all phases by Claude Code, to an open pull request', async () => {
  expect(task).toMatchObject({ status: 'in_review', error: null, isolation: 'shared', pullRequest: { state: 'open' } });
  const { items } = await sentra.client.listRuns({ params: { id: task.id } });
  expect(items[0]?.phases.map((p) => `${p.phase} ${p.attempt} ${p.state}`)).toEqual([
    'PLAN 1 passed',
    'CODE 1 passed',
    'TEST 1 passed',
    'REVIEW 1 passed',
  ]);
  expect(git(repository.remote, 'show', `${task.branchName}:greet.js`)).toContain("polite('hello')");
  expect(git(repository.path, 'show', `${task.branchName}:.sentra/plans/${task.id}.md`)).toContain('Add greet.js.');
});

test('the dependencies were installed, and the tests really used them', async () => {
  expect(lines.map((l) => l.message).join('\n')).toMatch(/Dependencies installed by `npm ci/);
  expect(existsSync(path.join(task.worktreePath ?? '', 'node_modules/polite'))).toBe(true);
  const { items } = await sentra.client.listEvidence({ params: { id: task.id } });
  expect(items.find((e) => e.kind === 'tests')).toMatchObject({ passed: true, exitCode: 0 });
});

test('cost and tokens are the sum of all sessions', async () => {
  expect(task.tokens).toBeGreaterThanOrEqual(7 * (usage.input_tokens + usage.output_tokens));
  expect(task.costUsd).toBeGreaterThan(0);
  const { items } = await sentra.client.listRuns({ params: { id: task.id } });
  const sum = (items[0]?.phases ?? []).reduce((total, p) => total + (p.costUsd ?? 0), 0);
  expect(task.costUsd).toBeCloseTo(sum, 6);
});

test("the agent has the tools of the person's home, and nothing else of it", () => {
  expect(resultOf('pnpm --version')).toContain('the pnpm of this person');
  expect(resultOf('pnpm --version')).toMatch(/pass 1/);
  expect(resultOf('git add -A')).toMatch(/person exits [1-9]/);
});

test("the agent's words are heard while its session runs", () => {
  expect(heard).toBe('I write greet.js now. running CODE');
});

test('what the agent said and did is in the log line by line, in order', () => {
  const told = lines
    .filter(
      (l) => l.phase === 'CODE' && ['thinking', 'message', 'tool_call', 'tool_result'].includes(l.metadata.kind ?? ''),
    )
    .map((l) => `${l.metadata.kind} ${l.metadata.toolUsed ?? l.message}`);
  expect(told.slice(0, 6)).toEqual([
    'thinking The package does the work.',
    'message I write greet.js now.',
    'tool_call Write',
    'tool_result Write',
    'message I run the tests.',
    'tool_call Bash',
  ]);
  expect(lines.map((l) => l.seq)).toEqual(lines.map((_, at) => at + 1));
});

test('sessions and their transcripts are kept', async () => {
  const sessions = await query<{
    phase: string;
    agent_session_id: string;
    id: string;
    outcome: string;
    records: string;
  }>(
    `select s.phase, s.id, s.agent_session_id, s.outcome, count(t.*) as records from sentra.agent_sessions s
     left join sentra.transcripts t on t.session_id = s.id group by s.id order by s.started_at`,
  );
  expect(sessions.map((s) => [s.phase, s.outcome])).toEqual([
    ['PLAN', 'done'],
    ['CODE', 'done'],
    ['REVIEW', 'done'],
  ]);
  for (const session of sessions) {
    expect(session.agent_session_id).toBe(session.id);
    expect(Number(session.records)).toBeGreaterThan(0);
  }
  for (const { id } of sessions) {
    const raw = await sentra.client.downloadRaw({
      params: { taskId: task.id },
      query: { session: id, stream: 'messages' },
    });
    const records = (await new Response(raw.body).text())
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line).type)
      .filter((type) => type !== 'command_lifecycle'); // what became of a prompt that Claude Code was given
    expect([records[0], records.at(-1)]).toEqual(['system', 'result']);
    expect(records).toContain('assistant');
  }
});

test('the credential reaches the model and nothing else: not the agent, the log, the database, the worktree, the commits', async () => {
  expect(new Set(model.requests().map((r) => r.apiKey))).toEqual(new Set([canary]));
  const looked = resultOf('env;');
  expect(looked).toContain('ANTHROPIC_API_KEY=kept-by-sentra');
  expect(looked).toContain('FRONTEND_PORT=');
  expect(looked).not.toContain(canary);
  expect(looked).not.toContain(sentra.token);
  expect(JSON.stringify(lines)).not.toContain(canary);
  expect(sentra.output()).not.toContain(canary);
  const kept = await query<{ found: string }>(
    `select data::text as found from sentra.events where data::text like '%${canary}%'
     union all select data::text from sentra.evidence where data::text like '%${canary}%'
     union all select row_to_json(s)::text from dbos.workflow_status s where row_to_json(s)::text like '%${canary}%'
     union all select row_to_json(s)::text from dbos.operation_outputs s where row_to_json(s)::text like '%${canary}%'`,
  );
  expect(kept).toEqual([]);
  const raw = await sentra.client.downloadRaw({ params: { taskId: task.id }, query: {} });
  expect(await new Response(raw.body).text()).not.toContain(canary);
  expect(await filesWith(canary, task.worktreePath ?? '')).toEqual([]);
  expect(git(repository.path, 'log', '-p', '--all')).not.toContain(canary);
});

test('the agent cannot write to git, and cannot read the home of Sentra', () => {
  const tried = resultOf('git add -A');
  for (const attack of ['commit', 'touch common', 'touch own', 'overwrite', 'token', 'home', 'person'])
    expect(tried).toMatch(new RegExp(`${attack} exits [1-9]`));
  expect(tried).not.toContain(sentra.token);
  expect(git(repository.path, 'log', '--format=%s', task.branchName ?? '').split('\n')).toEqual([
    'code: Greet the world',
    'plan: Plan for Greet the world',
    'Begin',
  ]);
  expect(existsSync(path.join(repository.path, '.git/x'))).toBe(false);
  expect(readFileSync(path.join(task.worktreePath ?? '', '.git'), 'utf8')).toMatch(/^gitdir: /);
});

test('without isolation the same attacks succeed, and the token that is read does not get into the log', async () => {
  const open = makeRepository({ config: { isolation: 'none' } });
  const project = await sentra.client.addProject({ body: { path: open.path } });
  const body = {
    projectId: project.id,
    title: 'Attack',
    agent: 'claude',
    workflowType: 'code' as const,
    autoStart: true,
  };
  const { id } = await sentra.client.createTask({ body });
  expect(await waitForRun(sentra, id)).toMatchObject({ isolation: 'none' });
  const log = (await sentra.client.listLogs({ params: { taskId: id }, query: { limit: 5000 } })).items;
  const tried = resultOf('git add -A', log);
  for (const attack of ['touch common', 'token', 'home', 'person']) expect(tried).toContain(`${attack} exits 0`);
  expect(JSON.stringify(log)).not.toContain(sentra.token);
});

async function filesWith(text: string, folder: string): Promise<string[]> {
  const files = await readdir(folder, { recursive: true, withFileTypes: true });
  const paths = files.filter((f) => f.isFile()).map((f) => path.join(f.parentPath, f.name));
  return paths.filter((file) => readFileSync(file).includes(text));
}

/** Output of the agent's command that begins so. */
function resultOf(command: string, log = lines): string {
  const call = log.find((l) => l.metadata.kind === 'tool_call' && l.message.startsWith(`Bash: ${command}`));
  return (
    log.find((l) => l.metadata.kind === 'tool_result' && l.metadata.callId === call?.metadata.callId)?.message ?? ''
  );
}

async function query<T extends object>(sql: string): Promise<T[]> {
  const { url } = await startEmbedded({ home: sentra.home });
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    return (await client.query<T>(sql)).rows;
  } finally {
    await client.end();
  }
}
