import { Client as McpClient, StreamableHTTPClientTransport } from '@modelcontextprotocol/client';
import { InMemoryTransport } from '@modelcontextprotocol/server';
import { afterEach, expect, test } from 'vitest';
import { createClient } from '#src/client/client.ts';
import { newSpan } from '#src/domain/span.ts';
import { SentraError } from '#src/errors.ts';
import { createMcpHttpHandler } from '#src/mcp/http.ts';
import { createMcpServer } from '#src/mcp/server.ts';
import { aTask, contractApi, type Handlers } from '../helpers/contract-api.ts';

const open: McpClient[] = [];
afterEach(async () => {
  for (const client of open.splice(0)) await client.close();
});

const apiClient = (handlers: Handlers) =>
  createClient({ url: 'http://sentra.test', token: 'secret', fetch: contractApi(handlers) });

async function connect(handlers: Handlers): Promise<McpClient> {
  const [ours, theirs] = InMemoryTransport.createLinkedPair();
  await createMcpServer(apiClient(handlers), '1.2.3').connect(ours);
  const client = new McpClient({ name: 'test', version: '1' });
  await client.connect(theirs);
  open.push(client);
  return client;
}

const textOf = (result: unknown) => (result as { content: { text: string }[] }).content[0]?.text ?? '';

test('every tool of the contract is there, with schemas and annotations', async () => {
  const { tools } = await (await connect({})).listTools();
  expect(tools.map((tool) => tool.name).sort()).toEqual([
    'analyze',
    'approve_analysis',
    'cancel_task',
    'create_task',
    'create_tasks',
    'create_worktree',
    'edit_analysis',
    'execute_workflow',
    'get_analysis',
    'get_costs',
    'get_diff',
    'get_environment',
    'get_evidence',
    'get_logs',
    'get_resources',
    'get_task',
    'get_timeline',
    'list_tasks',
    'list_workflows',
    'merge_task',
    'remove_worktree',
    'retry_task',
    'search_logs',
    'send_message',
    'start_dev_servers',
    'stop_dev_servers',
    'update_task',
    'why',
  ]);
  for (const tool of tools) {
    expect(tool.inputSchema.type, tool.name).toBe('object');
    expect(tool.outputSchema?.type, tool.name).toBe('object');
    expect(tool.annotations, tool.name).toHaveProperty('readOnlyHint');
  }
  expect(tools.find((t) => t.name === 'merge_task')?.annotations?.destructiveHint).toBe(true);
});

test('a timeline is told without its tool calls, unless they are asked for', async () => {
  const at = '2026-01-01T00:00:00.000Z';
  const spans = (['run', 'session', 'tool'] as const).map((kind) =>
    newSpan(kind, kind, kind, { startedAt: at, endedAt: at }),
  );
  const getTimeline = () => ({ taskId: aTask().id, run: null, runs: [], spans, cut: false, now: at });
  const client = await connect({ getTimeline });
  const ask = async (more: object) => {
    const answer = await client.callTool({ name: 'get_timeline', arguments: { taskId: aTask().id, ...more } });
    return (answer.structuredContent as { spans: { kind: string }[] }).spans.map(({ kind }) => kind);
  };
  expect(await ask({})).toEqual(['run', 'session']);
  expect(await ask({ kinds: ['tool'] })).toEqual(['tool']);
});

test('a task that is created by a tool is what the API created', async () => {
  const client = await connect({ createTask: ({ body }) => aTask({ title: body.title, type: body.type }) });
  const result = await client.callTool({
    name: 'create_task',
    arguments: { projectId: 'proj-000000000001', title: 'Fix it', type: 'bug' },
  });
  expect(result.structuredContent).toMatchObject({ id: 'task-aaaa00000001', title: 'Fix it', type: 'bug' });
  expect(JSON.parse(textOf(result))).toEqual(result.structuredContent);
});

test('a refusal comes back as an error with its code and the way out', async () => {
  const client = await connect({
    mergeTask: () => {
      throw new SentraError('merge_conflict', 'It conflicts in a.txt: retry the task.');
    },
  });
  const result = await client.callTool({ name: 'merge_task', arguments: { taskId: 'task-aaaa00000001' } });
  expect(result.isError).toBe(true);
  expect(textOf(result)).toBe('merge_conflict: It conflicts in a.txt: retry the task.');
});

test('an unknown argument is refused by its name', async () => {
  const client = await connect({});
  const result = await client.callTool({ name: 'get_task', arguments: { taskId: 'task-aaaa00000001', tilte: 'x' } });
  expect(result.isError).toBe(true);
  expect(textOf(result)).toContain('tilte');
});

test('execute_workflow starts a run, and with the id of a run answers that run', async () => {
  const run = {
    adwId: 'adw-000000000001',
    taskId: 'task-aaaa00000001',
    workflowType: 'plan',
    status: 'running',
  } as const;
  const times = {
    error: null,
    createdAt: 'x',
    startedAt: null,
    endedAt: null,
    peakMemory: 0,
    cpuSeconds: 0,
    phases: [],
  };
  const started: (string | undefined)[] = [];
  const client = await connect({
    executeTask: ({ params, body }) => {
      started.push(body.workflowType);
      return { message: 'Workflow started', taskId: params.taskId, adwId: 'adw-000000000002' };
    },
    listRuns: () => ({ items: [{ ...run, ...times }] }),
  });
  const call = (adwId?: string) =>
    client.callTool({ name: 'execute_workflow', arguments: { workflowName: 'plan', taskId: run.taskId, adwId } });
  expect((await call()).structuredContent).toMatchObject({ adwId: 'adw-000000000002' });
  expect((await call('adw-000000000001')).structuredContent).toMatchObject({ status: 'running', adwId: run.adwId });
  const refused = await call('adw-999999999999');
  expect(textOf(refused)).toMatch(/^not_found: .*leave adwId out/);
  expect(started).toEqual(['plan']);
});

test('tasks, logs and reasons that a tool answers fit the schemas that it promised', async () => {
  const client = await connect({
    listTasks: () => ({ items: [aTask({ status: 'failed', error: { code: 'agent_failed', message: 'no' } })] }),
    getTask: () => aTask({ ports: { FRONTEND_PORT: 20001 }, pullRequest: { number: 1, url: 'u', state: 'open' } }),
    getWhy: () => ({ runnable: false, reasons: [{ code: 'paused', message: 'the project is paused' }] }),
    getEnvironment: () => ({ taskId: 'task-aaaa00000001', ports: {}, peers: [], setup: [], database: null }),
    getDiff: () => ({ base: null, head: null, commits: [], files: [], conflicts: [] }),
    listLogs: ({ query }) => ({ items: [], nextAfter: query.after ?? 0 }),
  });
  await client.listTools();
  const taskId = 'task-aaaa00000001';
  for (const call of [
    { name: 'list_tasks', arguments: { status: 'failed' } },
    { name: 'get_task', arguments: { taskId } },
    { name: 'get_environment', arguments: { taskId } },
    { name: 'why', arguments: { taskId } },
    { name: 'get_diff', arguments: { taskId } },
    { name: 'get_logs', arguments: { taskId, phase: ['CODE', 'TEST'], level: ['error'], after: 7 } },
    { name: 'list_workflows', arguments: {} },
  ])
    expect((await client.callTool(call)).isError, call.name).toBeFalsy();
});

test('the same server answers over Streamable HTTP', async () => {
  const handler = createMcpHttpHandler(() => apiClient({ getTask: () => aTask() }), '1.2.3');
  const transport = new StreamableHTTPClientTransport(new URL('http://sentra.test/mcp'), {
    fetch: (url, init) => handler(new Request(url, init), undefined),
  });
  const client = new McpClient({ name: 'test', version: '1' });
  await client.connect(transport);
  open.push(client);
  const result = await client.callTool({ name: 'get_task', arguments: { taskId: 'task-aaaa00000001' } });
  expect(result.structuredContent).toMatchObject({ title: 'Sort the list' });
});
