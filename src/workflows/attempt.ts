/**
 * One phase done by an agent: attempts in fresh sessions until one ends well and its evidence holds. After it Sentra looks at
 * the tree itself, commits what changed and pushes. Each part is a step; the commit's hash depends on nothing but the rows.
 */

import { commitMessage } from '#src/domain/commit-message.ts';
import type { PhaseName } from '#src/domain/phase.ts';
import { step } from '#src/engine/step.ts';
import { type ErrorCode, type Failure, SentraError } from '#src/errors.ts';
import { commitWorktree } from '#src/git/commit.ts';
import { pushBranch } from '#src/git/push.ts';
import { resolveCommit } from '#src/git/repository.ts';
import { insertEvidence } from '#src/store/evidence.ts';
import { beginAttempt, endAttempt } from '#src/store/phases.ts';
import { setTaskNotice } from '#src/store/tasks.ts';
import { toIso } from '#src/store/time.ts';
import { park } from '#src/workflows/park.ts';
import { planPath } from '#src/workflows/plan-file.ts';
import { backOffMs, type Recovery, ruleOf } from '#src/workflows/recovery.ts';
import type { Run } from '#src/workflows/run.ts';
import { runSession, type Turn } from '#src/workflows/session.ts';

export type Committed = { commit: string | null; files: string[] };
export type PhaseResult = { turn: Turn; committed: Committed; attempt: number };

export type AgentPhase = {
  phase: PhaseName;
  /** `last`: why the attempt before failed, where the agent itself was the reason. */
  prompt: (attempt: number, last?: Failure) => string;
  /** What the commit says after its kind. */
  subject: string;
  /** Looks at a session that ended well, before the commit: a failure makes the attempt fail. May run twice. */
  prepare?: (turn: Turn) => Promise<Failure | undefined>;
  /** Judges what was committed: a failure makes the attempt fail. Pure. */
  judge?: (turn: Turn, committed: Committed) => Failure | undefined;
  /** How many attempts a failure with this code is worth; the default is limits.agentAttempts. */
  attemptsFor?: (code: ErrorCode) => number | undefined;
};

/**
 * How often each is done within a phase. A session that something outside ended is not the agent's fault; but a host that ends
 * each one must not be asked for ever, nor a model that stays overloaded.
 */
const tolerated = { again: 5, wait_until: Number.POSITIVE_INFINITY, back_off: 8, person: 1, end: 1 } as const;

/** Throws the failure of the last attempt when all are used up. */
export async function agentPhase(run: Run, spec: AgentPhase): Promise<PhaseResult> {
  const used = new Map<Recovery, number>();
  let last: Failure | undefined;
  for (;;) {
    const { result, failure } = await attemptOnce(run, spec, last);
    if (result) return result;
    const { recovery } = ruleOf(failure.code);
    const count = (used.get(recovery) ?? 0) + 1;
    used.set(recovery, count);
    const attempts = spec.attemptsFor?.(failure.code) ?? run.facts.config.limits.agentAttempts;
    if (count >= (recovery === 'fresh_session' ? attempts : tolerated[recovery]))
      throw SentraError.from(afterAttempts(failure, count));
    if (recovery === 'fresh_session') last = failure;
    else if (recovery !== 'again') await waitOut(run, spec.phase, { failure, count });
  }
}

/** Without a slot, so that others work meanwhile. */
function waitOut(run: Run, phase: PhaseName, { failure, count }: { failure: Failure; count: number }): Promise<void> {
  const name = `${phase} ${run.attempts[phase]}`;
  const { until, credential } = (failure.details ?? {}) as { until?: string; credential?: string };
  if (until && credential) return park(run, name, { parking: { until }, failure, credential });
  return park(run, name, { parking: { afterMs: backOffMs(count, Math.random()) }, failure });
}

async function attemptOnce(
  run: Run,
  spec: AgentPhase,
  last: Failure | undefined,
): Promise<{ result: PhaseResult; failure?: never } | { result?: never; failure: Failure }> {
  const begun = await beginPhase(run, spec.phase, 'agent');
  const { attempt } = begun;
  const name = `${spec.phase} ${attempt}`;
  const agent = begun.agent ?? '';
  const prompt = spec.prompt(attempt, last);
  const turn = await step(`${name}: session`, (signal) =>
    runSession(run, { phase: spec.phase, attempt, parent: begun.parent, agent, prompt }, signal),
  );
  const { failure, committed } = await step(`${name}: close`, () => close(run, spec, begun, turn));
  if (committed.commit) push(run, spec.phase, attempt, committed.commit);
  return failure ? { failure } : { result: { turn, committed, attempt } };
}

export type Begun = { attempt: number; parent: string; startedAt: string; agent: string | null };

/** Takes the next attempt of a phase: its row fixes the parent and the date of the commit that may follow. */
export async function beginPhase(run: Run, phase: PhaseName, by: 'agent' | 'sentra'): Promise<Begun> {
  run.attempts[phase] += 1;
  const attempt = run.attempts[phase];
  return step(`${phase} ${attempt}: begin`, async () => {
    const { facts, parts, adwId } = run;
    const parent = await resolveCommit(facts.project, `refs/heads/${run.worktree.branchName}`);
    if (!parent)
      throw new SentraError('git_failed', `The branch ${run.worktree.branchName} is gone; retry the task from PLAN.`);
    const agent = by === 'agent' ? parts.agents.driverFor(facts.agent, facts.config, phase).name : null;
    return parts.changes.change(async ({ tx, touch, record }) => {
      const row = await beginAttempt(tx, { adwId, phase, attempt }, { taskId: facts.taskId, agent, parent });
      touch(facts.taskId);
      record({ type: 'phase.changed', taskId: facts.taskId, data: { adwId, phase, attempt, state: 'running' } });
      return { attempt, parent: row.parent ?? parent, startedAt: toIso(row.startedAt), agent: row.agent };
    });
  });
}

/** One step for all of it: done again after a crash it finds the same commit and writes the same rows. */
async function close(
  run: Run,
  spec: AgentPhase,
  begun: Begun,
  turn: Turn,
): Promise<{ failure: Failure | null; committed: Committed }> {
  const nothing: Committed = { commit: null, files: [] };
  let failure = failureOf(run, spec.phase, begun.agent ?? '', turn) ?? (await spec.prepare?.(turn));
  const committed = failure ? nothing : await commitAttempt(run, spec, begun);
  failure ??= spec.judge?.(turn, committed);
  await endPhase(run, { phase: spec.phase, attempt: begun.attempt }, { failure, committed, turn });
  return { failure: failure ?? null, committed };
}

export type PhaseEnd = {
  failure: Failure | undefined;
  committed?: Committed;
  turn?: Pick<Turn, 'costUsd' | 'tokens'>;
};

/** Closes an attempt's row, with its diff as evidence where it committed something. Belongs in a step. */
export async function endPhase(
  run: Run,
  { phase, attempt }: { phase: PhaseName; attempt: number },
  { failure, committed, turn }: PhaseEnd,
): Promise<void> {
  const { facts, adwId, parts } = run;
  const { taskId } = facts;
  const state = failure ? 'failed' : 'passed';
  const commit = committed?.commit ?? null;
  // Without a session there is nothing to pay; a session without a price has an unknown one.
  const costs = turn ? { costUsd: turn.costUsd, tokens: turn.tokens } : { costUsd: 0, tokens: 0 };
  await parts.changes.change(async ({ tx, touch, record }) => {
    await endAttempt(tx, { adwId, phase, attempt }, { state, commit, error: failure ?? null, ...costs });
    if (committed?.commit)
      await insertEvidence(tx, {
        taskId,
        adwId,
        phase,
        attempt,
        kind: 'diff',
        passed: true,
        exitCode: null,
        summary: `${committed.files.length} file${committed.files.length === 1 ? '' : 's'} changed`,
        data: { ...committed },
      });
    touch(taskId);
    record({ type: 'phase.changed', taskId, data: { adwId, phase, attempt, state } });
  });
  if (!failure) return;
  const { recovery } = ruleOf(failure.code);
  const level = recovery === 'wait_until' || recovery === 'back_off' ? 'warn' : 'error';
  const message = `${phase}, attempt ${attempt} failed: ${failure.message}`;
  await run.log(phase)[level](message, { kind: 'step', error: failure.code });
}

/** Commits all that changed in the worktree, under the attempt's date and parent: repeated, it gives the same hash. */
export async function commitAttempt(
  run: Run,
  spec: Pick<AgentPhase, 'phase' | 'subject'>,
  begun: Begun,
): Promise<Committed> {
  const { facts, worktree, parts, adwId } = run;
  const result = await commitWorktree(facts.project, {
    worktreePath: worktree.path,
    adminDir: worktree.adminDir,
    branchName: worktree.branchName,
    parent: begun.parent,
    message: commitMessage(spec.phase.toLowerCase() as Lowercase<PhaseName>, {
      subject: spec.subject,
      type: facts.type,
      taskId: facts.taskId,
      adwId,
      phase: spec.phase,
      attempt: begun.attempt,
    }),
    identity: parts.identity,
    date: begun.startedAt,
    exclude: worktree.copied.map(literalGlob),
    include: spec.phase === 'PLAN' ? [planPath(facts.taskId)] : [],
  });
  if (result.leftOut.length > 0)
    void run
      .log(spec.phase)
      .warn(`Not committed, because they are clones of other repositories: ${result.leftOut.join(', ')}`, {
        kind: 'step',
      });
  if (result.outcome === 'unchanged') return { commit: null, files: [] };
  void run
    .log(spec.phase)
    .info(`Committed ${result.commit.slice(0, 10)}: ${spec.phase.toLowerCase()}: ${spec.subject}`, {
      kind: 'step',
      commit: result.commit,
      files: result.files.length,
    });
  return { commit: result.commit, files: result.files };
}

/**
 * Pushes while the next phase works: a remote can take seconds. The step has its number the moment it is called, so a replay
 * finds it in the same place; `run.pushed` is waited for before a pull request opens and before the run ends.
 */
function push(run: Run, phase: PhaseName, attempt: number, commit: string): void {
  const { remote } = run.facts.project;
  if (!remote) return;
  const before = run.pushed;
  run.pushed = step(`${phase} ${attempt}: push`, async () => {
    await before; // an older commit must not arrive after a newer one
    await pushOnce(run, { phase, commit, remote });
  });
  run.pushed.catch(() => {}); // heard where it is awaited
}

async function pushOnce(
  run: Run,
  { phase, commit, remote }: { phase: PhaseName; commit: string; remote: string },
): Promise<void> {
  const { facts, worktree, parts } = run;
  const pushed = await pushBranch(facts.project, { branchName: worktree.branchName, commit, remote });
  const notice =
    pushed.outcome === 'refused'
      ? `The push of ${worktree.branchName} to ${remote} was refused: ${pushed.message} The work is safe in the local branch; the next push tries again.`
      : null;
  const told = notice
    ? run.log(phase).warn(notice, { kind: 'step', error: 'push_refused' })
    : run.log(phase).info(`Pushed ${worktree.branchName} to ${remote}`, { kind: 'step' });
  await parts.changes.change(async ({ tx, touch }) => {
    await setTaskNotice(tx, facts.taskId, notice);
    touch(facts.taskId);
  });
  await told;
}

function failureOf(run: Run, phase: PhaseName, agent: string, turn: Turn): Failure | undefined {
  const codes: Record<Exclude<Turn['outcome'], 'done'>, ErrorCode> = {
    failed: 'agent_failed',
    auth: 'agent_auth',
    timeout: 'agent_timeout',
    idle: 'agent_idle',
    cancelled: 'cancelled',
    killed: 'lost',
    not_found: 'agent_not_found',
    rate_limited: 'rate_limited',
    overloaded: 'overloaded',
  };
  if (turn.outcome === 'done') return undefined;
  const message = turn.message || `${agent} ended: ${turn.outcome}.`;
  if (turn.outcome !== 'rate_limited') return { code: codes[turn.outcome], message };
  const { credential } = run.parts.agents.driverFor(agent, run.facts.config, phase).driver;
  return { code: 'rate_limited', message, details: { until: turn.until, credential } };
}

/** A glob for one file. The bracket makes it a glob also for git, which refuses to be told of an ignored file by its plain name. */
const literalGlob = (path: string) => path.replace(/[\\*?[\]]/g, '\\$&').replace(/[\w.-]/, '[$&]');

const afterAttempts = (failure: Failure, attempts: number): Failure =>
  attempts > 1 ? { ...failure, message: `After ${attempts} attempts: ${failure.message}` } : failure;
