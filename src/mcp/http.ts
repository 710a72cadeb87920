import { createMcpHandler } from '@modelcontextprotocol/server';
import type { Client } from '#src/client/client.ts';
import { createMcpServer } from '#src/mcp/server.ts';

/** Streamable HTTP for one route; whoever mounts it has checked token, Host and Origin before. */
export function createMcpHttpHandler(client: Client, version: string): (request: Request) => Promise<Response> {
  const handler = createMcpHandler(() => createMcpServer(client, version));
  return (request) => handler.fetch(request);
}
