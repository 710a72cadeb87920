/** Turns the lines of `codex exec --json` into events of ours. */
import { z } from 'zod';
import type { AgentEvent } from '#src/agents/agent.ts';
import { insidePath } from '#src/agents/session.ts';
import type { Tokens } from '#src/domain/price.ts';

const count = z.number().int().nonnegative();

const Item = z.looseObject({
  id: z.string(),
  type: z.string(),
  text: z.string().optional(),
  message: z.string().optional(),
  command: z.string().optional(),
  aggregated_output: z.string().optional(),
  exit_code: z.number().nullish(),
  changes: z.array(z.looseObject({ path: z.string(), kind: z.string() })).optional(),
  server: z.string().optional(),
  tool: z.string().optional(),
  query: z.string().optional(),
  items: z.array(z.looseObject({ text: z.string(), completed: z.boolean() })).optional(),
});
type Item = z.infer<typeof Item>;

export const CodexLine = z.looseObject({
  type: z.string(),
  thread_id: z.string().optional(),
  item: Item.optional(),
  message: z.string().optional(),
  error: z.looseObject({ message: z.string() }).optional(),
  usage: z.looseObject({ input_tokens: count, cached_input_tokens: count.default(0), output_tokens: count }).optional(),
});
export type CodexLine = z.infer<typeof CodexLine>;

/** Tokens of the whole thread; what came from the cache is part of Codex's input. */
export const tokensOf = (usage: NonNullable<CodexLine['usage']>): Tokens => ({
  inputTokens: usage.input_tokens - usage.cached_input_tokens,
  outputTokens: usage.output_tokens,
  cacheReadTokens: usage.cached_input_tokens,
  cacheWriteTokens: 0,
});

/** It remembers when tools began. */
export function createCodexTranslator(worktreePath: string): (line: CodexLine) => AgentEvent[] {
  const begun = new Map<string, number>();
  return (line) => {
    const record: AgentEvent = { kind: 'record', text: JSON.stringify(line) };
    if (line.type === 'error') return [record, { kind: 'retry', message: line.message ?? 'Codex reports an error.' }];
    if (!line.item || !line.type.startsWith('item.')) return [record];
    return [record, ...ofItem(line.item, line.type === 'item.completed', { begun, worktreePath })];
  };
}

type Memory = { begun: Map<string, number>; worktreePath: string };

function ofItem(item: Item, isOver: boolean, memory: Memory): AgentEvent[] {
  if (item.type === 'agent_message' && isOver && item.text?.trim()) return [{ kind: 'message', text: item.text }];
  if (item.type === 'reasoning' && isOver && item.text) return [{ kind: 'thinking', text: item.text }];
  if (item.type === 'todo_list' && item.items) return [{ kind: 'thinking', text: planText(item.items) }];
  const tool = toolOf(item);
  return tool ? ofTool(item, isOver, { ...memory, tool }) : [];
}

function ofTool(item: Item, isOver: boolean, { begun, worktreePath, tool }: Memory & { tool: Tool }): AgentEvent[] {
  const { id } = item;
  const events: AgentEvent[] = [];
  if (!begun.has(id)) {
    begun.set(id, performance.now());
    events.push({ kind: 'tool_call', id, tool: tool.name, summary: tool.summary.slice(0, 200), input: tool.input });
  }
  if (!isOver) return events;
  const durationMs = Math.round(performance.now() - (begun.get(id) ?? performance.now()));
  begun.delete(id);
  const isError = (item.exit_code ?? 0) !== 0 || item.status === 'failed';
  const output = item.aggregated_output ?? item.message ?? '';
  events.push({ kind: 'tool_result', id, tool: tool.name, output, isError, durationMs });
  for (const { path, kind } of isError ? [] : (item.changes ?? []))
    events.push({
      kind: 'file_change',
      path: insidePath(path, worktreePath),
      change: kind === 'delete' ? 'deleted' : 'written',
    });
  return events;
}

type Tool = { name: string; summary: string; input: unknown };

function toolOf({ type, command, changes, server, tool, query }: Item): Tool | undefined {
  if (type === 'command_execution') return { name: 'shell', summary: `shell: ${command ?? ''}`, input: { command } };
  if (type === 'file_change')
    return { name: 'edit', summary: `edit ${changes?.map(({ path }) => path).join(', ') ?? ''}`, input: { changes } };
  if (type === 'mcp_tool_call') return { name: tool ?? 'mcp', summary: `${server} ${tool}`, input: {} };
  if (type === 'web_search') return { name: 'web_search', summary: `web_search: ${query ?? ''}`, input: { query } };
  return undefined;
}

const planText = (items: NonNullable<Item['items']>): string =>
  ['The agent plans:', ...items.map(({ text, completed }) => `- ${text}${completed ? ' (done)' : ''}`)].join('\n');
