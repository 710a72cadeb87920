/** The pull request of a run: opened, or brought up to date, once its branch is approved by review. */
import { forPullRequest, TestEvidence } from '#src/domain/test-evidence.ts';
import { step } from '#src/engine/step.ts';
import { SentraError } from '#src/errors.ts';
import { composeBody } from '#src/forge/body.ts';
import { diffFiles, listCommits } from '#src/git/diff.ts';
import { resolveCommit } from '#src/git/repository.ts';
import { listEvidence } from '#src/store/evidence.ts';
import { pollSoon } from '#src/store/forge-polls.ts';
import { findPullRequest, openPullRequest } from '#src/store/pull-requests.ts';
import { getTask } from '#src/store/tasks.ts';
import { mirrorOrTell } from '#src/workflows/forge-mirror.ts';
import type { Run } from '#src/workflows/run.ts';

/** Answers false when the branch has no commit to ask for. */
export async function openForReview(run: Run): Promise<boolean> {
  await run.pushed;
  const isOpen = await step('pull request', () => openOwn(run));
  if (isOpen) await step('pull request at the forge', () => openThere(run));
  return isOpen;
}

async function openOwn(run: Run): Promise<boolean> {
  const { facts, worktree, parts } = run;
  const head = await resolveCommit(facts.project, `refs/heads/${worktree.branchName}`);
  if (!head)
    throw new SentraError('git_failed', `The branch ${worktree.branchName} is gone; retry the task from PLAN.`);
  if (head === worktree.base) return false;
  const body = await describe(run, head);
  const { kind } = await parts.forges.of(facts.project);
  const pull = await parts.changes.change(async ({ tx, touch, record }) => {
    const row = await openPullRequest(tx, {
      projectId: facts.project.id,
      taskId: facts.taskId,
      title: facts.title,
      body,
      headBranch: worktree.branchName,
      baseBranch: facts.project.baseBranch,
      headCommit: head,
      forge: kind,
    });
    if (kind !== 'local') await pollSoon(tx, facts.project.id);
    touch(facts.taskId);
    record({ type: 'pull_request.changed', taskId: facts.taskId, data: { number: row.number, state: 'open' } });
    return row;
  });
  if (kind === 'local')
    await tell(run, `Pull request #${pull.number} is open: ${worktree.branchName} into ${pull.baseBranch}`);
  return true;
}

/** The work is done whatever the forge says: what it does not take now, it is given again (orchestrator/forge-poll.ts). */
async function openThere(run: Run): Promise<void> {
  const { db } = run.parts.database;
  const pull = await findPullRequest(db, run.facts.taskId);
  if (pull?.state !== 'open' || pull.forge === 'local') return;
  const problem = await mirrorOrTell(run.parts, pull);
  const now = await findPullRequest(db, run.facts.taskId);
  await tell(
    run,
    problem
      ? `The pull request could not be opened or changed at its forge: ${problem}`
      : `Pull request #${now?.forgeNumber} is open: ${now?.forgeUrl}`,
    problem ? 'warn' : 'info',
  );
}

const tell = ({ parts, facts, adwId }: Run, text: string, level: 'info' | 'warn' = 'info') =>
  parts.logs.logger({ taskId: facts.taskId, adwId, phase: null })[level](text, { kind: 'step' });

async function describe(run: Run, head: string): Promise<string> {
  const { facts, worktree, parts, adwId } = run;
  const { db } = parts.database;
  const evidence = await listEvidence(db, facts.taskId);
  const task = await getTask(db, facts.taskId);
  const tests = evidence.findLast((e) => e.kind === 'tests');
  const verdict = evidence.findLast((e) => e.kind === 'verdict');
  return composeBody({
    taskId: facts.taskId,
    adwId,
    description: facts.description,
    summary: evidence.findLast((e) => e.kind === 'plan')?.summary ?? null,
    plan: run.plan,
    commits: await listCommits(facts.project, worktree.base, head),
    steering: (await diffFiles(facts.project, worktree.base, head)).filter(({ steers }) => steers),
    tests: tests
      ? {
          command: String(tests.data.command),
          exitCode: tests.exitCode ?? -1,
          durationMs: Number(tests.data.durationMs),
          summary: forPullRequest(TestEvidence.parse(tests.data)),
        }
      : null,
    review: verdict
      ? { ...textsOf(verdict.data), verdict: String(verdict.data.verdict), summary: verdict.summary }
      : null,
    evidence: newestOf(evidence.filter(({ kind }) => kind === 'diff' || kind === 'checks' || kind === 'none')),
    costUsd: task.costUsd,
    tokens: task.tokens,
    branchName: worktree.branchName,
    ports: worktree.ports,
  });
}

const textsOf = ({ security, performance }: Record<string, unknown>) => ({
  ...(typeof security === 'string' ? { security } : {}),
  ...(typeof performance === 'string' ? { performance } : {}),
});

/** An attempt that failed and was tried again proves nothing any more. */
const newestOf = <T extends { phase: string; kind: string }>(evidence: readonly T[]): T[] => [
  ...new Map(evidence.map((item) => [`${item.phase} ${item.kind}`, item])).values(),
];
