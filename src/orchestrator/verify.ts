/**
 * Looks whether everything is as it must be: rows, jobs, commits, pull requests, lines, processes, worktrees. Changes nothing. What is
 * at work meanwhile can look wrong for a moment, so a check that finds something looks again before it says so.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { type DevServerState, isUp } from '#src/domain/dev-server.ts';
import type { Verification } from '#src/domain/verification.ts';
import type { Engine } from '#src/engine/engine.ts';
import { messageOf } from '#src/errors.ts';
import { findDamage, listNotContained, listOwnCommits, type OwnCommit } from '#src/git/audit.ts';
import { isMissing } from '#src/git/repository.ts';
import { reconcileOnce } from '#src/orchestrator/reconcile.ts';
import { listRoomProcesses } from '#src/sandbox/leftovers.ts';
import { listAnalysisStatuses } from '#src/store/analyses.ts';
import { findWrongStatuses } from '#src/store/change.ts';
import { type DevServerRow, listDevServerRows } from '#src/store/dev-servers.ts';
import { listProjectRows, type ProjectRow } from '#src/store/projects.ts';
import { getStatuses } from '#src/store/tasks.ts';
import {
  countAttempts,
  countLoggedTasks,
  countPullRequests,
  findDoublePullRequests,
  findLogGaps,
  findOpenAttempts,
  listActiveRunIds,
  listMerges,
} from '#src/store/verify.ts';
import type { Parts } from '#src/workflows/parts.ts';

export type VerifyParts = Parts & { engine: Pick<Engine, 'listActive'> };

type Found = { looked: number; problems: string[] };
const lookAgainMs = 1_500;

export async function verify(parts: VerifyParts): Promise<Verification> {
  const { db } = parts.database;
  const checks: [string, () => Promise<Found>][] = [
    ['every task has the status that its facts say', () => checkStatuses(parts)],
    ['every active run is at work or queued, and no other is', () => checkRuns(parts)],
    ['no attempt is open in a run that ended', async () => named(await countAttempts(db), await findOpenAttempts(db))],
    ['lines are numbered without a gap', async () => named(await countLoggedTasks(db), await findLogGaps(db))],
    [
      'no branch has two open pull requests',
      async () => named(await countPullRequests(db), await findDoublePullRequests(db)),
    ],
    ['each attempt has one commit, each merge one', () => ofProjects(parts, checkCommits)],
    ['merged work is on its base branch', () => ofProjects(parts, (project) => checkMerges(parts, project))],
    [
      'repositories are whole',
      () => ofProjects(parts, async (project) => ({ looked: 1, problems: await findDamage(project) })),
    ],
    ['nothing is left over', () => checkLeftovers(parts)],
    ['no process works for a task that neither runs nor serves its pages', () => checkProcesses(parts)],
  ];
  const results: Verification['checks'] = [];
  for (const [name, look] of checks) results.push({ name, ...(await lookTwice(look)) });
  return { ok: results.every((check) => check.ok), checks: results };
}

async function lookTwice(look: () => Promise<Found>): Promise<Found & { ok: boolean }> {
  const once = () => look().catch((e) => ({ looked: 0, problems: [`it could not be looked at: ${messageOf(e)}`] }));
  let found = await once();
  if (found.problems.length) {
    await sleep(lookAgainMs);
    const again = await once();
    const before = new Set(found.problems);
    found = { ...again, problems: again.problems.filter((problem) => before.has(problem)) };
  }
  return { ...found, ok: found.problems.length === 0 };
}

const named = (looked: number, problems: string[]): Found => ({ looked, problems });

async function checkStatuses({ database }: Parts): Promise<Found> {
  const { looked, wrong } = await findWrongStatuses(database.db);
  return named(
    looked,
    wrong.map(({ id, kept, derived }) => `${id} is kept as ${kept}, and its facts say ${derived}`),
  );
}

async function checkRuns({ database, engine }: VerifyParts): Promise<Found> {
  const active = new Set(await listActiveRunIds(database.db));
  const jobs = new Set((await engine.listActive()).filter((id) => id.startsWith('adw-')));
  return named(active.size, [
    ...[...active]
      .filter((id) => !jobs.has(id))
      .map((id) => `${id} is active, and no job of it is there: retry its task`),
    ...[...jobs].filter((id) => !active.has(id)).map((id) => `a job of ${id} is there, and the run has ended`),
  ]);
}

async function ofProjects(parts: Parts, look: (project: ProjectRow) => Promise<Found>): Promise<Found> {
  const all: Found = { looked: 0, problems: [] };
  for (const project of await listProjectRows(parts.database.db)) {
    if (isMissing(project)) continue;
    const { looked, problems } = await look(project);
    all.looked += looked;
    all.problems.push(...problems.map((problem) => `${project.path}: ${problem}`));
  }
  return all;
}

async function checkCommits(project: ProjectRow): Promise<Found> {
  const commits = await listOwnCommits(project);
  const byWork = new Map<string, OwnCommit[]>();
  for (const commit of commits) {
    const work = `${commit.adwId} ${commit.phase ?? 'merge'} ${commit.attempt ?? ''}`.trim();
    byWork.set(work, [...(byWork.get(work) ?? []), commit]);
  }
  const doubled = [...byWork].filter(([, made]) => made.length > 1);
  return named(
    commits.length,
    doubled.map(([work, made]) => `${work} was committed ${made.length} times: ${made.map((c) => c.hash).join(', ')}`),
  );
}

async function checkMerges({ database }: Parts, project: ProjectRow): Promise<Found> {
  const merges = await listMerges(database.db, project.id);
  const problems: string[] = [];
  for (const { taskId, number, baseBranch, mergeCommit, forge } of merges) {
    // The branch here cannot always follow a forge, which has the base.
    const base = forge === 'local' ? `refs/heads/${baseBranch}` : `refs/remotes/${project.remote}/${baseBranch}`;
    const lost = mergeCommit ? await listNotContained(project, base, [mergeCommit]) : ['no commit'];
    if (lost.length)
      problems.push(`#${number} of ${taskId} was merged as ${lost[0]}, which ${baseBranch} does not contain`);
  }
  return named(merges.length, problems);
}

async function checkLeftovers(parts: Parts): Promise<Found> {
  const problems: string[] = [];
  const findings = await reconcileOnce(parts, { dryRun: true, onError: (message) => problems.push(message) });
  return named(findings.length, [...problems, ...findings.map((f) => `${f.path}: ${f.reason} (${f.kind})`)]);
}

/** A person wants to look at it, whether the task runs or not. */
const isServed = ({ requested, state }: DevServerRow) => requested && isUp(state as DevServerState);

async function checkProcesses({ home, database }: Parts): Promise<Found> {
  const processes = await listRoomProcesses(`${home}/homes`);
  const ids = [...new Set(processes.map((p) => p.taskId))];
  const statuses = new Map<string, string>([
    ...(await getStatuses(database.db, ids)),
    ...(await listAnalysisStatuses(database.db, ids)),
  ]);
  const served = new Set((await listDevServerRows(database.db)).filter(isServed).map(({ taskId }) => taskId));
  const idle = processes.filter(({ taskId }) => statuses.get(taskId) !== 'running' && !served.has(taskId));
  return named(
    processes.length,
    idle.map(({ pid, taskId }) => `process ${pid} works for ${taskId}, which is ${statuses.get(taskId) ?? 'unknown'}`),
  );
}
