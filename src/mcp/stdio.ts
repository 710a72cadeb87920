import { serveStdio } from '@modelcontextprotocol/server/stdio';
import type { Client } from '#src/client/client.ts';
import { createMcpServer } from '#src/mcp/server.ts';

/** MCP over this process's standard input and output. Resolves when the other side is gone, or the signal aborts. */
export async function serveMcp(client: Client, version: string, signal: AbortSignal): Promise<number> {
  const handle = serveStdio(() => createMcpServer(client, version));
  await new Promise<void>((resolve) => {
    process.stdin.once('end', resolve);
    process.stdin.once('close', resolve);
    signal.addEventListener('abort', () => resolve(), { once: true });
    if (signal.aborted) resolve();
  });
  await handle.close();
  return 0;
}
