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
import { planPath } from '#src/workflows/plan-file.ts';
import type { Run } from '#src/workflows/run.ts';
import { runSession, type Turn } from '#src/workflows/session.ts';

export type Committed = { commit: string | null; files: string[] };
export type PhaseResult = { turn: Turn; committed: Committed; attempt: number };

export type AgentPhase = {
  phase: PhaseName;
  prompt: (attempt: number) => string;
  /** What the commit says after its kind. */
  subject: string;
  /** Looks at a session that ended well, before the commit: a failure makes the attempt fail. Runs in a step. */
  prepare?: (turn: Turn) => Promise<Failure | undefined>;
  /** Judges what was committed: a failure makes the attempt fail. Pure. */
  judge?: (turn: Turn, committed: Committed) => Failure | undefined;
  /** How many attempts a failure with this code is worth; the default is limits.agentAttempts. */
  attemptsFor?: (code: ErrorCode) => number | undefined;
};

// A session that something outside ended is not the agent's fault; but a host that ends each one must not be asked for ever.
const killsTolerated = 5;

/** Throws the failure of the last attempt when all are used up. */
export async function agentPhase(run: Run, spec: AgentPhase): Promise<PhaseResult> {
  const failures: ErrorCode[] = [];
  for (;;) {
    const { result, failure } = await attemptOnce(run, spec);
    if (result) return result;
    failures.push(failure.code);
    const allowed =
      failure.code === 'lost'
        ? killsTolerated
        : (spec.attemptsFor?.(failure.code) ?? run.facts.config.limits.agentAttempts);
    const used = failures.filter((code) => (failure.code === 'lost' ? code === 'lost' : code !== 'lost')).length;
    if (isFinal(failure.code) || used >= allowed) throw SentraError.from(afterAttempts(failure, used));
  }
}

async function attemptOnce(
  run: Run,
  spec: AgentPhase,
): Promise<{ result: PhaseResult; failure?: never } | { result?: never; failure: Failure }> {
  const begun = await beginPhase(run, spec.phase, 'agent');
  const { attempt } = begun;
  const name = `${spec.phase} ${attempt}`;
  const agent = begun.agent ?? '';
  const prompt = spec.prompt(attempt);
  const turn = await step(`${name}: session`, (signal) =>
    runSession(run, { phase: spec.phase, attempt, parent: begun.parent, agent, prompt }, signal),
  );
  let failure = failureOf(turn, agent);
  let committed: Committed = { commit: null, files: [] };
  if (!failure && spec.prepare)
    failure = (await step(`${name}: prepare`, async () => (await spec.prepare?.(turn)) ?? null)) ?? undefined;
  if (!failure) {
    committed = await step(`${name}: commit`, () => commitAttempt(run, spec, begun));
    failure = spec.judge?.(turn, committed);
  }
  await endPhase(run, spec.phase, attempt, failure, committed, turn);
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

/** Closes an attempt, with its diff as evidence where it committed something, and pushes the branch. */
export async function endPhase(
  run: Run,
  phase: PhaseName,
  attempt: number,
  failure: Failure | undefined,
  committed: Committed,
  turn: Pick<Turn, 'costUsd' | 'tokens'>,
): Promise<void> {
  const { facts, adwId, parts } = run;
  await step(`${phase} ${attempt}: end`, async () => {
    await parts.changes.change(async ({ tx, touch, record }) => {
      await endAttempt(
        tx,
        { adwId, phase, attempt },
        {
          state: failure ? 'failed' : 'passed',
          commit: committed.commit,
          error: failure ?? null,
          costUsd: turn.costUsd,
          tokens: turn.tokens,
        },
      );
      if (committed.commit)
        await insertEvidence(tx, {
          taskId: facts.taskId,
          adwId,
          phase,
          attempt,
          kind: 'diff',
          passed: true,
          exitCode: null,
          summary: `${committed.files.length} file${committed.files.length === 1 ? '' : 's'} changed`,
          data: { ...committed },
        });
      touch(facts.taskId);
      record({
        type: 'phase.changed',
        taskId: facts.taskId,
        data: { adwId, phase, attempt, state: failure ? 'failed' : 'passed' },
      });
    });
    if (failure)
      await run
        .log(phase)
        .error(`${phase}, attempt ${attempt} failed: ${failure.message}`, { kind: 'step', error: failure.code });
  });
  if (committed.commit) await push(run, phase, attempt, committed.commit);
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
  if (result.outcome === 'unchanged') return { commit: null, files: [] };
  await run
    .log(spec.phase)
    .info(`Committed ${result.commit.slice(0, 10)}: ${spec.phase.toLowerCase()}: ${spec.subject}`, {
      kind: 'step',
      commit: result.commit,
      files: result.files.length,
    });
  return { commit: result.commit, files: result.files };
}

async function push(run: Run, phase: PhaseName, attempt: number, commit: string): Promise<void> {
  const { facts, worktree, parts } = run;
  const remote = facts.project.remote;
  if (!remote) return;
  await step(`${phase} ${attempt}: push`, async () => {
    const pushed = await pushBranch(facts.project, { branchName: worktree.branchName, commit, remote });
    const notice =
      pushed.outcome === 'refused'
        ? `The push of ${worktree.branchName} to ${remote} was refused: ${pushed.message} The work is safe in the local branch; the next phase tries again.`
        : null;
    await parts.changes.change(async ({ tx, touch }) => {
      await setTaskNotice(tx, facts.taskId, notice);
      touch(facts.taskId);
    });
    if (notice) await run.log(phase).warn(notice, { kind: 'step', error: 'push_refused' });
    else await run.log(phase).info(`Pushed ${worktree.branchName} to ${remote}`, { kind: 'step' });
  });
}

function failureOf(turn: Turn, agent: string): Failure | undefined {
  const codes: Record<Exclude<Turn['outcome'], 'done'>, ErrorCode> = {
    failed: 'agent_failed',
    auth: 'agent_auth',
    timeout: 'agent_timeout',
    idle: 'agent_idle',
    cancelled: 'cancelled',
    killed: 'lost',
    not_found: 'agent_not_found',
  };
  if (turn.outcome === 'done') return undefined;
  return { code: codes[turn.outcome], message: turn.message || `${agent} ended: ${turn.outcome}.` };
}

const literalGlob = (path: string) => path.replace(/[\\*?[\]]/g, '\\$&');

/** What another attempt cannot mend. */
const isFinal = (code: ErrorCode) =>
  code === 'agent_auth' || code === 'agent_not_found' || code === 'cancelled' || code === 'invalid_config';

const afterAttempts = (failure: Failure, attempts: number): Failure =>
  attempts > 1 ? { ...failure, message: `${failure.message} (after ${attempts} attempts)` } : failure;
