/** One session of Codex: a process for each turn, the first with the prompt, the others with what people have written since. */
import { StringDecoder } from 'node:string_decoder';
import type { AgentEvent, SessionEnd, SessionRequest } from '#src/agents/agent.ts';
import { CodexLine, createCodexTranslator, tokensOf } from '#src/agents/codex-events.ts';
import { endOfWords } from '#src/agents/said-failure.ts';
import { endOf, explainLimit, killedMessage, rateLimited, wasKilled, wholePrompt } from '#src/agents/session.ts';
import type { SessionGateway } from '#src/agents/session-gateway.ts';
import { createTeller } from '#src/agents/teller.ts';
import type { Tokens } from '#src/domain/price.ts';
import { sumTokens } from '#src/domain/spending.ts';
import { type Command, type Outcome, run } from '#src/process.ts';

export type CodexSession = {
  request: SessionRequest;
  /** `resumes`: the thread that goes on. */
  commandOf: (resumes?: string) => Promise<Command>;
  model: string | null;
  gateway: SessionGateway | undefined;
  howToLogIn: string;
  onEvent: (event: AgentEvent) => Promise<void>;
};

/** What a session has come to so far. */
type Progress = { threadId?: string; text: string; failure?: string; tokens?: Tokens };

const longestLine = 16 * 1024 * 1024;

export async function runCodexSession(session: CodexSession, signal: AbortSignal): Promise<SessionEnd> {
  const { request, gateway, model, onEvent } = session;
  const stop = new AbortController();
  const teller = createTeller(onEvent, () => stop.abort());
  const progress: Progress = { text: '' };
  const deadline = performance.now() + request.timeoutMs;
  const translate = createCodexTranslator(request.room.worktreePath);
  const read = readLines((line) => teller.tell(...understand(line, { progress, session, translate })));
  const turn = (input: string, command: Command) =>
    run(command, {
      input: `${input}\n`,
      timeoutMs: Math.max(1, deadline - performance.now()),
      idleMs: request.idleMs,
      keepBytes: 8 * 1024,
      signal: AbortSignal.any([signal, stop.signal, ...(gateway ? [gateway.refused] : [])]),
      onOutput(bytes, stream) {
        if (stream === 'stdout') read(bytes);
        else teller.tell({ kind: 'output', bytes, stream });
        return teller.whenKept();
      },
    });
  const { resumes, prompt } = request;
  let outcome = await turn(resumes ? prompt : wholePrompt(request), await session.commandOf(resumes));
  while (isGood(outcome, progress) && progress.threadId) {
    const messages = (await request.inbox?.take()) ?? [];
    if (!messages.length) break;
    for (const { id } of messages) teller.tell({ kind: 'heard', messageId: id });
    outcome = await turn(messages.map(({ text }) => text).join('\n\n'), await session.commandOf(progress.threadId));
  }
  const counted = gateway?.totals() ?? [];
  if (progress.tokens && !counted.length)
    teller.tell({ kind: 'usage', totals: [{ model, ...progress.tokens, costMicros: null }], isWhole: true });
  await teller.settled();
  await gateway?.tell();
  const end = signal.aborted
    ? endOf('cancelled', explainLimit('cancelled', request))
    : endOfTurn(outcome, progress, session);
  return {
    ...end,
    text: progress.text,
    answer: end.outcome === 'done' ? answerIn(progress, request) : undefined,
    usage: counted.length ? sumTokens(counted) : (progress.tokens ?? null),
  };
}

const isGood = (outcome: Outcome, { failure }: Progress): boolean =>
  outcome.endedBy === 'exit' && outcome.exitCode === 0 && failure === undefined;

/** With a schema its last words are the answer; without one they are looked through as any agent's are. */
const answerIn = ({ text }: Progress, { answerSchema }: SessionRequest): unknown => (answerSchema ? text : undefined);

type Reading = {
  progress: Progress;
  session: CodexSession;
  translate: (line: CodexLine) => AgentEvent[];
};

function understand(text: string, { progress, session, translate }: Reading): AgentEvent[] {
  const line = parse(text);
  if (!line) return [];
  const isFirst = line.type === 'thread.started' && progress.threadId === undefined;
  if (line.thread_id) progress.threadId = line.thread_id;
  if (line.type === 'turn.started') delete progress.failure;
  if (line.type === 'turn.failed') progress.failure = line.error?.message ?? 'it did not say why';
  if (line.usage) progress.tokens = tokensOf(line.usage);
  const events = translate(line);
  progress.text = events.findLast((event) => event.kind === 'message')?.text ?? progress.text;
  const started = { kind: 'started' as const, agentSessionId: line.thread_id ?? '', model: session.model };
  return isFirst ? [...events, started] : events;
}

function parse(text: string): CodexLine | undefined {
  try {
    return CodexLine.safeParse(JSON.parse(text)).data;
  } catch {
    return undefined; // no line of the protocol
  }
}

/** Standard output by lines; what goes beyond the longest line is cut off its front. */
function readLines(onLine: (line: string) => void) {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  return (bytes: Buffer) => {
    const lines = (rest + decoder.write(bytes)).split('\n');
    rest = (lines.pop() ?? '').slice(-longestLine);
    for (const line of lines) if (line.trim()) onLine(line);
  };
}

function endOfTurn(
  outcome: Outcome,
  { failure }: Progress,
  { request, howToLogIn, gateway }: CodexSession,
): SessionEnd {
  const { endedBy, exitCode } = outcome;
  const until = gateway?.limitedUntil(); // one that waited for its end was silent
  if (until && (failure !== undefined || exitCode !== 0)) return rateLimited(until);
  if (endedBy === 'abort') return endOf('cancelled', explainLimit('cancelled', request));
  if (endedBy === 'timeout' || endedBy === 'idle') return endOf(endedBy, explainLimit(endedBy, request));
  if (failure !== undefined) {
    const end = endOfWords(failure);
    return end.outcome === 'auth' && !gateway ? endOf('auth', `${howToLogIn} (${failure})`) : end;
  }
  if (wasKilled({ exitCode, signal: endedBy === 'signal' })) return endOf('killed', killedMessage);
  if (exitCode === 0) return endOf('done', '');
  const words = outcome.stderr.toString().trim().split('\n').slice(-5).join('\n');
  return endOf('failed', `Codex exited with code ${exitCode}${words ? `: ${words}` : ' and said nothing.'}`);
}
