import type { Verdict } from '#src/domain/evidence.ts';
import { step } from '#src/engine/step.ts';
import { type Failure, SentraError } from '#src/errors.ts';
import { diffText } from '#src/git/diff.ts';
import { insertEvidence, listEvidence } from '#src/store/evidence.ts';
import { addComments } from '#src/store/pull-requests.ts';
import { agentPhase } from '#src/workflows/attempt.ts';
import { composePrompt } from '#src/workflows/prompts.ts';
import type { Run } from '#src/workflows/run.ts';
import type { Turn } from '#src/workflows/session.ts';

export type Review = { verdict: Verdict; changedFiles: boolean };

const maxDiffBytes = 400_000;
const noVerdict: Failure = {
  code: 'agent_failed',
  message:
    'The review ended without a verdict: neither "approve" nor "changes_requested" was answered. Look at the log of REVIEW.',
};

/** REVIEW: a fresh session gets plan, diff and test evidence and answers a structured verdict. */
export async function review(run: Run): Promise<Review> {
  const material = await step(`REVIEW ${run.attempts.REVIEW + 1}: material`, () => gather(run));
  const result = await agentPhase(run, {
    phase: 'REVIEW',
    subject: `Address review of ${run.facts.title}`,
    prompt: (attempt) => composePrompt(run, 'REVIEW', attempt, material),
    prepare: (turn) => keepVerdict(run, turn),
    judge: (turn) => (verdictOf(turn) ? undefined : noVerdict),
  });
  const verdict = verdictOf(result.turn);
  if (!verdict) throw SentraError.from(noVerdict);
  return { verdict, changedFiles: result.committed.commit !== null };
}

/** For workflows that end here: a verdict that asks for changes ends the run. */
export function requireApproval({ verdict }: Review, rounds = 1): void {
  if (verdict.verdict === 'approve') return;
  const count = verdict.comments.length;
  throw new SentraError(
    'changes_requested',
    `Review asks for changes${rounds > 1 ? ` after ${rounds} rounds` : ''}: ${verdict.summary || `${count} comment${count === 1 ? '' : 's'}`}`,
  );
}

async function gather(run: Run): Promise<{ diff: string; testEvidence: string }> {
  const { facts, worktree, parts } = run;
  const diff = await diffText(facts.project, worktree.base, `refs/heads/${worktree.branchName}`, maxDiffBytes);
  const tests = (await listEvidence(parts.database.db, facts.taskId)).findLast((e) => e.phase === 'TEST');
  return { diff, testEvidence: tests ? tests.summary : 'No tests were run.' };
}

function verdictOf(turn: Turn): Verdict | undefined {
  const answer = turn.answer;
  if (!answer?.verdict) return undefined;
  return { verdict: answer.verdict, summary: answer.summary ?? '', comments: answer.comments ?? [] };
}

async function keepVerdict(run: Run, turn: Turn): Promise<Failure | undefined> {
  const verdict = verdictOf(turn);
  if (!verdict) return turn.message ? { ...noVerdict, message: `${noVerdict.message} ${turn.message}` } : noVerdict;
  const { facts, parts, adwId } = run;
  const attempt = run.attempts.REVIEW;
  const approved = verdict.verdict === 'approve';
  const told = run
    .log('REVIEW')
    .info(`Verdict: ${verdict.verdict.replace('_', ' ')}. ${verdict.summary}`.trim(), { kind: 'step' });
  await parts.changes.change(async ({ tx, record }) => {
    const isNew = await insertEvidence(tx, {
      taskId: facts.taskId,
      adwId,
      phase: 'REVIEW',
      attempt,
      kind: 'verdict',
      passed: approved,
      exitCode: null,
      summary: verdict.summary || (approved ? 'Approved' : 'Changes requested'),
      data: { ...verdict },
    });
    if (isNew) await addComments(tx, facts.taskId, 'review', verdict.comments, adwId);
    record({ type: 'evidence.added', taskId: facts.taskId, data: { phase: 'REVIEW', attempt, kind: 'verdict' } });
  });
  await told;
  return undefined;
}
