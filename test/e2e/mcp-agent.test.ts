import { rmSync } from 'node:fs';
import path from 'node:path';
import { type Options, query, type SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { findClaudeProgram } from '#src/agents/claude-program.ts';
import { type ScriptedModel, startScriptedModel, type Turn } from '#src/agents/scripted-model.ts';
import { agentConfig, makeRepository } from '../helpers/repository.ts';
import { makeHome, startTestSentra, type TestSentra, waitForTask } from '../helpers/sentra.ts';

type McpServers = NonNullable<Options['mcpServers']>;

const main = path.resolve(import.meta.dirname, '../../src/main.ts');

let model: ScriptedModel;
let sentra: TestSentra;
let projectId: string;

beforeAll(async () => {
  model = await startScriptedModel({ script: { turns: [] } });
  sentra = await startTestSentra();
  const repository = makeRepository({ config: agentConfig() });
  projectId = (await sentra.client.addProject({ body: { path: repository.path } })).id;
});
afterAll(async () => {
  await sentra?.stop();
  await model?.close();
  for (const home of homes) rmSync(home, { recursive: true, force: true });
});

const homes: string[] = [];
const aHome = (): string => {
  const home = makeHome();
  homes.push(home);
  return home;
};

const overHttp = (token: string): McpServers => ({
  sentra: { type: 'http', url: `${sentra.url}/mcp`, headers: { Authorization: `Bearer ${token}` } },
});

const overStdio = (token: string): McpServers => ({
  sentra: {
    type: 'stdio',
    command: process.execPath,
    args: [main, 'mcp'],
    env: { SENTRA_URL: sentra.url, SENTRA_TOKEN: token, SENTRA_HOME: aHome() },
  },
});

/** Creates a task, starts it with the id that the answer told, and looks at it. */
const turns = (title: string): Turn[] => [
  {
    match: 'Say hello',
    tool_use: [{ name: 'mcp__sentra__create_task', input: { projectId, title, type: 'chore' } }],
  },
  {
    match: '"id":\\s*"(task-\\w{12})".*"status":\\s*"pending"',
    tool_use: [{ name: 'mcp__sentra__execute_workflow', input: { workflowName: 'full_sdlc', taskId: '{{1}}' } }],
  },
  {
    match: '"taskId":\\s*"(task-\\w{12})"',
    tool_use: [{ name: 'mcp__sentra__get_task', input: { taskId: '{{1}}' } }],
  },
  { text: 'It runs.' },
];

/** A whole conversation of the real Claude Code, which may use Sentra's tools and no others. */
async function converse(mcpServers: McpServers): Promise<SDKMessage[]> {
  const home = aHome();
  const messages: SDKMessage[] = [];
  const conversation = query({
    prompt: 'Say hello with Sentra.',
    options: {
      cwd: home,
      env: {
        PATH: process.env.PATH,
        HOME: home,
        ANTHROPIC_BASE_URL: model.url,
        ANTHROPIC_API_KEY: 'scripted',
        CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC: '1',
      },
      pathToClaudeCodeExecutable: findClaudeProgram(),
      mcpServers,
      mcpServersDelivery: 'initialize',
      strictMcpConfig: true,
      settingSources: [],
      tools: [],
      allowedTools: ['mcp__sentra'],
      permissionMode: 'dontAsk',
    },
  });
  for await (const message of conversation) messages.push(message);
  return messages;
}

const offeredTools = (messages: SDKMessage[]): string[] =>
  messages.flatMap((m) => (m.type === 'system' && m.subtype === 'init' ? m.tools : []));

/** Tools that were used, each with whether it succeeded. */
function usedTools(messages: SDKMessage[]): string[] {
  const names = new Map<string, string>();
  const told: string[] = [];
  for (const message of messages) {
    if (message.type !== 'assistant' && message.type !== 'user') continue;
    for (const block of Array.isArray(message.message.content) ? message.message.content : []) {
      if (block.type === 'tool_use') names.set(block.id, block.name);
      if (block.type === 'tool_result')
        told.push(`${names.get(block.tool_use_id)} ${block.is_error ? JSON.stringify(block.content) : 'ok'}`);
    }
  }
  return told;
}

for (const [way, servers] of [
  ['over HTTP', overHttp],
  ['over stdio', overStdio],
] as const) {
  test(`the real Claude Code creates a task ${way}, starts it, and the task ends in review`, async () => {
    const title = `Say hello ${way}`;
    model.setScript({ turns: turns(title) });
    const messages = await converse(servers(sentra.token));
    expect(usedTools(messages)).toEqual([
      'mcp__sentra__create_task ok',
      'mcp__sentra__execute_workflow ok',
      'mcp__sentra__get_task ok',
    ]);
    expect(messages.at(-1)).toMatchObject({ type: 'result', subtype: 'success', result: 'It runs.' });
    const { items } = await sentra.client.listTasks({ query: { q: title } });
    expect(items).toMatchObject([{ title, type: 'chore', workflowType: 'full_sdlc' }]);
    const task = await waitForTask(sentra, items[0]?.id ?? '');
    expect(task).toMatchObject({ status: 'in_review', error: null, pullRequest: { state: 'open' } });
  });
}

test('with a wrong token Claude Code is offered no tool of Sentra', async () => {
  model.setScript({ turns: [{ text: 'I have no tools.' }] });
  const messages = await converse(overHttp('wrong'));
  expect(offeredTools(messages).filter((name) => name.startsWith('mcp__sentra'))).toEqual([]);
  expect(offeredTools(await converse(overHttp(sentra.token)))).toContain('mcp__sentra__create_task');
});

test('with a wrong token over stdio every tool refuses and changes nothing', async () => {
  const title = 'Never made';
  model.setScript({ turns: turns(title) });
  const used = usedTools(await converse(overStdio('wrong')));
  expect(used[0]).toMatch(/create_task .*unauthorized/);
  expect((await sentra.client.listTasks({ query: { q: title } })).items).toEqual([]);
});
