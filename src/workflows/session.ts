/** One agent session, from the row that says it starts to the answer: its events become log lines and transcript rows as they come. */
import { randomUUID } from 'node:crypto';
import type { AgentEvent, SessionEnd } from '#src/agents/agent.ts';
import { readAnswer } from '#src/agents/answer.ts';
import { rateLimited } from '#src/agents/session.ts';
import { type AgentAnswer, answerSchemaOf } from '#src/domain/answer.ts';
import type { PhaseName } from '#src/domain/phase.ts';
import { hostTools } from '#src/environment/runner.ts';
import type { Logger } from '#src/logs/pipeline.ts';
import {
  appendTranscript,
  countSessions,
  endSession,
  insertSession,
  updateSession,
} from '#src/store/agent-sessions.ts';
import { findLimit } from '#src/store/credential-limits.ts';
import { whenAvailable } from '#src/store/database-error.ts';
import { withAccess } from '#src/workflows/access.ts';
import { systemPrompt } from '#src/workflows/prompts.ts';
import { roomOf } from '#src/workflows/room.ts';
import type { Run } from '#src/workflows/run.ts';
import { putBack } from '#src/workflows/saved.ts';

/** What a session came to; JSON, because it is a step's result. */
export type Turn = {
  outcome: SessionEnd['outcome'];
  message: string;
  text: string;
  answer: AgentAnswer | null;
  costUsd: number | null;
  tokens: number;
  /** With `rate_limited`: until when, ISO 8601. */
  until: string | null;
};

export type SessionSpec = { phase: PhaseName; attempt: number; parent: string; agent: string; prompt: string };

/** Runs a fresh session. One that was cut off by a crash left rows and perhaps files behind: the tree is put back first. */
export async function runSession(run: Run, spec: SessionSpec, signal: AbortSignal): Promise<Turn> {
  const { parts, facts, adwId } = run;
  const { db } = parts.database;
  const log = run.log(spec.phase);
  const { driver } = parts.agents.driverFor(spec.agent, facts.config, spec.phase);
  const limit = await findLimit(db, driver.credential);
  if (limit) return toTurn(rateLimited(limit.until, 'another session was told so')); // nobody asks before it ends
  if (spec.attempt > 1 || (await countSessions(db, adwId, spec.phase)) > 0)
    await putBack(parts, facts, run.worktree, spec.parent, log);
  const sessionId = randomUUID();
  const row = { taskId: facts.taskId, adwId, phase: spec.phase, attempt: spec.attempt, agent: spec.agent };
  await insertSession(db, { id: sessionId, ...row });
  void log.info(`${spec.agent} begins ${spec.phase}, attempt ${spec.attempt}`, {
    kind: 'agent',
    agentName: spec.agent,
  });
  const recorder = record(run, sessionId, spec.agent, log);
  const schema = answerSchemaOf(spec.phase);
  const host = hostTools(parts.baseEnv); // an agent runs the same tools as the project's own commands
  const place = { adwId, facts, worktreePath: run.worktree.path };
  const end = await withAccess(parts, place, ({ env, sockets }) =>
    driver.run(
      {
        sessionId,
        taskId: facts.taskId,
        adwId,
        phase: spec.phase,
        attempt: spec.attempt,
        systemPrompt: systemPrompt(spec.phase),
        prompt: spec.prompt,
        ...(schema ? { answerSchema: schema } : {}),
        room: {
          ...roomOf(parts, facts, run.worktree.path),
          sockets,
          ...parts.devServers.doorsOf(facts.taskId),
          readable: [...roomOf(parts, facts, run.worktree.path).readable, ...host.readable],
        },
        confined: facts.confined,
        env: { ...host.env, ...env },
        timeoutMs: facts.config.limits.phaseTimeoutMinutes * 60_000,
        idleMs: facts.config.limits.idleTimeoutMinutes * 60_000,
      },
      recorder.onEvent,
      signal,
    ),
  );
  await recorder.settled();
  const { outcome, message, costUsd, usage } = end;
  await Promise.all([
    whenAvailable(() => endSession(db, sessionId, { outcome, message, costUsd, usage })),
    logEnd(log, spec.agent, end),
  ]);
  return toTurn(end);
}

/** An agent at work does not notice that the database is away: what it says waits. */
function record(run: Run, sessionId: string, agentName: string, log: Logger) {
  const { db } = run.parts.database;
  let seq = 0;
  let writing: Promise<void> = Promise.resolve();
  return {
    onEvent: async (event: AgentEvent): Promise<void> => {
      const { raw, ...plain } = event;
      const number = ++seq;
      writing = writing.then(() => whenAvailable(() => appendTranscript(db, sessionId, number, raw ?? plain)));
      if (event.kind === 'started') {
        const known = { agentSessionId: event.agentSessionId, model: event.model };
        await whenAvailable(() => updateSession(db, sessionId, known));
      }
      await toLine(event, agentName, log);
      await writing;
    },
    settled: () => writing,
  };
}

/** The line that people read of an event. */
async function toLine(event: AgentEvent, agentName: string, log: Logger): Promise<void> {
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
      return event.isError
        ? log.warn(event.output, { ...facts, error: 'the tool failed' })
        : log.debug(event.output, facts);
    }
    case 'output':
      return event.stream === 'stderr'
        ? log.warn(event.text, { kind: 'output', agentName })
        : log.info(event.text, { kind: 'output', agentName });
    case 'retry':
      return log.warn(event.message, { kind: 'agent', agentName });
  }
}

/** Nothing is wrong with the task: it goes on by itself later. */
const isWait = ({ outcome }: SessionEnd) => outcome === 'rate_limited' || outcome === 'overloaded';

async function logEnd(log: Logger, agentName: string, end: SessionEnd): Promise<void> {
  const cost = end.costUsd === null ? '' : `, $${end.costUsd.toFixed(4)}`;
  if (end.outcome === 'done') await log.info(`${agentName} is done${cost}`, { kind: 'agent', agentName });
  else await log[isWait(end) ? 'warn' : 'error'](end.message, { kind: 'agent', agentName, error: end.outcome });
}

function toTurn(end: SessionEnd): Turn {
  const { answer, problem } = readAnswer(end);
  const usage = end.usage;
  return {
    outcome: end.outcome,
    message: problem ? [end.message, problem].filter(Boolean).join(' ') : end.message,
    text: end.text,
    answer: answer ?? null,
    costUsd: end.costUsd,
    until: end.until ?? null,
    tokens: usage ? usage.inputTokens + usage.outputTokens + usage.cacheReadTokens + usage.cacheWriteTokens : 0,
  };
}
