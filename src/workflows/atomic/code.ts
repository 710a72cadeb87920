import type { Failure } from '#src/errors.ts';
import { agentPhase } from '#src/workflows/attempt.ts';
import { composePrompt, type Material } from '#src/workflows/prompts.ts';
import type { Run } from '#src/workflows/run.ts';

const noChanges: Failure = {
  code: 'no_changes',
  message:
    'The agent changed nothing in the worktree. Say in the description what should change, or declare the task as one that expects no changes.',
};

/**
 * CODE: a session changes files; evidence is the diff. Answers false when nothing changed and the task had declared that
 * none was expected. Throws `no_changes` when nothing changed twice.
 */
export async function code(run: Run, material: Material = {}): Promise<boolean> {
  const { facts } = run;
  const result = await agentPhase(run, {
    phase: 'CODE',
    subject: facts.title,
    prompt: (attempt, last) =>
      composePrompt(run, 'CODE', attempt, {
        ...material,
        previous: last?.code === 'no_changes' ? last.message : undefined,
      }),
    judge: (_, committed) => (committed.commit || facts.noChangesExpected ? undefined : noChanges),
    attemptsFor: (code) => (code === 'no_changes' ? 2 : undefined),
  });
  return result.committed.commit !== null;
}
