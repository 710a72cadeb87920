import { commitMessage } from '#src/domain/commit-message.ts';
import type { PlanVersion } from '#src/domain/task-plan.ts';
import { step, stillOurs } from '#src/engine/step.ts';
import { SentraError } from '#src/errors.ts';
import { commitWorktree } from '#src/git/commit.ts';
import { resolveCommit } from '#src/git/repository.ts';
import { listPlans, notePlanTaken } from '#src/store/plans.ts';
import { planPath, writePlan } from '#src/workflows/plan-file.ts';
import type { Run } from '#src/workflows/run.ts';

/**
 * Before CODE first works by the plan: it is taken as it stands, and from here on nobody edits it in this run. What a person made of it
 * is a commit of its own.
 */
export async function takePlan(run: Run): Promise<void> {
  const taken = await step('CODE plan', async () => {
    const { parts, adwId, facts } = run;
    const plan = await parts.changes.change(async ({ tx, touch }) => {
      await notePlanTaken(tx, adwId);
      touch(facts.taskId); // its lock: an edit that is under way comes before this, or is refused
      return (await listPlans(tx, facts.taskId))[0] ?? null;
    });
    if (plan?.author === 'person') await commitEdit(run, plan);
    return plan?.text ?? null;
  });
  run.plan = taken ?? run.plan;
}

/** The file alone. Done again it finds nothing to commit. */
async function commitEdit({ parts, facts, worktree, adwId, log }: Run, plan: PlanVersion): Promise<void> {
  const { branchName, path: worktreePath, adminDir } = worktree;
  const parent = await resolveCommit(facts.project, `refs/heads/${branchName}`);
  if (!parent) throw new SentraError('git_failed', `The branch ${branchName} is gone; retry the task from PLAN.`);
  await writePlan(worktreePath, facts.taskId, plan.text);
  await stillOurs();
  const done = await commitWorktree(facts.project, {
    worktreePath,
    adminDir,
    branchName,
    parent,
    message: commitMessage('plan', {
      subject: `Edited plan for ${facts.title}`,
      type: facts.type,
      taskId: facts.taskId,
      adwId,
      phase: 'PLAN',
      attempt: plan.version,
    }),
    identity: parts.identity,
    date: plan.createdAt,
    exclude: ['**'],
    include: [planPath(facts.taskId)],
  });
  if (done.outcome === 'committed')
    await log('CODE').info(`The plan is as a person edited it (version ${plan.version})`, { kind: 'step' });
}
