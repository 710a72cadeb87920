/**
 * The points of Claude Code's life as callbacks of ours: they stand where the hooks of `sentra init` stand, in sessions
 * that load no file of the repository as in those that do. A tool is refused before it runs; what happens is told and waited for by nobody.
 */
import type { HookCallback, HookInput, HookJSONOutput, Options, SDKMessage } from '@anthropic-ai/claude-agent-sdk';
import type { AgentEvent, SessionHooks } from '#src/agents/agent.ts';
import { summarise } from '#src/agents/claude-events.ts';
import { type HookReport, hookPoints } from '#src/domain/hook.ts';
import { messageOf } from '#src/errors.ts';

/** Claude Code calls no callback where a session starts and ends: those its driver tells. */
const told = ['UserPromptSubmit', 'PostToolUse', 'PostToolUseFailure', 'PreCompact', 'SubagentStop', 'Stop'] as const;

/** Our callbacks answer at once; one that does not is a fault of ours, which must not hold the agent up. */
const timeoutSeconds = 10;

type Setup = { hooks: SessionHooks; worktreePath: string; tell: (event: AgentEvent) => void };

export function claudeHooks(setup: Setup): NonNullable<Options['hooks']> {
  const watch: HookCallback = async (input) => {
    setup.hooks.report(reportOf(input, setup.worktreePath));
    return {};
  };
  const judge: HookCallback = async (input) => judgeTool(input, setup);
  const matcher = (callback: HookCallback) => [{ hooks: [callback], timeout: timeoutSeconds }];
  return {
    PreToolUse: matcher(judge),
    ...Object.fromEntries(told.map((point) => [point, matcher(watch)])),
  };
}

function judgeTool(input: HookInput, { hooks, worktreePath, tell }: Setup): HookJSONOutput {
  if (input.hook_event_name !== 'PreToolUse') return {};
  const reason = refusalOf(input.tool_name, input.tool_input, hooks);
  hooks.report({ ...reportOf(input, worktreePath), decision: reason === undefined ? 'allow' : 'deny', reason });
  if (reason === undefined) return {};
  tell({ kind: 'permission_denied', tool: input.tool_name, reason });
  return {
    hookSpecificOutput: {
      hookEventName: 'PreToolUse',
      permissionDecision: 'deny',
      permissionDecisionReason: reason,
    },
  };
}

/** Closed where it cannot decide: a tool that nobody looked at does not run. */
function refusalOf(tool: string, input: unknown, hooks: SessionHooks): string | undefined {
  try {
    return hooks.refusal({ tool, input });
  } catch (e) {
    return `Whether this may be done could not be decided, so it was not: ${messageOf(e)}`;
  }
}

function reportOf(input: HookInput, worktreePath: string): HookReport {
  const event = input.hook_event_name as HookReport['event'];
  const common = { event, hook: 'sentra', decision: 'none' as const };
  if ('tool_name' in input && 'tool_use_id' in input)
    return {
      ...common,
      tool: input.tool_name,
      callId: input.tool_use_id,
      input: summarise(input.tool_name, input.tool_input, worktreePath),
      ...(input.hook_event_name === 'PostToolUseFailure' ? { reason: input.error.slice(0, 1000) } : {}),
    };
  return common;
}

/** What a hook of the repository came to that did not work: slow, missing or broken, it is told and stops nobody. */
export function findBrokenHook(message: SDKMessage): HookReport | undefined {
  if (message.type !== 'system' || message.subtype !== 'hook_response') return undefined;
  const event = hookPoints.find((point) => point === message.hook_event);
  const refused = message.exit_code === 2;
  if (message.outcome === 'success' || refused || !event) return undefined;
  const said = (message.stderr || message.stdout).trim().slice(0, 500);
  const why = message.outcome === 'cancelled' ? 'took too long' : `ended with ${message.exit_code ?? 'an error'}`;
  return {
    event,
    hook: message.hook_name,
    decision: 'failed',
    reason: `The hook ${message.hook_name} of the repository ${why}${said ? `: ${said}` : '.'} The work went on without it.`,
  };
}
