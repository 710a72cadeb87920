/** One session of an ACP agent as a process: started, watched, and its end told, whatever it was. */
import { once } from 'node:events';
import { RequestError } from '@agentclientprotocol/sdk';
import type { AcpAgent } from '#src/agents/acp.ts';
import { AcpConversation, ForgottenConversation } from '#src/agents/acp-conversation.ts';
import { endOfError, endOfStop } from '#src/agents/acp-failure.ts';
import { openStream } from '#src/agents/acp-stream.ts';
import type { AgentEvent, SessionEnd, SessionRequest } from '#src/agents/agent.ts';
import { readResult } from '#src/agents/result-file.ts';
import {
  endOf,
  explainLimit,
  killedMessage,
  promptWithForm,
  rateLimited,
  wasKilled,
  watchLimits,
} from '#src/agents/session.ts';
import type { SessionGateway } from '#src/agents/session-gateway.ts';
import { agentGate } from '#src/agents/start-gate.ts';
import { createTeller } from '#src/agents/teller.ts';
import { sumTokens } from '#src/domain/spending.ts';
import { SentraError } from '#src/errors.ts';
import { type Command, codeOfCrash, endTree, start } from '#src/process.ts';

export type AcpSession = {
  request: SessionRequest;
  command: Command;
  agent: AcpAgent;
  /** Where its model is reached through us. */
  gateway: SessionGateway | undefined;
  howToLogIn: string;
  resultPath: string;
  /** Told at its greeting whether the program can load conversations. */
  onLoads: (canLoad: boolean) => void;
  onEvent: (event: AgentEvent) => Promise<void>;
};

/** What it said on its way down may come a moment after its streams have closed. */
const lastWordsMs = 2_000;

export async function runAcpSession(session: AcpSession, signal: AbortSignal): Promise<SessionEnd> {
  const { request, command, gateway, resultPath } = session;
  const leaveGate = await agentGate.enter();
  const child = start(command);
  const stop = () => void endTree(child);
  const limits = watchLimits(request, stop, signal);
  gateway?.refused.addEventListener('abort', stop, { once: true });
  const teller = createTeller(session.onEvent, stop);
  const stderr = keepStderr(child, (bytes) => teller.tell({ kind: 'output', bytes, stream: 'stderr' }));
  const { agent, onLoads } = session;
  const conversation = new AcpConversation({ request, agent, teller, onLoads, isCounted: gateway !== undefined });
  let end: SessionEnd;
  try {
    const stream = openStream(child, { onMessage: limits.touch, whenKept: teller.whenKept });
    const reason = await conversation.hold(stream, promptWithForm(request, resultPath), leaveGate);
    end = endOfStop(reason) ?? endOf('done', '');
  } catch (e) {
    const isForgotten = e instanceof ForgottenConversation;
    const isSaid = isForgotten || e instanceof RequestError || e instanceof SentraError;
    const ended = isSaid ? undefined : await endOfProcess(child, stderr);
    end = ended ?? (isForgotten ? endOf('failed', e.message, { isForgotten }) : endOfError(e, session.howToLogIn));
  } finally {
    leaveGate();
    limits.stop();
    await endTree(child);
  }
  const { usage } = conversation;
  if (!gateway && usage.totals().length) teller.tell({ kind: 'usage', totals: usage.totals(), isWhole: true });
  await teller.settled();
  await gateway?.tell();
  const reached = limits.reached();
  if (reached && end.outcome !== 'done') end = endOf(reached, explainLimit(reached, request));
  const until = gateway?.limitedUntil(); // one that waited for its end was silent
  if (until && end.outcome !== 'done' && reached !== 'cancelled') end = rateLimited(until);
  const answer = await readResult(resultPath);
  const counted = gateway?.totals() ?? [];
  const tokens = counted.length ? sumTokens(counted) : usage.usage();
  return { ...end, text: conversation.lastText, answer, usage: tokens, costUsd: gateway ? null : usage.costUsd() };
}

type Child = ReturnType<typeof start>;

/** Its last words, told as they come. */
function keepStderr(child: Child, onBytes: (bytes: Buffer) => void): () => string {
  let kept = '';
  child.stderr?.on('data', (bytes: Buffer) => {
    kept = (kept + bytes.toString()).slice(-2000);
    onBytes(bytes);
  });
  return () => kept.trim().split('\n').slice(-5).join('\n');
}

/** How a program ended whose connection has closed; undefined when it runs on without one. */
async function endOfProcess(child: Child, lastWords: () => string): Promise<SessionEnd | undefined> {
  if (child.exitCode === null && child.signalCode === null)
    await once(child, 'close', { signal: AbortSignal.timeout(lastWordsMs) }).catch(() => {}); // it runs on
  const { signalCode } = child;
  const exitCode = child.exitCode ?? codeOfCrash(signalCode);
  if (exitCode === null && signalCode === null) return undefined;
  if (wasKilled({ exitCode, signal: exitCode === null })) return endOf('killed', killedMessage);
  const words = lastWords();
  return endOf('failed', `The agent exited with code ${exitCode}${words ? `: ${words}` : ' and said nothing.'}`);
}
