/** What an agent says and does, as it comes: lines for people, bytes for the transcript, what it spends and hears. */
import type { AgentEvent, SessionEnd } from '#src/agents/agent.ts';
import type { Logger } from '#src/logs/pipeline.ts';
import { updateSession } from '#src/store/agent-sessions.ts';
import { whenAvailable } from '#src/store/database-error.ts';
import type { Channels } from '#src/workflows/channels.ts';
import type { Run } from '#src/workflows/run.ts';
import type { Spending } from '#src/workflows/spending.ts';

type Recording = {
  agentName: string;
  log: Logger;
  onUsage: Spending['onUsage'];
  onHeard: Channels['heard'];
};

/** An agent at work does not notice that the database is away: what it says waits. */
export function recordSession(run: Run, sessionId: string, { agentName, log, onUsage, onHeard }: Recording) {
  const { db } = run.parts.database;
  const metadata = { kind: 'output' as const, agentName };
  const program = log.record({ name: agentName, metadata, sessionId });
  return {
    onEvent: async (event: AgentEvent): Promise<void> => {
      if (event.kind === 'output') return void (await program.onOutput(event.bytes, event.stream));
      if (event.kind === 'record') return program.note(event.text);
      if (event.kind === 'usage') return onUsage(event);
      if (event.kind === 'heard') await onHeard(event.messageId);
      const told = toLine(event, agentName, log);
      if (event.kind === 'started') {
        const known = { agentSessionId: event.agentSessionId, model: event.model };
        await whenAvailable(() => updateSession(db, sessionId, known));
      }
      await told;
    },
    settled: () => program.end(),
  };
}

/** The line that people read of an event. */
type Said = Exclude<AgentEvent, { kind: 'usage' | 'output' | 'record' }>;

async function toLine(event: Said, agentName: string, log: Logger): Promise<void> {
  switch (event.kind) {
    case 'started':
      return log.debug(`Session ${event.agentSessionId}${event.model ? ` on ${event.model}` : ''}`, {
        kind: 'agent',
        agentName,
      });
    case 'message':
      return log.info(event.text, { kind: 'message', agentName });
    case 'thinking':
      return log.debug(event.text, { kind: 'thinking', agentName });
    case 'tool_call':
      return log.info(event.summary, { kind: 'tool_call', agentName, toolUsed: event.tool, callId: event.id });
    case 'tool_result': {
      const facts = {
        kind: 'tool_result' as const,
        agentName,
        toolUsed: event.tool,
        callId: event.id,
        duration: event.durationMs,
      };
      const output = event.output.trimEnd();
      return event.isError ? log.warn(output, { ...facts, error: 'the tool failed' }) : log.debug(output, facts);
    }
    case 'file_change':
      return log.debug(`File ${event.path} ${event.change}`, { kind: 'agent', agentName });
    case 'permission_denied':
      return log.warn(`${event.tool} was refused: ${event.reason}`, {
        kind: 'agent',
        agentName,
        toolUsed: event.tool,
      });
    case 'retry':
    case 'rate_limit':
      return log.warn(event.message, { kind: 'agent', agentName });
    case 'heard':
      return log.info(`${agentName} has the message`, { kind: 'agent', agentName, messageId: event.messageId });
  }
}

/** Nothing is wrong with the task: it goes on by itself later. */
const isWait = ({ outcome }: SessionEnd) => outcome === 'rate_limited' || outcome === 'overloaded';

/** The last line of a session. */
export async function logEnd(log: Logger, agentName: string, end: SessionEnd): Promise<void> {
  const cost = end.costUsd === null ? '' : `, $${end.costUsd.toFixed(4)}`;
  if (end.outcome === 'done') await log.info(`${agentName} is done${cost}`, { kind: 'agent', agentName });
  else await log[isWait(end) ? 'warn' : 'error'](end.message, { kind: 'agent', agentName, error: end.outcome });
}
