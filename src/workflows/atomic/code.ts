import { unansweredPlan } from '#src/domain/plan.ts';
import type { ErrorCode, Failure } from '#src/errors.ts';
import { diffFiles } from '#src/git/diff.ts';
import { resolveCommit } from '#src/git/repository.ts';
import { agentPhase, type Committed } from '#src/workflows/attempt.ts';
import { runChecks } from '#src/workflows/checks.ts';
import { planPath } from '#src/workflows/plan-file.ts';
import { composePrompt, type Material } from '#src/workflows/prompts.ts';
import type { Run, RunFacts } from '#src/workflows/run.ts';
import type { Turn } from '#src/workflows/session.ts';
import { takePlan } from '#src/workflows/take-plan.ts';

const noChanges: Failure = {
  code: 'no_changes',
  message:
    'The agent changed nothing in the worktree. Say in the description what should change, or declare the task as one that expects no changes.',
};

/**
 * CODE: a session changes files; evidence is the diff, which must answer the plan, and the project's checks, which Sentra runs.
 * Answers false when nothing changed and the task had declared that none was expected. Throws `no_changes` when nothing changed
 * twice and the branch holds nothing either, `checks_failing` when the checks stay red.
 */
export async function code(run: Run, material: Material = {}): Promise<boolean> {
  const { facts } = run;
  if (run.attempts.CODE === 0) await takePlan(run);
  const isFirst = !material.failures && !material.comments?.length;
  const limits = new Map<ErrorCode, number>([
    ['no_changes', 2],
    ['checks_failing', facts.config.limits.codeTestAttempts],
  ]);
  const result = await agentPhase(run, {
    phase: 'CODE',
    subject: facts.title,
    prompt: (attempt, last) =>
      composePrompt(run, 'CODE', attempt, {
        ...material,
        previous: last && claims.has(last.code) ? last.message : undefined,
        checks: outputOf(last),
      }),
    judge: (turn, work, last) => {
      if (!work.commit) return facts.noChangesExpected ? undefined : noChanges;
      return isFirst && last?.code !== 'checks_failing' ? unanswered(run, turn, work) : undefined;
    },
    held: isFirst ? () => branchWork(run) : undefined,
    verify: Object.keys(facts.config.checks).length > 0 ? (...asked) => runChecks(run, ...asked) : undefined,
    attemptsFor: (code) => limits.get(code),
  });
  return result.work.commit !== null;
}

/** What earlier runs left on the branch: a session that finds the task done there may leave it at that. */
async function branchWork(run: Run): Promise<Committed> {
  const { facts, worktree } = run;
  const head = await resolveCommit(facts.project, `refs/heads/${worktree.branchName}`);
  const changed = head ? await diffFiles(facts.project, worktree.base, head) : [];
  const files = withoutPlan(
    changed.map(({ path }) => path),
    facts,
  );
  if (files.length === 0) return { commit: null, files };
  const told = `Nothing was changed; the work of an earlier run counts, which the branch holds: ${files.slice(0, 5).join(', ')}`;
  await run.log('CODE').info(told, { kind: 'step' });
  return { commit: head, files };
}

const withoutPlan = (files: readonly string[], { taskId }: RunFacts): string[] =>
  files.filter((file) => file !== planPath(taskId));

const claims: ReadonlySet<ErrorCode> = new Set(['no_changes', 'unproven', 'checks_failing']);

/** Of checks that failed, the output that the next session gets. */
const outputOf = (last: Failure | undefined): string | undefined =>
  last?.code === 'checks_failing' ? (last.details as { output?: string } | undefined)?.output : undefined;

/** The work on a plan must touch what the plan names; what mends tests or works comments in may lie elsewhere. */
function unanswered({ plan, facts }: Run, { answer, text }: Turn, { files }: Committed): Failure | undefined {
  const message = plan
    ? unansweredPlan(plan, withoutPlan(files, facts), `${answer?.summary ?? ''}\n${text}`)
    : undefined;
  return message === undefined ? undefined : { code: 'unproven', message };
}
