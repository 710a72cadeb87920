/**
 * The driver for any program that reads a prompt on standard input and works in the worktree: an agent of kind `command`.
 * Its lines are output events; what it writes to `$SENTRA_RESULT` is its answer; its exit code is its outcome.
 */
import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { AgentEvent, Driver, SessionEnd, SessionRequest } from '#src/agents/agent.ts';
import { findProgram, foldersOf } from '#src/agents/program.ts';
import { readResult } from '#src/agents/result-file.ts';
import { baseEnvironment, endOf, explainLimit, killedMessage, programPath, rateLimited } from '#src/agents/session.ts';
import { AgentAnswer } from '#src/domain/answer.ts';
import { SentraError } from '#src/errors.ts';
import { type Command, type Outcome, run } from '#src/process.ts';
import type { Sandbox } from '#src/sandbox/sandbox.ts';

type Setup = { sandbox: Sandbox; definition: { command: readonly string[] } };

const keptWordsBytes = 8 * 1024;

export function createCommandDriver({ sandbox, definition }: Setup): Driver {
  const [program = '', ...args] = definition.command;
  return {
    credential: `command ${JSON.stringify(definition.command)}`,
    async unavailable() {
      if (program.startsWith('.')) return undefined; // a file of the worktree, known only when there is one
      return findProgram(program, programPath, '/') ? undefined : notFound(program);
    },
    async run(request, onEvent, signal) {
      if (signal.aborted) return endOf('cancelled', explainLimit('cancelled', request));
      const resultPath = join(request.room.homePath, 'sentra-result.json');
      await mkdir(request.room.homePath, { recursive: true, mode: 0o700 });
      await rm(resultPath, { recursive: true, force: true });
      const env: Record<string, string> = { ...baseEnvironment(request), ...facts(request), SENTRA_RESULT: resultPath };
      const found = findProgram(program, env.PATH ?? programPath, request.room.worktreePath);
      if (!found) return endOf('not_found', notFound(program));
      const command: Command = { command: found, args, cwd: request.room.worktreePath, env };
      const confined = request.confined ? await confine(sandbox, command, request) : command;
      return await runSession(confined, { request, resultPath, onEvent, signal });
    },
  };
}

const notFound = (program: string): string =>
  `The agent's program ${JSON.stringify(program)} was not found. Install it, or correct agents.<name>.command in sentra.json.`;

const facts = (request: SessionRequest): Record<string, string> => ({
  TASK_ID: request.taskId,
  ADW_ID: request.adwId,
  PHASE: request.phase,
  ATTEMPT: String(request.attempt),
  WORKTREE_PATH: request.room.worktreePath,
});

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
  const prompt = [request.systemPrompt, request.prompt].filter(Boolean).join('\n\n');
  try {
    const outcome = await run(command, {
      input: `${prompt}\n`,
      timeoutMs: request.timeoutMs,
      idleMs: request.idleMs,
      keepBytes: keptWordsBytes,
      signal,
      onLine: (text, stream) => {
        told = told.then(() => onEvent({ kind: 'output', text, stream }));
        told.catch(() => {}); // thrown below, when it is awaited
      },
    });
    await told;
    return await toEnd(outcome, request, resultPath);
  } catch (e) {
    if (signal.aborted) return endOf('cancelled', explainLimit('cancelled', request));
    if (e instanceof SentraError && e.code === 'not_found') return endOf('not_found', e.message);
    throw e;
  }
}

async function toEnd(outcome: Outcome, request: SessionRequest, resultPath: string): Promise<SessionEnd> {
  const answer = await readResult(resultPath);
  const text = outcome.stdout.toString().trim();
  const costs = costsOf(answer);
  const limit = AgentAnswer.pick({ rateLimit: true }).safeParse(answer).data?.rateLimit;
  if (outcome.endedBy === 'abort') return endOf('cancelled', explainLimit('cancelled', request), { text, ...costs });
  if (outcome.endedBy === 'timeout' || outcome.endedBy === 'idle')
    return endOf(outcome.endedBy, explainLimit(outcome.endedBy, request), { text, ...costs });
  if (wasKilled(outcome)) return endOf('killed', killedMessage, { text, ...costs });
  if (limit) return rateLimited(limit.until, limit.message, { text, ...costs });
  if (outcome.exitCode === 0) return endOf('done', '', { text, answer, ...costs });
  const words = lastLines(outcome.stderr.toString()) || lastLines(text);
  const message = `The agent exited with code ${outcome.exitCode}${words ? `: ${words}` : ' and said nothing.'}`;
  return endOf('failed', message, { text, answer, ...costs });
}

/** Behind the wall a signal shows as 128 and its number. */
const wasKilled = ({ exitCode, endedBy }: Outcome): boolean =>
  endedBy === 'signal' || exitCode === 128 + 9 || exitCode === 128 + 15;

const lastLines = (text: string): string => text.trim().split('\n').slice(-5).join('\n').slice(-1000);

function costsOf(answer: unknown): Pick<SessionEnd, 'usage' | 'costUsd'> {
  const parsed = AgentAnswer.pick({ usage: true, costUsd: true }).safeParse(answer);
  if (!parsed.success) return { usage: null, costUsd: null };
  const { usage, costUsd } = parsed.data;
  const none = { inputTokens: 0, outputTokens: 0, cacheReadTokens: 0, cacheWriteTokens: 0 };
  return { usage: usage ? { ...none, ...usage } : null, costUsd: costUsd ?? null };
}
