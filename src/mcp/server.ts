/**
 * The MCP server: the same acts as the command line's, for agents. Each tool calls the typed client and nothing else, so
 * it can do what the API can and no more. One server object for each connection or request; it keeps no state.
 */
import { McpServer } from '@modelcontextprotocol/server';
import type { Client } from '#src/client/client.ts';
import { analysisTools } from '#src/mcp/tools/analysis.ts';
import { costTools } from '#src/mcp/tools/cost.ts';
import { devServerTools } from '#src/mcp/tools/dev-server.ts';
import { evidenceTools } from '#src/mcp/tools/evidence.ts';
import { hostTools } from '#src/mcp/tools/host.ts';
import { logTools } from '#src/mcp/tools/log.ts';
import { runTools } from '#src/mcp/tools/run.ts';
import { talkTools } from '#src/mcp/tools/talk.ts';
import { taskTools } from '#src/mcp/tools/task.ts';
import { taskActionTools } from '#src/mcp/tools/task-action.ts';
import { workflowTools } from '#src/mcp/tools/workflow.ts';
import { worktreeTools } from '#src/mcp/tools/worktree.ts';

const instructions = `Sentra runs tasks through coding agents, each in its own git worktree: PLAN, CODE, TEST, REVIEW, then a pull request.
Create tasks with create_task (or create_tasks for a graph, or analyze for one that an agent proposes), start one with execute_workflow, follow it with get_task and get_logs,
ask why when it does not move, look at get_diff, and finish with merge_task.`;

export function createMcpServer(client: Client, version: string): McpServer {
  const server = new McpServer({ name: 'sentra', version }, { instructions });
  const tools = [
    ...taskTools,
    ...workflowTools,
    ...logTools,
    ...runTools,
    ...evidenceTools,
    ...taskActionTools,
    ...talkTools,
    ...worktreeTools,
    ...hostTools,
    ...costTools,
    ...devServerTools,
    ...analysisTools,
  ];
  for (const tool of tools) tool.register(server, client);
  return server;
}
