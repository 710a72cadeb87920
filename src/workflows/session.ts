/** One agent session, from the row that says it starts to the answer: its events become log lines and transcript rows as they come. */
import { randomUUID } from 'node:crypto';
import type { AgentEvent, SessionEnd } from '#src/agents/agent.ts';
import { readAnswer } from '#src/agents/answer.ts';
import { rateLimited } from '#src/agents/session.ts';
import { type AgentAnswer, answerSchemaOf } from '#src/domain/answer.ts';
import { leastLeft } from '#src/domain/budget.ts';
import type { PhaseName } from '#src/domain/phase.ts';
import { hostTools } from '#src/environment/runner.ts';
import { putMerge } from '#src/git/put-merge.ts';
import type { Logger } from '#src/logs/pipeline.ts';
import { countSessions, endSession, insertSession, updateSession } from '#src/store/agent-sessions.ts';
import { release } from '#src/store/budgets.ts';
import { bookUnknown, type SessionKey } from '#src/store/costs.ts';
import { findLimit } from '#src/store/credential-limits.ts';
import { whenAvailable } from '#src/store/database-error.ts';
import { storableText } from '#src/store/text.ts';
import { withAccess } from '#src/workflows/access.ts';
import { describeNeighbours } from '#src/workflows/neighbours.ts';
import { type Role, systemPrompt } from '#src/workflows/prompts.ts';
import { roomOf } from '#src/workflows/room.ts';
import type { Run } from '#src/workflows/run.ts';
import { putBack } from '#src/workflows/saved.ts';
import {
  bookLeftBehind,
  explainEnd,
  followSpending,
  metersOf,
  readAllowance,
  type Spending,
} from '#src/workflows/spending.ts';

/** What a session came to; JSON, because it is a step's result. */
export type Turn = {
  outcome: SessionEnd['outcome'];
  message: string;
  text: string;
  answer: AgentAnswer | null;
  /** With `rate_limited`: until when, ISO 8601. */
  until: string | null;
};

export type SessionSpec = {
  phase: PhaseName;
  /** What the agent is told that it does; the phase unless said otherwise. */
  role?: Role;
  attempt: number;
  parent: string;
  agent: string;
  prompt: string;
  /** A commit whose merge with the branch it finds in the worktree. */
  mergeIn?: string | undefined;
};

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
  if (spec.mergeIn) await putMerge(facts.project, run.worktree, { ours: spec.parent, theirs: spec.mergeIn });
  const role = spec.role ?? spec.phase;
  await bookLeftBehind(run, roomOf(parts, facts, run.worktree.path).homePath);
  const sessionId = randomUUID();
  const row = { taskId: facts.taskId, adwId, phase: spec.phase, attempt: spec.attempt, agent: spec.agent };
  const sent = {
    systemPrompt: systemPrompt(role),
    prompt: `${spec.prompt}${await describeNeighbours(db, facts.taskId)}`,
  };
  await insertSession(db, { id: sessionId, ...row, ...redactAll(sent, parts.redactor) });
  void log.info(`${spec.agent} begins ${spec.phase}, attempt ${spec.attempt}`, {
    kind: 'agent',
    agentName: spec.agent,
  });
  // A session of ours is a conversation of its own: no driver resumes one yet.
  const session: SessionKey = { sessionId, conversation: sessionId, projectId: facts.project.id, ...row };
  const budgetUsd = await readAllowance(run, sessionId);
  const spending = followSpending(run, session, log);
  const recorder = record(run, sessionId, { agentName: spec.agent, log, onUsage: spending.onUsage });
  const schema = answerSchemaOf(spec.phase);
  const host = hostTools(parts.baseEnv); // an agent runs the same tools as the project's own commands
  const place = { adwId, facts, worktreePath: run.worktree.path };
  const ended = await withAccess(parts, place, ({ env, sockets }) =>
    driver.run(
      {
        sessionId,
        taskId: facts.taskId,
        adwId,
        phase: role,
        attempt: spec.attempt,
        ...sent,
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
        ...(budgetUsd === undefined ? {} : { budgetUsd }),
      },
      recorder.onEvent,
      AbortSignal.any([signal, spending.signal]),
    ),
  );
  await recorder.settled();
  // What an agent says goes into rows, commits and pull requests: its secrets end here.
  const said = parts.redactor.deep(ended);
  const end = signal.aborted ? said : await asBudgetEnd(run, said, { sessionId, usedUp: spending.usedUp() });
  await Promise.all([
    whenAvailable(() => close(run, session, { end, isCounted: driver.isCounted })),
    logEnd(log, spec.agent, end),
  ]);
  return toTurn(end);
}

/** A session that a budget ended was stopped by us, or has stopped itself for what it was given. */
async function asBudgetEnd(
  run: Run,
  end: SessionEnd,
  { sessionId, usedUp }: { sessionId: string; usedUp: string | undefined },
): Promise<SessionEnd> {
  if (end.outcome === 'cancelled' && usedUp !== undefined) return { ...end, outcome: 'budget', message: usedUp };
  if (end.outcome !== 'budget') return end;
  const least = leastLeft(await whenAvailable(() => metersOf(run, sessionId)));
  return least ? { ...end, message: explainEnd(least) } : end;
}

/** What lets nobody in costs nothing. */
const free: readonly SessionEnd['outcome'][] = ['auth', 'not_found', 'rate_limited', 'overloaded'];

async function close(
  { parts, facts }: Run,
  session: SessionKey,
  { end, isCounted }: { end: SessionEnd; isCounted: boolean },
): Promise<void> {
  const { outcome, message, costUsd, usage } = end;
  await parts.database.transaction(async (tx) => {
    if (!isCounted && !free.includes(outcome)) await bookUnknown(tx, session);
    await endSession(tx, session.sessionId, { outcome, message, costUsd, usage });
    await release(tx, session.adwId);
  });
  await parts.changes.change(async ({ record }) =>
    record({
      type: 'cost.changed',
      projectId: facts.project.id,
      taskId: facts.taskId,
      data: { sessionId: session.sessionId },
    }),
  );
}

const redactAll = (sent: { systemPrompt: string; prompt: string }, redact: (text: string) => string) => ({
  systemPrompt: storableText(redact(sent.systemPrompt)),
  prompt: storableText(redact(sent.prompt)),
});

type Recording = { agentName: string; log: Logger; onUsage: Spending['onUsage'] };

/** An agent at work does not notice that the database is away: what it says waits. */
function record(run: Run, sessionId: string, { agentName, log, onUsage }: Recording) {
  const { db } = run.parts.database;
  const metadata = { kind: 'output' as const, agentName };
  const program = log.record({ name: agentName, metadata, sessionId });
  return {
    onEvent: async (event: AgentEvent): Promise<void> => {
      if (event.kind === 'output') return void (await program.onOutput(event.bytes, event.stream));
      if (event.kind === 'record') return program.note(event.text);
      if (event.kind === 'usage') return onUsage(event);
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
      return event.isError
        ? log.warn(event.output, { ...facts, error: 'the tool failed' })
        : log.debug(event.output, facts);
    }
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
  return {
    outcome: end.outcome,
    message: problem ? [end.message, problem].filter(Boolean).join(' ') : end.message,
    text: end.text,
    answer: answer ?? null,
    until: end.until ?? null,
  };
}
