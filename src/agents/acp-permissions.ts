/**
 * Answers an ACP agent that asks whether it may: nobody is asked, and nobody waits. Inside a room the wall decides, so it
 * may; without one it may do what Claude Code may there, and change files of the worktree alone.
 */
import { realpathSync } from 'node:fs';
import { dirname, isAbsolute, join, relative } from 'node:path';
import type { RequestPermissionRequest, RequestPermissionResponse, ToolCallUpdate } from '@agentclientprotocol/sdk';
import { pathsOf, toolOf } from '#src/agents/acp-events.ts';

export type Permission = {
  answer: RequestPermissionResponse;
  tool: string;
  /** Why not; undefined when it may. */
  refusal: string | undefined;
};

const harmless: readonly string[] = ['read', 'search', 'execute', 'think'];
const changing: readonly string[] = ['edit', 'delete', 'move'];

export function decide(
  { toolCall, options }: Pick<RequestPermissionRequest, 'toolCall' | 'options'>,
  { confined, worktreePath }: { confined: boolean; worktreePath: string },
): Permission {
  const refusal = confined ? undefined : findRefusal(toolCall, worktreePath);
  const wanted = refusal === undefined ? ['allow_once', 'allow_always'] : ['reject_once', 'reject_always'];
  const option = wanted.map((kind) => options.find((offered) => offered.kind === kind)).find(Boolean);
  const tool = toolOf(toolCall);
  if (option) return { answer: { outcome: { outcome: 'selected', optionId: option.optionId } }, tool, refusal };
  return {
    answer: { outcome: { outcome: 'cancelled' } },
    tool,
    refusal: refusal ?? 'the agent offered no way to allow it',
  };
}

function findRefusal(toolCall: ToolCallUpdate, worktreePath: string): string | undefined {
  const kind = toolCall.kind ?? 'other';
  if (harmless.includes(kind)) return undefined;
  if (!changing.includes(kind)) return `without confinement an agent may not use tools of the kind ${kind}`;
  const outside = pathsOf(toolCall).find((path) => !isInside(path, worktreePath));
  return outside === undefined ? undefined : `${outside} lies outside of the worktree`;
}

/** Where the path really leads, as far as it exists. */
function isInside(path: string, worktreePath: string): boolean {
  const way = relative(realpathSync(worktreePath), realPathOf(isAbsolute(path) ? path : join(worktreePath, path)));
  return way !== '..' && !way.startsWith('../') && !isAbsolute(way);
}

function realPathOf(path: string): string {
  try {
    return realpathSync(path);
  } catch {
    return path === dirname(path) ? path : join(realPathOf(dirname(path)), path.slice(dirname(path).length));
  }
}
