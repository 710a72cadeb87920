/**
 * One phase done by an agent: attempts in fresh sessions until one ends well and its evidence holds; one that the model
 * lets in no more goes on in the next attempt, where the agent can. After it Sentra looks at the tree itself, commits what changed and
 * pushes. Each part is a step; the commit's hash depends on nothing but the rows.
 */

import { commitMessage } from '#src/domain/commit-message.ts';
import type { PhaseName } from '#src/domain/phase.ts';
import { readPlan, untouched } from '#src/domain/plan.ts';
import { steersWhat } from '#src/domain/trust.ts';
import { step, stillOurs } from '#src/engine/step.ts';
import { type ErrorCode, type Failure, SentraError } from '#src/errors.ts';
import { commitWorktree } from '#src/git/commit.ts';
import { insertEvidence } from '#src/store/evidence.ts';
import { endAttempt } from '#src/store/phases.ts';
import { setTaskNotice } from '#src/store/tasks.ts';
import { type Begun, beginPhase } from '#src/workflows/begin.ts';
import { pushOwn } from '#src/workflows/forges.ts';
import { park } from '#src/workflows/park.ts';
import { planPath } from '#src/workflows/plan-file.ts';
import type { Role } from '#src/workflows/prompts.ts';
import { backOffMs, type Recovery, ruleOf } from '#src/workflows/recovery.ts';
import type { Run } from '#src/workflows/run.ts';
import { runSession, type Turn } from '#src/workflows/session.ts';

export type Committed = { commit: string | null; files: string[] };
/** `work`: what the attempts of the phase committed together; those whose evidence did not hold stay on the branch. */
export type PhaseResult = { turn: Turn; work: Committed; attempt: number };

export type AgentPhase = {
  phase: PhaseName;
  /** `last`: why the attempt before failed, where the agent itself was the reason. */
  prompt: (attempt: number, last?: Failure) => string;
  /** What the commit says after its kind. */
  subject: string;
  /** What the session is told that it does, where that is not the phase. */
  role?: Role;
  /** A commit that the phase merges into the branch: its commit has it as second parent. */
  mergeIn?: string | undefined;
  /** Looks at a session that ended well, before the commit: a failure makes the attempt fail. May run twice. */
  prepare?: (turn: Turn) => Promise<Failure | undefined>;
  /** Judges what the phase has committed so far: a failure makes the attempt fail. `last` as for the prompt. Pure. */
  judge?: (turn: Turn, work: Committed, last?: Failure) => Failure | undefined;
  /** What the branch holds already: counts where the attempts of the phase change nothing. */
  held?: (() => Promise<Committed>) | undefined;
  /** Looks at what was committed by running something of the project: a failure makes the attempt fail. A step of its own. */
  verify?: ((attempt: number, signal: AbortSignal) => Promise<Failure | undefined>) | undefined;
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
  let resumes: string | undefined;
  let earlier = nothing;
  for (;;) {
    const { result, failure, conversation, work } = await attemptOnce(run, spec, { last, resumes, earlier });
    if (result) return result;
    earlier = work;
    const { recovery } = ruleOf(failure.code);
    const count = (used.get(recovery) ?? 0) + 1;
    used.set(recovery, count);
    const attempts = spec.attemptsFor?.(failure.code) ?? run.facts.config.limits.agentAttempts;
    if (count >= (recovery === 'fresh_session' ? attempts : tolerated[recovery]))
      throw SentraError.from(afterAttempts(failure, count));
    resumes = conversation ?? undefined;
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

type Before = { last: Failure | undefined; resumes: string | undefined; earlier: Committed };
type Tried =
  | { result: PhaseResult; failure?: never; conversation?: never; work?: never }
  | { result?: never; failure: Failure; conversation: string | null; work: Committed };

const nothing: Committed = { commit: null, files: [] };

const together = (earlier: Committed, own: Committed): Committed => ({
  commit: own.commit ?? earlier.commit,
  files: [...new Set([...earlier.files, ...own.files])],
});

async function attemptOnce(run: Run, spec: AgentPhase, { last, resumes, earlier }: Before): Promise<Tried> {
  const begun = await beginPhase(run, spec.phase, 'agent');
  const { attempt } = begun;
  const name = `${spec.phase} ${attempt}`;
  const agent = begun.agent ?? '';
  const prompt = spec.prompt(attempt, last);
  const asked = { ...pickRole(spec), phase: spec.phase, attempt, parent: begun.parent, agent, prompt, resumes };
  const turn = await step(`${name}: session`, (signal) => runSession(run, asked, signal));
  const closed = await step(`${name}: close`, () => close(run, spec, { begun, turn, last, earlier }));
  const { failure, committed, work = committed } = closed;
  if (committed.commit) push(run, spec.phase, attempt, committed.commit);
  const isOpen = !failure && work.commit && spec.verify;
  const done = { attempt, committed, work };
  const red = isOpen ? await step(`${name}: verify`, (signal) => verify(run, spec, done, signal)) : null;
  const ended = failure ?? red;
  return ended ? { failure: ended, conversation: turn.conversation, work } : { result: { turn, work, attempt } };
}

const pickRole = ({ role, mergeIn }: AgentPhase) => ({ ...(role ? { role } : {}), mergeIn });

/** `work` is not in what an earlier version recorded. */
type Closed = { failure: Failure | null; committed: Committed; work?: Committed };

/**
 * One step for all of it: done again after a crash it finds the same commit and writes the same rows. What is still to be verified
 * stays open.
 */
async function close(
  run: Run,
  spec: AgentPhase,
  { begun, turn, last, earlier }: { begun: Begun; turn: Turn; last: Failure | undefined; earlier: Committed },
): Promise<Closed> {
  let failure = failureOf(run, spec.phase, begun.agent ?? '', turn) ?? (await spec.prepare?.(turn));
  const committed = failure ? nothing : await commitAttempt(run, spec, begun);
  const own = together(earlier, committed);
  const work = own.commit || failure ? own : ((await spec.held?.()) ?? own);
  failure ??= spec.judge?.(turn, work, last);
  if (failure || !work.commit || !spec.verify)
    await endPhase(run, { phase: spec.phase, attempt: begun.attempt }, { failure, committed, work });
  return { failure: failure ?? null, committed, work };
}

async function verify(
  run: Run,
  spec: AgentPhase,
  { attempt, committed, work }: { attempt: number; committed: Committed; work: Committed },
  signal: AbortSignal,
): Promise<Failure | null> {
  const failure = await spec.verify?.(attempt, signal);
  await endPhase(run, { phase: spec.phase, attempt }, { failure, committed, work });
  return failure ?? null;
}

export type PhaseEnd = {
  failure: Failure | undefined;
  committed?: Committed;
  /** What its diff is judged by; `committed` unless said otherwise. */
  work?: Committed;
};

/** Closes an attempt's row, with its diff as evidence where it committed something. Belongs in a step. */
export async function endPhase(
  run: Run,
  { phase, attempt }: { phase: PhaseName; attempt: number },
  { failure, committed, work = committed }: PhaseEnd,
): Promise<void> {
  const { facts, adwId, parts } = run;
  const { taskId } = facts;
  const state = failure ? 'failed' : 'passed';
  const commit = committed?.commit ?? null;
  await parts.changes.change(async ({ tx, touch, record }) => {
    await endAttempt(tx, { adwId, phase, attempt }, { state, commit, error: failure ?? null });
    const diff = work && diffEvidence(run, phase, { work, failure });
    if (diff) await insertEvidence(tx, { taskId, adwId, phase, attempt, kind: 'diff', exitCode: null, ...diff });
    touch(taskId);
    record({ type: 'phase.changed', taskId, data: { adwId, phase, attempt, state } });
  });
  if (!failure) return;
  const { recovery } = ruleOf(failure.code);
  const level = recovery === 'wait_until' || recovery === 'back_off' ? 'warn' : 'error';
  const message = `${phase}, attempt ${attempt} failed: ${failure.message}`;
  await run.log(phase)[level](message, { kind: 'step', error: failure.code });
}

/** What was changed, beside what the plan named; CODE owes something. */
function diffEvidence(
  { plan, facts }: Run,
  phase: PhaseName,
  { work, failure }: { work: Committed; failure: Failure | undefined },
) {
  const { commit, files } = work;
  const refused = failure?.code === 'unproven' || failure?.code === 'no_changes' ? failure.message : undefined;
  if (!commit && !(phase === 'CODE' && refused)) return undefined;
  const planned = phase === 'CODE' && plan ? readPlan(plan).files : [];
  const left = untouched(planned, [...files, planPath(facts.taskId)]);
  const steering = files.filter((file) => steersWhat(file));
  return {
    passed: refused === undefined,
    summary: refused ?? `${files.length} file${files.length === 1 ? '' : 's'} changed`,
    data: {
      ...work,
      ...(planned.length > 0 ? { planned, untouched: left } : {}),
      ...(steering.length > 0 ? { steering } : {}),
    },
  };
}

/** Commits all that changed in the worktree, under the attempt's date and parent: repeated, it gives the same hash. */
export async function commitAttempt(
  run: Run,
  spec: Pick<AgentPhase, 'phase' | 'subject' | 'mergeIn'>,
  begun: Begun,
): Promise<Committed> {
  const { facts, worktree, parts, adwId } = run;
  await stillOurs();
  const result = await commitWorktree(facts.project, {
    worktreePath: worktree.path,
    adminDir: worktree.adminDir,
    branchName: worktree.branchName,
    parent: begun.parent,
    ...(spec.mergeIn ? { mergedIn: spec.mergeIn } : {}),
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
    await stillOurs();
    await pushOnce(run, { phase, commit, remote });
  });
  run.pushed.catch(() => {}); // heard where it is awaited
}

async function pushOnce(
  run: Run,
  { phase, commit, remote }: { phase: PhaseName; commit: string; remote: string },
): Promise<void> {
  const { facts, worktree, parts } = run;
  const pushed = await pushOwn(parts, facts.project, { branchName: worktree.branchName, commit, remote });
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

/** Why a session did not end well; undefined when it did. */
export function failureOf(run: Run, phase: PhaseName, agent: string, turn: Turn): Failure | undefined {
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
    budget: 'budget',
    unable: 'invalid_config',
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
