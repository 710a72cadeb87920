/** One agent session, from the row that says it starts to the answer: with what leads into its room. */
import { randomUUID } from 'node:crypto';
import type { Driver, SessionEnd, SessionRequest } from '#src/agents/agent.ts';
import { readAnswer } from '#src/agents/answer.ts';
import { endOf, rateLimited } from '#src/agents/session.ts';
import { type AgentChoice, explainChoice } from '#src/domain/agent-definition.ts';
import { type AgentAnswer, answerSchemaOf } from '#src/domain/answer.ts';
import { leastLeft } from '#src/domain/budget.ts';
import type { PhaseName } from '#src/domain/phase.ts';
import { cutOff, stillOurs, unlessHeld, watchSuspension } from '#src/engine/step.ts';
import { worktreeVariables } from '#src/environment/package-caches.ts';
import { hostTools } from '#src/environment/runner.ts';
import { putMerge } from '#src/git/put-merge.ts';
import type { Logger } from '#src/logs/pipeline.ts';
import { countSessions, endSession, findAgentSessionId } from '#src/store/agent-sessions.ts';
import { release } from '#src/store/budgets.ts';
import { bookUnknown, costOfSession, type SessionKey } from '#src/store/costs.ts';
import { findLimit } from '#src/store/credential-limits.ts';
import { whenAvailable } from '#src/store/database-error.ts';
import { type Access, withAccess } from '#src/workflows/access.ts';
import { type Brief, beginSession } from '#src/workflows/brief.ts';
import { type Channels, withChannels } from '#src/workflows/channels.ts';
import { goOnPrompt, type Role } from '#src/workflows/prompts.ts';
import { roomOf } from '#src/workflows/room.ts';
import type { Run, RunFacts } from '#src/workflows/run.ts';
import { putBack } from '#src/workflows/saved.ts';
import { logEnd, recordSession } from '#src/workflows/session-record.ts';
import {
  bookLeftBehind,
  explainEnd,
  followSpending,
  metersOf,
  readAllowance,
  type Spending,
} from '#src/workflows/spending.ts';
import { mayLoadSettings } from '#src/workflows/trust.ts';

/** What a session came to; JSON, because it is a step's result. */
export type Turn = {
  outcome: SessionEnd['outcome'];
  message: string;
  text: string;
  answer: AgentAnswer | null;
  /** With `rate_limited`: until when, ISO 8601. */
  until: string | null;
  /** The session whose conversation, with the files as they are, can go on in another; null where none can. */
  conversation: string | null;
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
  /** A session of the attempt before, which the model let in no more: its conversation and its files go on, where the agent can do that. */
  resumes?: string | undefined;
  /** It reads a tree that was made for it: no ports, no database, nothing to put back. */
  isReading?: true;
};

/**
 * Runs a session: fresh, or the one before it goes on. One that was cut off by a crash left rows and perhaps files behind: the tree
 * is put back first, and it begins fresh.
 */
export async function runSession(run: Run, spec: SessionSpec, signal: AbortSignal): Promise<Turn> {
  const { parts, facts } = run;
  const log = run.log(spec.phase);
  const { driver } = parts.agents.driverFor(spec.agent, facts.config, spec.phase);
  const limit = await findLimit(parts.database.db, driver.credential);
  const resumes = await findResumed(run, spec, driver);
  const before = resumes && spec.resumes; // its conversation goes on where this session has none
  if (limit) return toTurn(rateLimited(limit.until, 'another session was told so'), before); // nobody asks before it ends
  const problem = explainChoice(spec.agent, driver.capabilities, choiceOf(facts));
  if (problem) return toTurn(endOf('unable', problem));
  if (!resumes && !spec.isReading) await prepareTree(run, spec, log);
  const isCutOff = watchSuspension();
  const opened = await open(run, spec, { driver, log, resumes });
  const { ended, isInterrupted } = await converse(run, spec, { opened, signal });
  // What an agent says goes into rows, commits and pull requests: its secrets end here.
  const said = parts.redactor.deep(ended);
  const { session, spending } = opened;
  const { sessionId } = session;
  const ours = { sessionId, usedUp: spending.usedUp(), isCutOff: isCutOff() };
  const end = signal.aborted ? said : await asOurEnd(run, said, ours);
  const isCounted = driver.capabilities.cost === 'counted';
  const costUsd = await whenAvailable(() => close(run, session, { end, isCounted }));
  await unlessHeld(); // the shutdown has killed it, and nobody else
  await logEnd(log, spec.agent, { ...end, costUsd });
  if (isCutOff() && !signal.aborted) throw cutOff();
  if (resumes && end.isForgotten) return runSession(run, spec, signal); // afresh, for this attempt has a session by now
  // What the person said is in the prompt of the session that begins again.
  if (isInterrupted && !signal.aborted && end.outcome === 'cancelled') return runSession(run, spec, signal);
  const isHalfDone = end.outcome === 'rate_limited' || end.outcome === 'overloaded'; // and nothing was wrong with it
  if (!isHalfDone) return toTurn(end);
  return toTurn(end, (await findConversation(run, driver, sessionId)) ? sessionId : before);
}

/** The agent's own id of a session's conversation, where a later session can go on with it. */
async function findConversation(run: Run, driver: Driver, sessionId: string): Promise<string | undefined> {
  const { parts, facts, worktree } = run;
  const { homePath } = roomOf(parts, facts, worktree.path);
  const agentSessionId = await whenAvailable(() => findAgentSessionId(parts.database.db, sessionId));
  if (agentSessionId === null) return undefined;
  return (await driver.remembers?.({ agentSessionId, homePath })) ? agentSessionId : undefined;
}

const choiceOf = ({ model = null, effort = null }: RunFacts): AgentChoice => ({ model, effort });

/** Once: cut off while it went on, its files are no longer those that its conversation knows. */
async function findResumed(
  run: Run,
  { resumes, phase, attempt }: SessionSpec,
  driver: Driver,
): Promise<string | undefined> {
  const { parts, adwId } = run;
  if (!resumes || (await countSessions(parts.database.db, { adwId, phase, attempt })) > 0) return undefined;
  await stillOurs();
  return findConversation(run, driver, resumes);
}

async function prepareTree(run: Run, spec: SessionSpec, log: Logger): Promise<void> {
  const { parts, facts, adwId } = run;
  if (spec.attempt > 1 || (await countSessions(parts.database.db, { adwId, phase: spec.phase })) > 0)
    await putBack(parts, facts, run.worktree, spec.parent, log);
  await stillOurs();
  if (spec.mergeIn) await putMerge(facts.project, run.worktree, { ours: spec.parent, theirs: spec.mergeIn });
}

type Opened = {
  session: SessionKey;
  sent: Brief;
  driver: Driver;
  log: Logger;
  spending: Spending;
  budgetUsd: number | undefined;
  /** The agent's own id of the conversation that goes on. */
  resumes: string | undefined;
};

/** The rows of a session that begins, and what it may spend. */
async function open(
  run: Run,
  spec: SessionSpec,
  { driver, log, resumes }: Pick<Opened, 'driver' | 'log' | 'resumes'>,
): Promise<Opened> {
  const { parts, facts, adwId } = run;
  await bookLeftBehind(run, roomOf(parts, facts, run.worktree.path).homePath);
  const sessionId = randomUUID();
  const row = { taskId: facts.taskId, adwId, phase: spec.phase, attempt: spec.attempt, agent: spec.agent };
  const asked = { role: spec.role ?? spec.phase, prompt: resumes ? goOnPrompt : spec.prompt };
  const sent = await beginSession(run, { id: sessionId, ...row }, asked);
  const about = { kind: 'agent' as const, agentName: spec.agent };
  const how = resumes ? 'goes on with' : 'begins';
  void log.info(`${spec.agent} ${how} ${asked.role}, attempt ${spec.attempt}`, about);
  // For costs a session of ours is a conversation of its own: a driver tells only what one that goes on adds.
  const session: SessionKey = { sessionId, conversation: sessionId, projectId: facts.project.id, ...row };
  const budgetUsd = await readAllowance(run, sessionId);
  if (budgetUsd !== undefined && driver.capabilities.cost === 'told')
    void log.info(`The budget counts what ${spec.agent} itself tells of its costs: Sentra does not see them.`, about);
  return { session, sent, driver, log, spending: followSpending(run, session, log), budgetUsd, resumes };
}

/** From the agent's start to its end, with all that leads into its room. */
async function converse(
  run: Run,
  spec: SessionSpec,
  { opened, signal }: { opened: Opened; signal: AbortSignal },
): Promise<{ ended: SessionEnd; isInterrupted: boolean }> {
  const { parts, facts, adwId } = run;
  const { session, driver, log, spending } = opened;
  const projectSettings = await mayLoadSettings(run, log);
  const { homePath } = roomOf(parts, facts, run.worktree.path);
  const place = { adwId, facts, worktreePath: run.worktree.path };
  let overLimit: string | undefined;
  const onLimit = (why: string) => {
    overLimit = why;
  };
  const speak = async (channels: Channels, access: Pick<Access, 'env' | 'sockets'>) => {
    const heard = { onUsage: spending.onUsage, onHeard: channels.heard };
    const recorder = recordSession(run, session.sessionId, { agentName: spec.agent, log, ...heard });
    const request = { ...requestOf(run, spec, { ...opened, channels, access, onLimit }), projectSettings };
    const stops = AbortSignal.any([signal, spending.signal, channels.interrupted]);
    const end = await driver.run(request, recorder.onEvent, stops);
    await recorder.settled();
    const ended = overLimit === undefined ? end : failedFor(overLimit, end);
    return { ended, isInterrupted: channels.interrupted.aborted && ended.outcome === 'cancelled' };
  };
  return withChannels(run, driver, { session, homePath, log, stopReason: spending.usedUp }, (channels) =>
    spec.isReading
      ? speak(channels, { env: worktreeVariables(homePath), sockets: [] })
      : withAccess(parts, place, (access) => speak(channels, access)),
  );
}

type Ways = Opened & { channels: Channels; access: Pick<Access, 'env' | 'sockets'>; onLimit: (why: string) => void };

function requestOf(
  { parts, facts, adwId, worktree }: Run,
  spec: SessionSpec,
  { session, sent, budgetUsd, resumes, channels, access, onLimit }: Ways,
): SessionRequest {
  const schema = answerSchemaOf(spec.role ?? spec.phase);
  const host = hostTools(parts.baseEnv); // an agent runs the same tools as the project's own commands
  const room = roomOf(parts, facts, worktree.path);
  const { phaseTimeoutMinutes, idleTimeoutMinutes } = facts.config.limits;
  return {
    sessionId: session.sessionId,
    taskId: facts.taskId,
    adwId,
    phase: spec.role ?? spec.phase,
    attempt: spec.attempt,
    ...sent,
    ...channels.request,
    ...(resumes ? { resumes } : {}),
    ...(schema ? { answerSchema: schema } : {}),
    ...(facts.model ? { model: facts.model } : {}),
    ...(facts.effort ? { effort: facts.effort } : {}),
    room: {
      ...room,
      onLimit,
      sockets: [...access.sockets, ...channels.sockets],
      ...parts.devServers.doorsOf(facts.taskId),
      readable: [...room.readable, ...host.readable],
    },
    confined: facts.confined,
    env: { ...host.env, ...access.env },
    timeoutMs: phaseTimeoutMinutes * 60_000,
    idleMs: idleTimeoutMinutes * 60_000,
    ...(budgetUsd === undefined ? {} : { budgetUsd }),
  };
}

/** To its driver one that a limit of its room ended was killed; what it was is known here. */
const failedFor = (why: string, end: SessionEnd): SessionEnd => ({ ...end, outcome: 'failed', message: why });

/** A session that we ended ourselves, for its budget (or it has stopped itself for what it was given) or for the lease of this worker. */
async function asOurEnd(
  run: Run,
  end: SessionEnd,
  { sessionId, usedUp, isCutOff }: { sessionId: string; usedUp: string | undefined; isCutOff: boolean },
): Promise<SessionEnd> {
  if (isCutOff) return { ...end, outcome: 'cancelled', message: endedForLease };
  if (end.outcome === 'cancelled' && usedUp !== undefined) return { ...end, outcome: 'budget', message: usedUp };
  if (end.outcome !== 'budget') return end;
  const least = leastLeft(await whenAvailable(() => metersOf(run, sessionId)));
  return least ? { ...end, message: explainEnd(least) } : end;
}

const endedForLease = 'Sentra ended the agent because the database did not answer for too long; it begins again.';

/** What lets nobody in costs nothing. */
const free: readonly SessionEnd['outcome'][] = ['auth', 'not_found', 'rate_limited', 'overloaded'];

/** Answers what it cost: where the agent does not say, what the ledger has. */
async function close(
  { parts, facts }: Run,
  session: SessionKey,
  { end, isCounted }: { end: SessionEnd; isCounted: boolean },
): Promise<number | null> {
  const { outcome, message, usage } = end;
  const costUsd = await parts.database.transaction(async (tx) => {
    if (!isCounted && !free.includes(outcome)) await bookUnknown(tx, session);
    const costUsd = end.costUsd ?? (await costOfSession(tx, session.sessionId));
    await endSession(tx, session.sessionId, { outcome, message, costUsd, usage });
    await release(tx, session.adwId);
    return costUsd;
  });
  await parts.changes.change(async ({ record }) =>
    record({
      type: 'cost.changed',
      projectId: facts.project.id,
      taskId: facts.taskId,
      data: { sessionId: session.sessionId },
    }),
  );
  return costUsd;
}

function toTurn(end: SessionEnd, conversation?: string): Turn {
  const { answer, problem } = readAnswer(end);
  return {
    outcome: end.outcome,
    message: problem ? [end.message, problem].filter(Boolean).join(' ') : end.message,
    text: end.text,
    answer: answer ?? null,
    until: end.until ?? null,
    conversation: conversation ?? null,
  };
}
