/** Turns what the Agent SDK reports into events of ours, and its result into the end of a session. */
import type { SDKMessage, SDKResultMessage } from '@anthropic-ai/claude-agent-sdk';
import type { AgentEvent, SessionEnd } from '#src/agents/agent.ts';
import { findRateLimit } from '#src/agents/claude-limits.ts';
import { budgetMessage, endOf, insidePath, rateLimited } from '#src/agents/session.ts';
import { toMicros } from '#src/domain/money.ts';
import { type ModelTotal, sumTokens } from '#src/domain/spending.ts';

/** Answers the events of one message; it remembers tool calls, to tell their results' names and durations. */
export function createTranslator(worktreePath: string): (message: SDKMessage) => AgentEvent[] {
  const calls: Calls = new Map();
  return (message) => [{ kind: 'record', text: JSON.stringify(message) }, ...eventsOf(message, worktreePath, calls)];
}

/** `changes`: the file that the tool writes. */
type Calls = Map<string, { tool: string; startedAt: number; changes: string | undefined }>;

function eventsOf(message: SDKMessage, worktreePath: string, calls: Calls): AgentEvent[] {
  if (message.type === 'assistant')
    return message.message.content.flatMap((block) => ofBlock(block, worktreePath, calls));
  if (message.type === 'user')
    return blocksOf(message.message.content).flatMap((block) => ofResult(block, calls, worktreePath));
  const limit = findRateLimit(message);
  if (limit) return [{ kind: 'rate_limit', until: limit.until, message: `Claude lets nobody in: ${limit.why}.` }];
  if (message.type !== 'system') return [];
  if (message.subtype === 'init')
    return [{ kind: 'started', agentSessionId: message.session_id, model: message.model ?? null }];
  if (message.subtype === 'api_retry') {
    const status = message.error_status ?? 'no answer';
    return [
      { kind: 'retry', message: `The model answered ${status} (${message.error}); try ${message.attempt} follows.` },
    ];
  }
  return [];
}

type Block = { type: string; [key: string]: unknown };

function ofBlock(block: object, worktreePath: string, calls: Calls): AgentEvent[] {
  const { type, ...rest } = block as Block;
  if (type === 'text' && String(rest.text).trim()) return [{ kind: 'message', text: String(rest.text) }];
  if (type === 'thinking' && rest.thinking) return [{ kind: 'thinking', text: String(rest.thinking) }];
  if (type !== 'tool_use') return [];
  const [id, tool] = [String(rest.id), String(rest.name)];
  calls.set(id, { tool, startedAt: performance.now(), changes: changedBy(tool, rest.input) });
  return [{ kind: 'tool_call', id, tool, summary: summarise(tool, rest.input, worktreePath), input: rest.input }];
}

const blocksOf = (content: unknown): Block[] => (Array.isArray(content) ? content : []);

function ofResult(block: Block, calls: Calls, worktreePath: string): AgentEvent[] {
  if (block.type !== 'tool_result') return [];
  const id = String(block.tool_use_id);
  const call = calls.get(id);
  const output = typeof block.content === 'string' ? block.content : textOf(block.content);
  const durationMs = call ? Math.round(performance.now() - call.startedAt) : 0;
  const isError = block.is_error === true;
  const result: AgentEvent = { kind: 'tool_result', id, tool: call?.tool ?? '', output, isError, durationMs };
  if (isError || !call?.changes) return [result];
  return [result, { kind: 'file_change', path: insidePath(call.changes, worktreePath), change: 'written' }];
}

/** What its shell changes shows in the diff alone. */
function changedBy(tool: string, input: unknown): string | undefined {
  if (tool !== 'Write' && tool !== 'Edit') return undefined;
  const { file_path: path } = (input ?? {}) as { file_path?: unknown };
  return typeof path === 'string' ? path : undefined;
}

const textOf = (content: unknown): string =>
  blocksOf(content)
    .map((block) => (typeof block.text === 'string' ? block.text : `(${block.type})`))
    .join('\n');

const telling = ['file_path', 'notebook_path', 'command', 'pattern', 'url', 'query', 'description'];

/** One line for people: `Edit src/a.ts`, `Bash: npm test`. */
export function summarise(tool: string, input: unknown, worktreePath: string): string {
  const fields = (input ?? {}) as Record<string, unknown>;
  const field = telling.find((name) => typeof fields[name] === 'string');
  if (!field) return tool;
  const value = String(fields[field]);
  const line = (value.trim().split('\n')[0] ?? '').slice(0, 200);
  if (!field.endsWith('_path')) return `${tool}: ${line}`;
  return `${tool} ${insidePath(value, worktreePath)}`;
}

/** The end that a result message tells; `limitedUntil` is what the gateway heard. */
export function endOfResult(result: SDKResultMessage, limitedUntil?: string): SessionEnd {
  const isPriced = totalsOf(result).every(({ costMicros }) => costMicros !== null);
  const costs = { usage: sumTokens(totalsOf(result)), costUsd: isPriced ? result.total_cost_usd : null };
  if (result.subtype === 'success') {
    const more = { ...costs, text: result.result, answer: result.structured_output };
    if (!result.is_error) return endOf('done', '', more);
    if (isAuthStatus(result.api_error_status)) return endOf('auth', authMessage, costs);
    if (result.api_error_status === 429) return rateLimited(limitedUntil ?? inAMinute(), 'it answered 429', costs);
    if ((result.api_error_status ?? 0) >= 500)
      return endOf('overloaded', `The model is overloaded or out of order: ${result.result}`, costs);
    return endOf('failed', `The model could not be used: ${result.result}`, costs);
  }
  if (result.subtype === 'error_max_budget_usd') return endOf('budget', budgetMessage, costs);
  const reason = reasons[result.subtype] ?? 'The agent stopped with an error';
  return endOf('failed', [reason, ...result.errors].join(': '), costs);
}

/** A limit that does not say when it ends. */
const inAMinute = () => new Date(Date.now() + 60_000).toISOString();

const reasons: Record<string, string> = {
  error_max_turns: 'The agent used all the turns it may take (agents.<name>.maxTurns in sentra.json)',
  error_max_structured_output_retries: 'The agent did not answer in the form it was asked for',
};

export const isAuthStatus = (status: number | null | undefined): boolean => status === 401 || status === 403;

export const authMessage =
  'The model refused the credential: check ANTHROPIC_API_KEY (or CLAUDE_CODE_OAUTH_TOKEN) of the server, then retry.';

/** Of its whole conversation. A model that Claude Code has no price for is priced by it all the same: that is not taken. */
export const totalsOf = (result: SDKResultMessage): ModelTotal[] =>
  Object.entries(result.modelUsage).map(([model, usage]) => ({
    model,
    inputTokens: usage.inputTokens,
    outputTokens: usage.outputTokens,
    cacheReadTokens: usage.cacheReadInputTokens,
    cacheWriteTokens: usage.cacheCreationInputTokens,
    costMicros: usage.costBasis === 'unknown' ? null : toMicros(usage.costUSD),
  }));
