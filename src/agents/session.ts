/** What every kind of session shares: its environment, its limits, and how its end is told. */
import { dirname, relative } from 'node:path';
import type { SessionEnd, SessionRequest } from '#src/agents/agent.ts';

/** Folders of programs in a session: this Node.js first, then the host's usual ones. */
export const programPath = [
  dirname(process.execPath),
  ...['/usr/local/sbin', '/usr/local/bin', '/usr/sbin', '/usr/bin', '/sbin', '/bin'],
].join(':');

/** The environment that every session begins with. `request.env` may name another PATH. */
export const baseEnvironment = (request: SessionRequest): Record<string, string> => ({
  PATH: programPath,
  LANG: 'C.UTF-8',
  HOME: request.room.homePath,
  ...request.env,
});

/** What an agent without a configuration of ours is told of its task. */
export const factsOf = (request: SessionRequest): Record<string, string> => ({
  TASK_ID: request.taskId,
  ADW_ID: request.adwId,
  PHASE: request.phase,
  ATTEMPT: String(request.attempt),
  WORKTREE_PATH: request.room.worktreePath,
});

/** As git names it; absolute where it lies outside of the worktree. */
export function insidePath(path: string, worktreePath: string): string {
  const way = relative(worktreePath, path);
  return way === '..' || way.startsWith('../') ? path : way;
}

/** For agents that know one kind of prompt. */
export const wholePrompt = ({ systemPrompt, prompt }: Pick<SessionRequest, 'systemPrompt' | 'prompt'>): string =>
  [systemPrompt, prompt].filter(Boolean).join('\n\n');

/** The same for an agent that cannot be held to the form of its answer: it is asked for it in words. */
export function promptWithForm(request: SessionRequest, resultPath: string): string {
  if (!request.answerSchema) return wholePrompt(request);
  const form = `When the work is done, answer in this form, a JSON Schema:

${JSON.stringify(request.answerSchema)}

End your last message with that one JSON object in a \`\`\`json block and say nothing after it, or write it to the file ${resultPath} ($SENTRA_RESULT).`;
  return `${wholePrompt(request)}\n\n${form}`;
}

export const notFound = (program: string): string =>
  `The agent's program ${JSON.stringify(program)} was not found. Install it, or correct agents.<name>.command in sentra.json.`;

export const noModelKey =
  'No credential for Claude is configured: set ANTHROPIC_API_KEY or CLAUDE_CODE_OAUTH_TOKEN for the server and restart it.';

/** An end without words, answer or costs, but for those given. */
export const endOf = (outcome: SessionEnd['outcome'], message: string, more: Partial<SessionEnd> = {}): SessionEnd => ({
  outcome,
  message,
  text: '',
  answer: undefined,
  usage: null,
  costUsd: null,
  ...more,
});

/** The credential is used up until `until` (ISO 8601, any offset). */
export const rateLimited = (
  until: string,
  why = 'the limit is used up',
  more: Partial<SessionEnd> = {},
): SessionEnd => {
  const iso = new Date(until).toISOString();
  return endOf('rate_limited', `The model lets nobody in until ${iso}: ${why}.`, { ...more, until: iso });
};

export type Limit = 'timeout' | 'idle' | 'cancelled';

/** Why a session was ended by us, with the way out. */
export function explainLimit(limit: Limit, request: Pick<SessionRequest, 'timeoutMs' | 'idleMs'>): string {
  if (limit === 'cancelled') return 'The session was cancelled.';
  if (limit === 'timeout')
    return `The agent took longer than ${duration(request.timeoutMs)} and was ended. Give it more with limits.phaseTimeoutMinutes in sentra.json, or make the task smaller.`;
  return `The agent gave no sign of life for ${duration(request.idleMs)} and was ended. If its work is silent for that long, raise limits.idleTimeoutMinutes in sentra.json.`;
}

/** For a budget that the agent itself has kept; whose it is says who gave it. */
export const budgetMessage = 'The agent used up what it may spend.';

/** Behind the wall a signal shows as 128 and its number. */
export const wasKilled = ({ exitCode, signal }: { exitCode: number | null; signal: boolean }): boolean =>
  signal || exitCode === 128 + 9 || exitCode === 128 + 15;

export const killedMessage = 'The agent was killed from outside.';

const duration = (ms: number): string =>
  ms >= 60_000 ? `${Math.round(ms / 6_000) / 10} minutes` : `${Math.round(ms / 100) / 10} seconds`;

/**
 * Watches a session's limits and the caller's signal. `onLimit` is called once, with the first that is reached;
 * `touch` is a sign of life.
 */
export function watchLimits(
  request: Pick<SessionRequest, 'timeoutMs' | 'idleMs'>,
  onLimit: (limit: Limit) => void,
  signal: AbortSignal,
) {
  let reached: Limit | undefined;
  const reach = (limit: Limit) => {
    if (reached) return;
    reached = limit;
    onLimit(limit);
  };
  const total = setTimeout(() => reach('timeout'), request.timeoutMs);
  const idle = setTimeout(() => reach('idle'), request.idleMs);
  const cancel = () => reach('cancelled');
  signal.addEventListener('abort', cancel, { once: true });
  if (signal.aborted) cancel();
  return {
    reached: () => reached,
    touch: () => void idle.refresh(),
    stop: () => {
      clearTimeout(total);
      clearTimeout(idle);
      signal.removeEventListener('abort', cancel);
    },
  };
}
