import type { Rework } from '#src/domain/rework.ts';
import { step } from '#src/engine/step.ts';
import type { Failure } from '#src/errors.ts';
import { isContained } from '#src/git/branch.ts';
import { findMarkers } from '#src/git/put-merge.ts';
import { setWorktreeBase } from '#src/store/worktrees.ts';
import { agentPhase } from '#src/workflows/attempt.ts';
import { composePrompt } from '#src/workflows/prompts.ts';
import type { Run } from '#src/workflows/run.ts';

/**
 * CODE in the role CONFLICT: a session finds the merge with the base, or with what it stands on, in its worktree, conflicts between markers, and makes both
 * sides work. Evidence: a merge commit without markers; tests and review come after it as for any other change.
 */
export async function workIn(run: Run, rework: Rework): Promise<void> {
  const { facts, worktree, parts } = run;
  const { branchName, path, adminDir } = worktree;
  const isIn = await step('base worked in', () => isContained(facts.project, `refs/heads/${branchName}`, rework.base));
  await agentPhase(run, {
    phase: 'CODE',
    role: 'CONFLICT',
    subject: `Work ${rework.kind === 'below' ? 'what it stands on' : facts.project.baseBranch} into ${facts.title}`,
    mergeIn: isIn ? undefined : rework.base,
    prompt: (attempt, last) =>
      composePrompt(run, 'CONFLICT', attempt, {
        rework,
        previous: last?.message,
      }),
    prepare: async (): Promise<Failure | undefined> => {
      const left = await findMarkers(path, adminDir, rework.paths);
      return left.length ? unsolved(left) : undefined;
    },
  });
  await step('new base', () => setWorktreeBase(parts.database.db, facts.taskId, rework.base));
  run.worktree = { ...worktree, base: rework.base };
}

const unsolved = (paths: readonly string[]): Failure => ({
  code: 'agent_failed',
  message: `The agent left conflict markers in ${paths.join(', ')}. Solve them by hand in the worktree, or let an agent try again.`,
});
