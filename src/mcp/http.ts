import { createMcpHandler } from '@modelcontextprotocol/server';
import type { Client } from '#src/client/client.ts';
import { createMcpServer } from '#src/mcp/server.ts';

export type McpHttpHandler = (request: Request, secret: string | undefined) => Promise<Response>;

/**
 * Streamable HTTP for one route; whoever mounts it has checked token, Host and Origin before. Tools act with the caller's own secret
 * (undefined: the cookie of a login), so each may what that token may on the routes that the tool calls.
 */
export function createMcpHttpHandler(
  clientOf: (secret: string | undefined) => Client,
  version: string,
): McpHttpHandler {
  const handler = createMcpHandler(({ authInfo }) => createMcpServer(clientOf(authInfo?.token), version));
  return (request, secret) =>
    handler.fetch(request, secret === undefined ? {} : { authInfo: { token: secret, clientId: 'sentra', scopes: [] } });
}
