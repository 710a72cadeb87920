/** What every tool has in common: schemas from the domain, and failures that an agent can act upon. */
import type { CallToolResult, McpServer, ToolAnnotations } from '@modelcontextprotocol/server';
import type { z } from 'zod';
import type { Client } from '#src/client/client.ts';
import { messageOf, SentraError } from '#src/errors.ts';

export type Tool<I extends z.ZodObject, O extends z.ZodObject> = {
  name: string;
  title: string;
  /** For agents: what it does, when to use it, what comes back. */
  description: string;
  input: I;
  output: O;
  annotations: ToolAnnotations;
  run: (client: Client, input: z.output<I>) => Promise<z.input<O>>;
};

export const reads: ToolAnnotations = { readOnlyHint: true, openWorldHint: false };
export const changes: ToolAnnotations = {
  readOnlyHint: false,
  destructiveHint: false,
  idempotentHint: false,
  openWorldHint: false,
};

export const tool = <I extends z.ZodObject, O extends z.ZodObject>(spec: Tool<I, O>) => ({
  register(server: McpServer, client: Client): void {
    const { title, description, output: outputSchema, annotations } = spec;
    const inputSchema = spec.input.strict(); // a slip in a name is told, not dropped
    const call = (given: unknown) => answer(() => spec.run(client, given as z.output<I>));
    server.registerTool<z.ZodObject, z.ZodObject>(
      spec.name,
      { title, description, inputSchema, outputSchema, annotations },
      call,
    );
  },
});

async function answer(run: () => Promise<object>): Promise<CallToolResult> {
  try {
    const structuredContent = { ...(await run()) };
    return { content: [{ type: 'text', text: JSON.stringify(structuredContent) }], structuredContent };
  } catch (thrown) {
    const code = thrown instanceof SentraError ? thrown.code : 'bug';
    return { isError: true, content: [{ type: 'text', text: `${code}: ${messageOf(thrown)}` }] };
  }
}
