import type { Undo } from '#src/domain/rework.ts';
import { step } from '#src/engine/step.ts';
import { composeUndo } from '#src/git/compose-merge.ts';
import { putTree } from '#src/git/put-merge.ts';
import { commitAttempt, endPhase } from '#src/workflows/attempt.ts';
import { beginPhase } from '#src/workflows/begin.ts';
import type { Material } from '#src/workflows/prompts.ts';
import { restore } from '#src/workflows/restore.ts';
import type { Run } from '#src/workflows/run.ts';

/**
 * CODE by Sentra itself: a commit that takes merged work out again, as `git revert` does. Where later work stands on the same lines
 * no commit is made, and an agent is asked with what this answers.
 */
export async function takeOut(run: Run, undo: Undo): Promise<Material> {
  const { facts, worktree, parts } = run;
  const asked = { onto: worktree.base, undone: undo.commit, from: undo.from, identity: parts.identity };
  const { clean, tree, paths } = await step('take out', () =>
    composeUndo(facts.project, { ...asked, date: '2000-01-01T00:00:00Z' }),
  );
  if (!clean) return { comments: [{ body: describe(undo, paths) }] };
  const begun = await beginPhase(run, 'CODE', 'sentra');
  await step(`CODE ${begun.attempt}: take out`, async () => {
    await restore(worktree);
    await putTree(worktree, tree);
    const committed = await commitAttempt(run, { phase: 'CODE', subject: `Revert "${undo.title}"` }, begun);
    await endPhase(run, { phase: 'CODE', attempt: begun.attempt }, { failure: undefined, committed });
  });
  return {};
}

const describe = ({ title, commit }: Undo, paths: readonly string[]): string =>
  `Take out what commit ${commit} ("${title}") changed, and nothing that came after it. Git could not do it by itself, because later work changed the same lines in: ${paths.join(', ')}. \`git show -m --first-parent ${commit}\` shows what to take out.`;
