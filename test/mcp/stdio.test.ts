import { fileURLToPath } from 'node:url';
import { type ServerType, serve } from '@hono/node-server';
import { Client as McpClient } from '@modelcontextprotocol/client';
import { StdioClientTransport } from '@modelcontextprotocol/client/stdio';
import { afterEach, expect, test } from 'vitest';
import { aTask, contractApi } from '../helpers/contract-api.ts';

const program = fileURLToPath(new URL('../fixtures/mcp-stdio.ts', import.meta.url));
let server: ServerType | undefined;
afterEach(async () => {
  if (server) await new Promise((done) => server?.close(done));
  server = undefined;
});

async function connect(url: string): Promise<McpClient> {
  const client = new McpClient({ name: 'test', version: '1' });
  await client.connect(new StdioClientTransport({ command: process.execPath, args: [program, url] }));
  return client;
}

test('an agent lists and calls tools over stdio, and the server ends with it', async () => {
  const fetch = contractApi({ listTasks: () => ({ items: [aTask()] }) });
  const url = await new Promise<string>((done) => {
    server = serve({ fetch, hostname: '127.0.0.1', port: 0 }, ({ port }) => done(`http://127.0.0.1:${port}`));
  });
  const client = await connect(url);
  expect((await client.listTools()).tools.length).toBeGreaterThanOrEqual(14);
  const result = await client.callTool({ name: 'list_tasks', arguments: {} });
  expect(result.structuredContent).toMatchObject({ items: [{ title: 'Sort the list' }] });
  await client.close();
});

test('without a server every tool says how to start one', async () => {
  const client = await connect('http://127.0.0.1:9');
  const result = await client.callTool({ name: 'list_tasks', arguments: {} });
  expect(result.isError).toBe(true);
  expect(JSON.stringify(result.content)).toContain('npx sentra up');
  await client.close();
});
