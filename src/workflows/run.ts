/**
 * A run: one execution of a workflow for a task. This file owns its frame: what is read at the beginning, how it ends, and
 * what the phases share. The one idea: everything a workflow decides on comes out of a step, so a replay decides the same.
 */

import { devServersFor } from '#src/domain/dev-server.ts';
import type { PhaseName } from '#src/domain/phase.ts';
import { phaseNames } from '#src/domain/phase.ts';
import type { ProjectConfig } from '#src/domain/project-config.ts';
import type { NewComment } from '#src/domain/pull-request.ts';
import type { Rework, Undo } from '#src/domain/rework.ts';
import type { MergePolicy, TaskType } from '#src/domain/task.ts';
import type { WorkflowType } from '#src/domain/workflow.ts';
import { isCancellation, step } from '#src/engine/step.ts';
import { type Failure, messageOf, SentraError } from '#src/errors.ts';
import type { Logger } from '#src/logs/pipeline.ts';
import { joinMergeQueue } from '#src/store/merge-queue.ts';
import { failOpenAttempts, findSkippedPhase } from '#src/store/phases.ts';
import { getProjectRow } from '#src/store/projects.ts';
import { findUndo } from '#src/store/pull-requests.ts';
import { getRunRow, setRunStatus } from '#src/store/runs.ts';
import { decide, getTaskRow, markStarted } from '#src/store/tasks.ts';
import { tellBreaker } from '#src/workflows/breaker.ts';
import { executeRun } from '#src/workflows/execution.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { type PreparedWorktree, prepareWorktree } from '#src/workflows/prepare.ts';
import { isolationFor, readProjectConfig } from '#src/workflows/project-settings.ts';

/** What a run reads once, when it begins; JSON, because it is a step's result. */
export type RunFacts = {
  taskId: string;
  title: string;
  description: string;
  type: TaskType;
  agent: string | null;
  /** What it asks of its agents. Absent in runs that began before a task could. */
  model?: string | null;
  effort?: string | null;
  noChangesExpected: boolean;
  plan: string | null;
  mergePolicy: MergePolicy;
  fromPhase: PhaseName | null;
  /** The one that a person left out of this run. */
  skipped: PhaseName | null;
  comments: NewComment[];
  /** The merged work that this task takes out again. */
  undo: Undo | null;
  /** What the merge queue sent back, which this run is for. */
  rework: Rework | null;
  project: { id: string; path: string; gitDir: string; baseBranch: string; remote: string | null };
  config: ProjectConfig;
  confined: boolean;
  /** Names of the dev servers that it needs. */
  devServers: string[];
};

export type Run = {
  parts: Parts;
  adwId: string;
  facts: RunFacts;
  worktree: PreparedWorktree;
  plan: string | null;
  /** PLAN asked for a session that writes tests. */
  writeTests: boolean;
  /** The latest push, which may still be under way. */
  pushed: Promise<void>;
  /** Attempts of each phase so far. */
  attempts: Record<PhaseName, number>;
  log(phase: PhaseName): Logger;
};

/** How a run that did not fail ended. */
export type RunEnd = 'done' | 'no_changes' | 'for_review';
export type RunBody = (run: Run) => Promise<RunEnd>;

/** Makes the durable function of a workflow type from its body. */
export const defineRun =
  (parts: Parts, type: WorkflowType, body: RunBody) =>
  ({ adwId }: { adwId: string }): Promise<{ outcome: string }> =>
    executeRun(parts, adwId, async (own) => {
      try {
        return { outcome: await goThrough(own, type, adwId, body) };
      } catch (e) {
        if (isCancellation(e)) throw e;
        await step('end failed', () => fail(own, adwId, e));
        return { outcome: 'failed' };
      }
    });

async function goThrough(parts: Parts, type: WorkflowType, adwId: string, body: RunBody): Promise<RunEnd> {
  const facts = await step('begin', () => begin(parts, adwId));
  const { maxMbPerTask } = facts.config.logs;
  if (maxMbPerTask !== undefined) parts.logs.setQuota(facts.taskId, maxMbPerTask * 1e6);
  const worktree = await prepareWorktree(parts, adwId, facts);
  const run = frame(parts, adwId, facts, worktree);
  if (facts.devServers.length)
    await step('dev servers', () => parts.devServers.startFor(adwId, facts.taskId, facts.devServers));
  const end = await body(run).finally(() => Promise.allSettled([run.pushed]));
  await run.pushed;
  await step('end', () => succeed(parts, run, type, end));
  return end;
}

/** True when this run goes through `phase`: it was told neither to begin later nor to leave it out. */
export const includes = ({ facts }: Run, phase: PhaseName): boolean =>
  phaseNames.indexOf(phase) >= phaseNames.indexOf(facts.fromPhase ?? 'PLAN') && phase !== facts.skipped;

function frame(parts: Parts, adwId: string, facts: RunFacts, worktree: PreparedWorktree): Run {
  const attempts = { PLAN: 0, CODE: 0, TEST: 0, REVIEW: 0 };
  return {
    parts,
    adwId,
    facts,
    worktree,
    plan: facts.plan,
    writeTests: false,
    pushed: Promise.resolve(),
    attempts,
    log: (phase) => parts.logs.logger({ taskId: facts.taskId, adwId, phase, attempt: attempts[phase] }),
  };
}

async function begin(parts: Parts, adwId: string): Promise<RunFacts> {
  const { db } = parts.database;
  const run = await getRunRow(db, adwId);
  const active = await parts.changes.change(async ({ tx, touch, record }) => {
    if (!(await setRunStatus(tx, adwId, 'running'))) return false;
    await markStarted(tx, run.taskId);
    touch(run.taskId);
    record({ type: 'run.changed', taskId: run.taskId, data: { adwId, status: 'running' } });
    return true;
  });
  if (!active) throw new SentraError('cancelled', `The run ${adwId} had ended before it began.`);
  const task = await getTaskRow(db, run.taskId);
  const project = await getProjectRow(db, task.projectId);
  const config = readProjectConfig(project);
  const skipped = await findSkippedPhase(db, adwId);
  const told = `${run.workflowType}${skipped ? `; ${skipped} is left out, as a person decided` : ''}`;
  void parts.logs
    .logger({ taskId: task.id, adwId, phase: null })
    .info(`Run ${adwId} begins: ${told}`, { kind: 'step' });
  return {
    taskId: task.id,
    title: task.title,
    description: task.description,
    type: task.type as TaskType,
    agent: task.agent,
    model: task.model,
    effort: task.effort,
    noChangesExpected: task.noChangesExpected,
    plan: task.plan,
    mergePolicy: (task.merge as MergePolicy | null) ?? config.merge,
    fromPhase: run.fromPhase as PhaseName | null,
    skipped,
    comments: (run.comments as NewComment[] | null) ?? [],
    rework: run.rework,
    undo: task.reverts ? await findUndo(db, task.reverts) : null,
    project: {
      id: project.id,
      path: project.path,
      gitDir: project.gitDir,
      baseBranch: config.baseBranch ?? project.baseBranch,
      remote: project.remote,
    },
    config,
    confined: (await isolationFor(parts, { project, config })) !== 'none',
    devServers: devServersFor(task, config.dev),
  };
}

async function succeed(parts: Parts, run: Run, type: WorkflowType, end: RunEnd): Promise<void> {
  const { taskId } = run.facts;
  await parts.devServers.release(run.adwId, taskId);
  await parts.changes.change(async (change) => {
    const { tx, client, touch, record } = change;
    if (!(await setRunStatus(tx, run.adwId, 'completed'))) return;
    await tellBreaker(parts, change, taskId, null);
    if (end === 'no_changes') {
      await decide(tx, taskId, 'endedWithoutChangesAt');
      await parts.engine.enqueue(client, cleanUpJob(taskId, run.adwId));
    }
    if (end === 'for_review' && run.facts.mergePolicy === 'auto') {
      const { id: projectId } = run.facts.project;
      await joinMergeQueue(tx, { taskId, projectId, adwId: run.adwId });
      await parts.engine.enqueue(client, mergeJob(projectId, run.adwId));
    }
    touch(taskId);
    record({ type: 'run.changed', taskId, data: { adwId: run.adwId, status: 'completed' } });
  });
  await parts.logs
    .logger({ taskId, adwId: run.adwId, phase: null })
    .info(`Run ${run.adwId} (${type}) completed`, { kind: 'step' });
}

const failureOf = (thrown: unknown): Failure =>
  thrown instanceof SentraError
    ? thrown.toFailure()
    : { code: 'bug', message: `Sentra itself failed: ${messageOf(thrown)}. Retry the task; the log has more.` };

async function fail(parts: Parts, adwId: string, thrown: unknown): Promise<void> {
  const failure = parts.redactor.deep(failureOf(thrown));
  const { taskId } = await getRunRow(parts.database.db, adwId);
  await parts.devServers.release(adwId, taskId);
  const ended = await parts.changes.change(async (change) => {
    const { tx, touch, record } = change;
    if (!(await setRunStatus(tx, adwId, 'failed', failure))) return false;
    await tellBreaker(parts, change, taskId, failure);
    await failOpenAttempts(tx, adwId, failure);
    touch(taskId);
    record({ type: 'run.changed', taskId, data: { adwId, status: 'failed' } });
    return true;
  });
  if (!ended) return;
  const logger = parts.logs.logger({ taskId, adwId, phase: null });
  await logger.error(failure.message, { kind: 'step', error: failure.code });
  if (failure.code === 'bug' && thrown instanceof Error) await logger.debug(thrown.stack ?? '', { kind: 'step' });
}

export const cleanUpJob = (taskId: string, cause: string) => ({
  id: `clean-up:${taskId}:${cause}`,
  workflow: 'clean_up',
  queue: 'upkeep' as const,
  input: { taskId, adwId: cause },
});

/** `cause`: why somebody looks at the queue; the same again is the same job. */
export const mergeJob = (projectId: string, cause: string) => ({
  id: `merge:${projectId}:${cause}`,
  workflow: 'merge_queue',
  queue: 'merging' as const,
  partition: projectId,
  input: { projectId },
});
