/** The tool calls of sessions, from the lines that tell of them: a call and its result have the same id. Pure. */
import { known, type Span } from '#src/domain/span.ts';
import type { Mark, TimelineFacts } from '#src/domain/timeline-facts.ts';

/** `sessions` in their order. A call without a result ended with its session, or goes on. */
export function toolSpans({ marks }: TimelineFacts, sessions: readonly Span[]): Span[] {
  const results = new Map<string, Mark>();
  for (const mark of marks) if (mark.metadata.kind === 'tool_result') results.set(keyOf(mark), mark);
  const calls = marks.filter(({ metadata }) => metadata.kind === 'tool_call');
  return calls.flatMap((call) => {
    const session = sessionOf(call, sessions);
    return session ? [toSpan(call, results.get(keyOf(call)), session)] : [];
  });
}

const keyOf = ({ phase, seq, metadata: { callId } }: Mark): string =>
  typeof callId === 'string' ? `${phase} ${callId}` : `line ${seq}`;

/** The last one of the phase that had begun; clocks of two hosts may differ a little. */
function sessionOf({ phase, timestamp }: Mark, sessions: readonly Span[]): Span | undefined {
  const own = sessions.filter(({ attributes }) => attributes.phase === phase);
  return own.findLast(({ startedAt }) => startedAt <= timestamp) ?? own[0];
}

function toSpan(call: Mark, result: Mark | undefined, session: Span): Span {
  const { toolUsed, callId } = call.metadata;
  const isOpen = !result && session.endedAt === null;
  const failed = result ? result.metadata.error !== undefined : !isOpen;
  return {
    id: `tool:${call.seq}`,
    parentId: session.id,
    kind: 'tool',
    name: call.message,
    startedAt: call.timestamp,
    endedAt: result?.timestamp ?? latest(call.timestamp, session.endedAt),
    status: isOpen ? 'running' : failed ? 'error' : 'ok',
    attributes: known({
      tool: toolUsed ?? 'tool',
      callId: typeof callId === 'string' ? callId : null,
      result: result?.seq,
      interrupted: !result && !isOpen ? true : null,
    }),
    line: call.seq,
  };
}

const latest = (start: string, end: string | null): string | null => (end === null || end > start ? end : start);
