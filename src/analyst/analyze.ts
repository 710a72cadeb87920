/**
 * The workflow of an analysis: an agent reads a specification in a worktree of its own and answers a proposal, which a person decides on.
 * It takes no slot, changes nothing in the repository, and goes on after a crash like any run.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { composeAnalysisPrompt } from '#src/analyst/prompt.ts';
import { analysisJobId, type Proposal, proposalFile, readProposal } from '#src/domain/analysis.ts';
import { findUsedUp } from '#src/domain/budget.ts';
import { isOver } from '#src/domain/status.ts';
import { isCancellation, step, stillOurs } from '#src/engine/step.ts';
import { readPlain } from '#src/environment/plain-path.ts';
import { type Failure, messageOf, SentraError } from '#src/errors.ts';
import { markReady } from '#src/git/admin-dir.ts';
import { resolveCommit } from '#src/git/repository.ts';
import { withRepositoryLock } from '#src/git/repository-lock.ts';
import { addDetached, checkOut, removeWorktree } from '#src/git/worktree.ts';
import { endAnalysis, getAnalysisRow, markAnalysisRunning, type Try } from '#src/store/analyses.ts';
import { keepLimit } from '#src/store/credential-limits.ts';
import { whenAvailable } from '#src/store/database-error.ts';
import { getProjectRow } from '#src/store/projects.ts';
import { listTasks } from '#src/store/tasks.ts';
import { failureOf } from '#src/workflows/attempt.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { isolationFor, readProjectConfig } from '#src/workflows/project-settings.ts';
import { backOffMs, ruleOf } from '#src/workflows/recovery.ts';
import type { Run, RunFacts } from '#src/workflows/run.ts';
import { runSession, type Turn } from '#src/workflows/session.ts';
import { explainEnd, metersOf } from '#src/workflows/spending.ts';

/** As often as a session may fail for what is not the agent's fault. */
const mostWaits = 20;

export const analysisJob = ({ id, adwId }: Try) => ({
  id: analysisJobId(adwId),
  workflow: 'analyze',
  queue: 'analyses' as const,
  input: { id, adwId },
});

export const analyze =
  (parts: Parts) =>
  async (given: Try): Promise<void> => {
    try {
      const facts = await step('begin', () => begin(parts, given));
      const proposal = await propose(parts, given, facts);
      await step('end', () => end(parts, given, { status: 'proposed', ...proposal }));
    } catch (e) {
      if (isCancellation(e)) throw e;
      await step('end failed', () => end(parts, given, { status: 'failed', error: explain(e) }));
    }
  };

const explain = (thrown: unknown): Failure =>
  thrown instanceof SentraError
    ? thrown.toFailure()
    : { code: 'bug', message: `Sentra itself failed: ${messageOf(thrown)}. Analyze it again; the log has more.` };

/** Everything that the sessions go by. */
async function begin(parts: Parts, { id, adwId }: Try): Promise<RunFacts> {
  const { db } = parts.database;
  const isOurs = await parts.changes.change(async ({ tx, record }) => {
    if (!(await markAnalysisRunning(tx, { id, adwId }))) return false;
    const { projectId } = await getAnalysisRow(tx, id);
    record({ type: 'analysis.changed', projectId, data: { id, status: 'running' } });
    return true;
  });
  if (!isOurs) throw new SentraError('cancelled', `The analysis ${id} had ended before it began.`);
  const { projectId, name, specification, agent } = await getAnalysisRow(db, id);
  const project = await getProjectRow(db, projectId);
  const config = readProjectConfig(project);
  const { path: place, gitDir, remote } = project;
  return {
    taskId: id,
    title: name,
    description: specification,
    type: 'chore',
    agent,
    noChangesExpected: true,
    plan: null,
    mergePolicy: 'manual',
    fromPhase: null,
    skipped: null,
    comments: [],
    undo: null,
    rework: null,
    project: { id: projectId, path: place, gitDir, baseBranch: config.baseBranch ?? project.baseBranch, remote },
    config,
    confined: (await isolationFor(parts, { project, config })) !== 'none',
    devServers: [],
  };
}

/** Sessions until one answers tasks; throws the last failure. */
async function propose(parts: Parts, given: Try, facts: RunFacts): Promise<Proposal> {
  const { agentAttempts } = facts.config.limits;
  let previous: string | undefined;
  let waits = 0;
  for (let attempt = 1; ; ) {
    const name = `session ${attempt + waits}`;
    const asked = { attempt, number: attempt + waits, previous };
    const { proposal, failure } = await step(name, (signal) => ask(parts, given, { facts, ...asked }, signal));
    if (proposal) return proposal;
    const { recovery } = ruleOf(failure.code);
    if (recovery === 'fresh_session') {
      if (attempt++ >= agentAttempts) throw SentraError.from(failure);
      previous = failure.message;
    } else {
      if (recovery === 'person' || recovery === 'end' || waits++ >= mostWaits) throw SentraError.from(failure);
      if (recovery !== 'again')
        await step(`wait ${waits}`, (signal) => waitOut(parts, given, { failure, waits }, signal));
    }
  }
}

const longestLookMs = 60_000;

/** For a while that grows, or until a time; after a crash for what is left of it. Others with this credential wait as well. */
async function waitOut(
  parts: Parts,
  { id, adwId }: Try,
  { failure, waits }: { failure: Failure; waits: number },
  signal: AbortSignal,
): Promise<void> {
  const { until, credential } = (failure.details ?? {}) as { until?: string; credential?: string };
  const { message, code } = failure;
  if (until && credential)
    await parts.database.transaction((tx) => keepLimit(tx, credential, { until, message: parts.redactor(message) }));
  const log = parts.logs.logger({ taskId: id, adwId, phase: null });
  const when = until ? `after ${until}` : 'in a while';
  await log.warn(`${message} It goes on by itself ${when}.`, { kind: 'step', error: code });
  // The database's clock decides, before a session begins; where this one is ahead it is asked again.
  const leastMs = Math.min(500 * 2 ** waits, longestLookMs);
  const ms = until ? Math.max(Date.parse(until) - Date.now(), leastMs) : backOffMs(waits, Math.random());
  await sleep(ms, undefined, { signal });
}

type Asked = { facts: RunFacts; attempt: number; number: number; previous: string | undefined };
type Answered = { proposal: Proposal; failure?: never } | { proposal?: never; failure: Failure };

async function ask(parts: Parts, { adwId }: Try, asked: Asked, signal: AbortSignal): Promise<Answered> {
  const { facts, attempt, number, previous } = asked;
  const { taskId: id, project, config, title: name, description: specification } = facts;
  const { name: agent } = parts.agents.driverFor(facts.agent, config, 'ANALYZE');
  const commit = await resolveCommit(project, `refs/heads/${project.baseBranch}`);
  if (!commit)
    throw new SentraError(
      'git_failed',
      `${project.path} has no branch ${project.baseBranch}: "baseBranch" in sentra.json names it.`,
    );
  const { items } = await whenAvailable(() => listTasks(parts.database.db, { projectId: project.id, limit: mostTold }));
  const existing = items.filter(({ status }) => !isOver(status));
  const prompt = composeAnalysisPrompt({ name, specification, attempt, existing, previous });
  return withTree(parts, { facts, commit, signal }, async ({ folder, adminDir }) => {
    const log = parts.logs.logger({ taskId: id, adwId, phase: null, attempt: number });
    const worktree = { path: folder, adminDir, branchName: '', base: commit, ports: {}, copied: [] };
    const attempts = { PLAN: number, CODE: 0, TEST: 0, REVIEW: 0 };
    const own = { plan: null, writeTests: false, pushed: Promise.resolve(), attempts, log: () => log };
    const run: Run = { parts, adwId, facts, worktree, ...own };
    const empty = findUsedUp(await whenAvailable(() => metersOf(run, '')));
    if (empty) return { failure: { code: 'budget', message: explainEnd(empty) } };
    const spec = { phase: 'PLAN' as const, role: 'ANALYZE' as const, attempt: number, parent: commit, agent, prompt };
    await rm(path.join(folder, proposalFile), { recursive: true, force: true }); // one that the repository has
    const turn = await runSession(run, { ...spec, isReading: true }, signal);
    return judge(run, agent, { turn, lines: (await readPlain(folder, proposalFile, longestFile))?.toString() });
  });
}

const mostTold = 1_000;
const longestFile = 20_000_000;

function judge(run: Run, agent: string, { turn, lines }: { turn: Turn; lines: string | undefined }): Answered {
  const failure = failureOf(run, 'PLAN', agent, turn);
  if (failure) return { failure };
  const read = readProposal(turn.answer, lines);
  if (typeof read !== 'string') return { proposal: read };
  return { failure: { code: 'unproven', message: [turn.message, read].filter(Boolean).join(' ') } };
}

/** The base as it is now, for reading: what is left there of a try before goes first, and all of it afterwards. */
async function withTree<T>(
  parts: Parts,
  { facts, commit, signal }: { facts: RunFacts; commit: string; signal: AbortSignal },
  work: (tree: { folder: string; adminDir: string }) => Promise<T>,
): Promise<T> {
  const { project, config, taskId } = facts;
  const folder = path.resolve(project.path, config.worktreesDir, taskId);
  const clear = async () => (await removeWorktree(project, { path: folder, deleteBranch: false }))();
  await clear();
  const adminDir = await withRepositoryLock(project.gitDir, () => addDetached(project, folder, commit));
  try {
    await checkOut(adminDir, { path: folder, signal, commit });
    await markReady(adminDir);
    return await work({ folder, adminDir });
  } finally {
    await stillOurs(); // another worker reads in the same folder
    await clear();
    await rm(path.join(parts.home, 'homes', taskId), { recursive: true, force: true, maxRetries: 3 });
  }
}

async function end(parts: Parts, given: Try, ending: Parameters<typeof endAnalysis>[2]): Promise<void> {
  const clean = parts.redactor.deep(ending);
  const isKept = await parts.changes.change(async ({ tx, record }) => {
    if (!(await endAnalysis(tx, given, clean))) return false;
    const { projectId } = await getAnalysisRow(tx, given.id);
    record({ type: 'analysis.changed', projectId, data: { id: given.id, status: clean.status } });
    return true;
  });
  if (!isKept) return;
  const log = parts.logs.logger({ taskId: given.id, adwId: given.adwId, phase: null });
  if (clean.status === 'proposed') await log.info(`${clean.tasks.length} tasks are proposed`, { kind: 'step' });
  else await log.error(clean.error.message, { kind: 'step', error: clean.error.code });
}
