/** Every workflow by name. Each is a short function over the atomic phases; the durable frame is put round it here. */
import type { WorkflowType } from '#src/domain/workflow.ts';
import type { Workflow } from '#src/engine/engine.ts';
import { code } from '#src/workflows/atomic/code.ts';
import { plan } from '#src/workflows/atomic/plan.ts';
import { requireApproval, review } from '#src/workflows/atomic/review.ts';
import { requirePassed, test } from '#src/workflows/atomic/test.ts';
import { cleanUp } from '#src/workflows/clean-up.ts';
import { codeUntilGreen } from '#src/workflows/composed/code-until-green.ts';
import { fullSdlc } from '#src/workflows/composed/full-sdlc.ts';
import { mergeQueue } from '#src/workflows/merge-queue.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { openForReview } from '#src/workflows/pull-request.ts';
import { defineRun, includes, type RunBody } from '#src/workflows/run.ts';

const changed = (any: boolean) => (any ? ('done' as const) : ('no_changes' as const));

const bodies: Record<WorkflowType, RunBody> = {
  plan: async (run) => {
    await plan(run);
    return 'done';
  },
  code: async (run) => changed(await code(run, { comments: run.facts.comments })),
  test: async (run) => {
    requirePassed(await test(run));
    return 'done';
  },
  review: async (run) => {
    requireApproval(await review(run));
    return (await openForReview(run)) ? 'for_review' : 'done';
  },
  plan_code: async (run) => {
    if (includes(run, 'PLAN')) await plan(run);
    return changed(await code(run));
  },
  code_test: async (run) => {
    if (includes(run, 'CODE') && !(await code(run, { comments: run.facts.comments }))) return 'no_changes';
    requirePassed(await test(run));
    return 'done';
  },
  iterative_code_test: async (run) =>
    changed(await codeUntilGreen(run, { comments: run.facts.comments }, { startWithTest: !includes(run, 'CODE') })),
  full_sdlc: fullSdlc,
};

export function createWorkflows(parts: Parts): Record<string, Workflow> {
  const runs = Object.entries(bodies).map(([type, body]) => [type, defineRun(parts, type as WorkflowType, body)]);
  return { ...Object.fromEntries(runs), merge_queue: mergeQueue(parts), clean_up: cleanUp(parts) };
}
