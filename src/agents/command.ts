/**
 * The driver for any program that reads a prompt on standard input and works in the worktree: an agent of kind `command`.
 * Its lines are output events; what it writes to `$SENTRA_RESULT` is its answer; its exit code is its outcome.
 */
import { mkdir, rm, stat } from 'node:fs/promises';
import type { AgentEvent, Driver, SessionEnd, SessionRequest } from '#src/agents/agent.ts';
import { findProgram, foldersOf } from '#src/agents/program.ts';
import { readResult, resultPathOf } from '#src/agents/result-file.ts';
import {
  baseEnvironment,
  endOf,
  explainLimit,
  factsOf,
  killedMessage,
  notFound,
  programPath,
  rateLimited,
  wasKilled,
  wholePrompt,
} from '#src/agents/session.ts';
import type { AgentCapabilities } from '#src/domain/agent-definition.ts';
import { AgentAnswer } from '#src/domain/answer.ts';
import { toMicros } from '#src/domain/money.ts';
import { type ModelTotal, noTokens } from '#src/domain/spending.ts';
import { SentraError } from '#src/errors.ts';
import { type Command, type Outcome, run } from '#src/process.ts';
import type { Sandbox } from '#src/sandbox/sandbox.ts';

type Setup = { sandbox: Sandbox; definition: { command: readonly string[] } };

export const commandCapabilities: AgentCapabilities = {
  answer: 'told',
  messages: 'none',
  interrupt: false,
  resume: false,
  hooks: false,
  hookSocket: false,
  budget: false,
  cost: 'told',
  model: false,
  effort: false,
  maxTurns: false,
  gateway: false,
};

const keptWordsBytes = 8 * 1024;
/** How often it is looked whether the agent has told what it has spent so far. */
const lookMs = 1_000;

export function createCommandDriver({ sandbox, definition }: Setup): Driver {
  const [program = '', ...args] = definition.command;
  return {
    credential: `command ${JSON.stringify(definition.command)}`,
    capabilities: commandCapabilities,
    async unavailable() {
      if (program.startsWith('.')) return undefined; // a file of the worktree, known only when there is one
      return findProgram(program, programPath, '/') ? undefined : notFound(program);
    },
    installation: async () => ({
      installed: program.startsWith('.') || findProgram(program, programPath, '/') !== undefined,
      loggedIn: null,
      version: null,
    }),
    async run(request, onEvent, signal) {
      if (signal.aborted) return endOf('cancelled', explainLimit('cancelled', request));
      const resultPath = resultPathOf({ sessionId: request.sessionId, homePath: request.room.homePath });
      await mkdir(request.room.homePath, { recursive: true, mode: 0o700 });
      await rm(resultPath, { recursive: true, force: true });
      const env: Record<string, string> = {
        ...baseEnvironment(request),
        ...factsOf(request),
        SENTRA_RESULT: resultPath,
      };
      const found = findProgram(program, env.PATH ?? programPath, request.room.worktreePath);
      if (!found) return endOf('not_found', notFound(program));
      const command: Command = { command: found, args, cwd: request.room.worktreePath, env };
      const confined = request.confined ? await confine(sandbox, command, request) : command;
      const end = await runSession(confined, { request, resultPath, onEvent, signal });
      await rm(resultPath, { recursive: true, force: true });
      return end;
    },
    async leftBehind(session) {
      return totalsOf(await readResult(resultPathOf(session)));
    },
  };
}

const confine = (sandbox: Sandbox, command: Command, request: SessionRequest): Promise<Command> =>
  sandbox.confine(command, {
    ...request.room,
    readable: [
      ...(request.room.readable ?? []),
      ...foldersOf([command.command, ...command.args], request.room.repositoryPath),
    ],
    network: 'proxy',
  });

type Session = {
  request: SessionRequest;
  resultPath: string;
  onEvent: (event: AgentEvent) => Promise<void>;
  signal: AbortSignal;
};

async function runSession(command: Command, { request, resultPath, onEvent, signal }: Session): Promise<SessionEnd> {
  let told: Promise<void> = onEvent({ kind: 'started', agentSessionId: request.sessionId, model: null });
  const tell = (event: AgentEvent) => {
    told = told.then(() => onEvent(event));
    told.catch(() => {}); // thrown below, when it is awaited
  };
  const spending = watchResult(resultPath, (totals) => tell({ kind: 'usage', totals, isWhole: false }));
  try {
    const outcome = await run(command, {
      input: `${wholePrompt(request)}\n`,
      timeoutMs: request.timeoutMs,
      idleMs: request.idleMs,
      keepBytes: keptWordsBytes,
      signal,
      onOutput: (bytes, stream) => onEvent({ kind: 'output', bytes, stream }),
    });
    await spending.stop();
    const totals = totalsOf(await readResult(resultPath));
    if (totals.length) tell({ kind: 'usage', totals, isWhole: true });
    await told;
    return await toEnd(outcome, request, resultPath);
  } catch (e) {
    if (signal.aborted) return endOf('cancelled', explainLimit('cancelled', request));
    if (e instanceof SentraError && e.code === 'not_found') return endOf('not_found', e.message);
    throw e;
  } finally {
    await spending.stop();
  }
}

/** An agent may write its result as often as it likes: each time its costs are told, so that a budget can end it. */
function watchResult(path: string, tell: (totals: ModelTotal[]) => void) {
  let seen = 0;
  let looking: Promise<void> = Promise.resolve();
  const look = async () => {
    const changed = await stat(path).then(
      ({ mtimeMs }) => mtimeMs,
      () => 0,
    );
    if (changed === seen) return;
    seen = changed;
    const totals = totalsOf(await readResult(path));
    if (totals.length) tell(totals);
  };
  const timer = setInterval(() => {
    looking = looking.then(look).catch(() => {}); // it is read again at the end, where a failure is told
  }, lookMs);
  return {
    stop: async () => {
      clearInterval(timer);
      await looking;
    },
  };
}

async function toEnd(outcome: Outcome, request: SessionRequest, resultPath: string): Promise<SessionEnd> {
  const answer = await readResult(resultPath);
  const text = wholeWords(outcome.stdout.toString(), outcome.truncated).trim();
  const costs = costsOf(answer);
  const limit = AgentAnswer.pick({ rateLimit: true }).safeParse(answer).data?.rateLimit;
  if (outcome.endedBy === 'abort') return endOf('cancelled', explainLimit('cancelled', request), { text, ...costs });
  if (outcome.endedBy === 'timeout' || outcome.endedBy === 'idle')
    return endOf(outcome.endedBy, explainLimit(outcome.endedBy, request), { text, ...costs });
  if (wasKilled({ exitCode: outcome.exitCode, signal: outcome.endedBy === 'signal' }))
    return endOf('killed', killedMessage, { text, ...costs });
  if (limit) return rateLimited(limit.until, limit.message, { text, ...costs });
  if (outcome.exitCode === 0) return endOf('done', '', { text, answer, ...costs });
  const words = lastLines(wholeWords(outcome.stderr.toString(), outcome.truncated)) || lastLines(text);
  const message = `The agent exited with code ${outcome.exitCode}${words ? `: ${words}` : ' and said nothing.'}`;
  return endOf('failed', message, { text, answer, ...costs });
}

function lastLines(text: string): string {
  const lines = text.trim().split('\n').slice(-5).join('\n');
  return wholeWords(lines.slice(-1000), lines.length > 1000);
}

/** Half a secret is not known for one: what a cut left of a line, or of a word where there is only one line, goes. */
const wholeWords = (text: string, isCut: boolean): string =>
  isCut ? text.replace(text.includes('\n') ? /^[^\n]*\n/ : /^\S*/, '') : text;

const Costs = AgentAnswer.pick({ usage: true, costUsd: true, model: true });

function costsOf(answer: unknown): Pick<SessionEnd, 'usage' | 'costUsd'> {
  const { usage, costUsd } = Costs.safeParse(answer).data ?? {};
  return { usage: usage ? { ...noTokens, ...usage } : null, costUsd: costUsd ?? null };
}

/** Empty where the agent tells neither tokens nor money. */
function totalsOf(answer: unknown): ModelTotal[] {
  const { usage, costUsd, model } = Costs.safeParse(answer).data ?? {};
  if (!usage && costUsd === undefined) return [];
  const { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens } = { ...noTokens, ...usage };
  const tokens = { inputTokens, outputTokens, cacheReadTokens, cacheWriteTokens };
  return [{ model: model ?? null, ...tokens, costMicros: costUsd === undefined ? null : toMicros(costUsd) }];
}
