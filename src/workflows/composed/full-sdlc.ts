import { plan } from '#src/workflows/atomic/plan.ts';
import { requireApproval, review } from '#src/workflows/atomic/review.ts';
import { takeOut } from '#src/workflows/atomic/take-out.ts';
import { workIn } from '#src/workflows/atomic/work-in.ts';
import { codeUntilGreen } from '#src/workflows/composed/code-until-green.ts';
import { openForReview } from '#src/workflows/pull-request.ts';
import { includes, type Run, type RunEnd } from '#src/workflows/run.ts';

/** PLAN, CODE and TEST until green, REVIEW until approved, then the pull request. What the merge queue sent back begins with the base worked in. */
export async function fullSdlc(run: Run): Promise<RunEnd> {
  const { rework, undo } = run.facts;
  if (includes(run, 'PLAN') && !undo) await plan(run);
  if (rework) {
    await workIn(run, rework);
    await codeUntilGreen(run, {}, { startWithTest: true });
  } else if (undo && includes(run, 'CODE')) {
    await codeUntilGreen(run, await takeOut(run, undo), { startWithTest: run.attempts.CODE > 0 });
  } else if (includes(run, 'TEST')) {
    const startWithTest = !includes(run, 'CODE');
    if (!(await codeUntilGreen(run, { comments: run.facts.comments }, { startWithTest }))) return 'no_changes';
  }
  if (includes(run, 'REVIEW')) await reviewUntilApproved(run);
  return (await openForReview(run)) ? 'for_review' : 'done';
}

/** Comments go back to CODE, in a fresh session, at most `limits.reviewRounds` times; what review itself changed is tested again. */
async function reviewUntilApproved(run: Run): Promise<void> {
  const limit = run.facts.config.limits.reviewRounds;
  for (let round = 1; ; round++) {
    const result = await review(run);
    if (result.changedFiles) await codeUntilGreen(run, {}, { startWithTest: true });
    if (result.verdict.verdict === 'approve') return;
    if (round >= limit) requireApproval(result, round);
    await codeUntilGreen(run, {
      comments: result.verdict.comments.length ? result.verdict.comments : [{ body: result.verdict.summary }],
    });
  }
}
