/** The pull request of a run: opened, or brought up to date, once its branch is approved by review. */
import { forPullRequest, TestEvidence } from '#src/domain/test-evidence.ts';
import { step } from '#src/engine/step.ts';
import { SentraError } from '#src/errors.ts';
import { composeBody } from '#src/forge/body.ts';
import { listCommits } from '#src/git/diff.ts';
import { resolveCommit } from '#src/git/repository.ts';
import { listEvidence } from '#src/store/evidence.ts';
import { openPullRequest } from '#src/store/pull-requests.ts';
import { getTask } from '#src/store/tasks.ts';
import type { Run } from '#src/workflows/run.ts';

/** Answers false when the branch has no commit to ask for. */
export async function openForReview(run: Run): Promise<boolean> {
  await run.pushed;
  return step('pull request', async () => {
    const { facts, worktree, parts } = run;
    const head = await resolveCommit(facts.project, `refs/heads/${worktree.branchName}`);
    if (!head)
      throw new SentraError('git_failed', `The branch ${worktree.branchName} is gone; retry the task from PLAN.`);
    if (head === worktree.base) return false;
    const body = await describe(run, head);
    const pull = await parts.changes.change(async ({ tx, touch, record }) => {
      const row = await openPullRequest(tx, {
        projectId: facts.project.id,
        taskId: facts.taskId,
        title: facts.title,
        body,
        headBranch: worktree.branchName,
        baseBranch: facts.project.baseBranch,
        headCommit: head,
      });
      touch(facts.taskId);
      record({ type: 'pull_request.changed', taskId: facts.taskId, data: { number: row.number, state: 'open' } });
      return row;
    });
    await parts.logs
      .logger({ taskId: facts.taskId, adwId: run.adwId, phase: null })
      .info(`Pull request #${pull.number} is open: ${worktree.branchName} into ${pull.baseBranch}`, { kind: 'step' });
    return true;
  });
}

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
    tests: tests
      ? {
          command: String(tests.data.command),
          exitCode: tests.exitCode ?? -1,
          durationMs: Number(tests.data.durationMs),
          summary: forPullRequest(TestEvidence.parse(tests.data)),
        }
      : null,
    review: verdict ? { verdict: String(verdict.data.verdict), summary: verdict.summary } : null,
    costUsd: task.costUsd,
    tokens: task.tokens,
    branchName: worktree.branchName,
    ports: worktree.ports,
  });
}
