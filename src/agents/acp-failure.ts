/** What an ACP agent's refusals and stops mean in our words. The protocol has one code of use, for logging in; the rest is said in text. */
import { RequestError, type StopReason } from '@agentclientprotocol/sdk';
import type { SessionEnd } from '#src/agents/agent.ts';
import { endOfWords } from '#src/agents/said-failure.ts';
import { endOf } from '#src/agents/session.ts';
import { messageOf, SentraError } from '#src/errors.ts';

const authRequired = -32000;

export const isAuthRequired = (error: unknown): boolean => error instanceof RequestError && error.code === authRequired;

/** The end of a session whose agent answered a request with an error. */
export function endOfError(error: unknown, howToLogIn: string): SessionEnd {
  if (isAuthRequired(error)) return endOf('auth', howToLogIn);
  if (error instanceof SentraError) return endOf('unable', error.message);
  return endOfWords(sayError(error));
}

/** `data` is where agents put what has really happened. */
function sayError(error: unknown): string {
  const data = error instanceof RequestError ? error.data : undefined;
  const more = typeof data === 'string' ? data : detailsOf(data);
  const message = messageOf(error);
  return more && !message.includes(more) ? `${message}: ${more}` : message;
}

function detailsOf(data: unknown): string | undefined {
  if (typeof data !== 'object' || data === null) return undefined;
  const { details, message } = data as { details?: unknown; message?: unknown };
  return [details, message].find((field): field is string => typeof field === 'string');
}

const stops: Record<Exclude<StopReason, 'end_turn'>, string> = {
  max_tokens: 'The model reached the end of what it may say or remember. Make the task smaller, then retry.',
  max_turn_requests: 'The agent used all the requests to its model that a turn may take.',
  refusal: 'The agent refuses to go on with this.',
  cancelled: 'The agent says that its turn was cancelled, and nobody here did.',
};

/** Undefined where the turn ended as it should. */
export const endOfStop = (reason: StopReason): SessionEnd | undefined =>
  reason === 'end_turn' ? undefined : endOf('failed', stops[reason] ?? `The agent stopped: ${reason}.`);
