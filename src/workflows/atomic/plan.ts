import { planGaps, planProblem, readPlan } from '#src/domain/plan.ts';
import type { Failure } from '#src/errors.ts';
import { insertEvidence } from '#src/store/evidence.ts';
import { addPlan } from '#src/store/plans.ts';
import { agentPhase } from '#src/workflows/attempt.ts';
import { writePlan } from '#src/workflows/plan-file.ts';
import { composePrompt } from '#src/workflows/prompts.ts';
import { restore } from '#src/workflows/restore.ts';
import type { Run } from '#src/workflows/run.ts';
import type { Turn } from '#src/workflows/session.ts';

/**
 * PLAN: a session reads and plans, Sentra writes the plan down. Whatever else the session changed is put back: planning is not
 * coding. Evidence: the plan's text, with the files, steps and tests that it names.
 */
export async function plan(run: Run): Promise<void> {
  const result = await agentPhase(run, {
    phase: 'PLAN',
    subject: `Plan for ${run.facts.title}`,
    prompt: (attempt, last) =>
      composePrompt(run, 'PLAN', attempt, { previous: last?.code === 'unproven' ? last.message : undefined }),
    prepare: (turn) => keepPlan(run, turn),
    judge: (turn) => (planOf(turn) ? undefined : noPlan),
  });
  run.plan = planOf(result.turn) ?? run.plan;
  run.writeTests = result.turn.answer?.writeTests ?? false;
}

const noPlan: Failure = {
  code: 'agent_failed',
  message:
    'The agent ended without a plan: it printed nothing and answered none. Look at the log of PLAN, or choose another agent.',
};

const planOf = (turn: Turn): string | undefined => turn.answer?.plan?.trim() || turn.text.trim() || undefined;

async function keepPlan(run: Run, turn: Turn): Promise<Failure | undefined> {
  const text = planOf(turn);
  if (!text) return turn.message ? { ...noPlan, message: turn.message } : noPlan;
  const { facts, worktree, parts, adwId } = run;
  const attempt = run.attempts.PLAN;
  const named = readPlan(text);
  const problem = planProblem(text, facts, facts.config.plan === 'strict');
  await restore(worktree);
  if (!problem) await writePlan(worktree.path, facts.taskId, text);
  await parts.changes.change(async ({ tx, record }) => {
    if (!problem) await addPlan(tx, facts.taskId, text, 'agent');
    await insertEvidence(tx, {
      taskId: facts.taskId,
      adwId,
      phase: 'PLAN',
      attempt,
      kind: 'plan',
      passed: !problem,
      exitCode: null,
      summary: problem ?? turn.answer?.summary ?? firstLine(text),
      data: { plan: text, ...named, gaps: planGaps(named) },
    });
    record({ type: 'evidence.added', taskId: facts.taskId, data: { phase: 'PLAN', attempt, kind: 'plan' } });
  });
  return problem === undefined ? undefined : { code: 'unproven', message: problem };
}

const firstLine = (text: string) =>
  (text.split('\n').find((line) => line.trim()) ?? '').replace(/^[#\s]+/, '').slice(0, 200);
