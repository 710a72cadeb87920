import { refusedApproval, type Verdict } from '#src/domain/evidence.ts';
import { forReview, TestEvidence } from '#src/domain/test-evidence.ts';
import { step } from '#src/engine/step.ts';
import { type Failure, SentraError } from '#src/errors.ts';
import { diffText } from '#src/git/diff.ts';
import { resolveCommit } from '#src/git/repository.ts';
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
    prepare: (turn) => keepVerdict(run, turn, material),
    judge: (turn) => judgeTurn(turn, material),
  });
  const verdict = verdictOf(result.turn);
  if (!verdict) throw SentraError.from(noVerdict);
  return { verdict: asCounted(verdict), changedFiles: result.work.commit !== null };
}

/** An approval with a blocking comment asks for changes, whatever it calls itself. */
function asCounted(verdict: Verdict): Verdict {
  const refused = refusedApproval(verdict, null);
  return refused
    ? { ...verdict, verdict: 'changes_requested', summary: `${refused} ${verdict.summary}`.trim() }
    : verdict;
}

/** Nobody's approval makes failing tests pass. */
function judgeTurn(turn: Turn, { tests }: Material): Failure | undefined {
  const verdict = verdictOf(turn);
  if (!verdict) return noVerdict;
  if (verdict.verdict !== 'approve' || !tests || tests.passed) return undefined;
  return { code: 'tests_failing', message: refusedApproval(asCounted(verdict), tests) ?? tests.summary };
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

type Material = {
  diff: string;
  testEvidence: string;
  /** How the tests of this very diff ended; null where there were none, or a person left them out. */
  tests: { passed: boolean; summary: string } | null;
};

async function gather(run: Run): Promise<Material> {
  const { facts, worktree, parts } = run;
  const diff = await diffText(facts.project, worktree.base, `refs/heads/${worktree.branchName}`, maxDiffBytes);
  const tests = (await listEvidence(parts.database.db, facts.taskId)).findLast((e) => e.phase === 'TEST');
  if (!tests) return { diff, testEvidence: 'No tests were run.', tests: null };
  const more = tests.kind === 'tests' ? forReview(TestEvidence.parse(tests.data)) : '';
  const { passed, summary, data } = tests;
  const head = await resolveCommit(facts.project, `refs/heads/${worktree.branchName}`);
  const isOld = typeof data.commit === 'string' && data.commit !== head;
  const testEvidence = [isOld ? `Of an earlier commit: ${summary}` : summary, more].filter(Boolean).join('\n');
  return { diff, testEvidence, tests: isOld || facts.skipped === 'TEST' ? null : { passed, summary } };
}

function verdictOf(turn: Turn): Verdict | undefined {
  const answer = turn.answer;
  if (!answer?.verdict) return undefined;
  const { verdict, summary = '', comments = [], security, performance } = answer;
  return { verdict, summary, comments, ...(security ? { security } : {}), ...(performance ? { performance } : {}) };
}

async function keepVerdict(run: Run, turn: Turn, { tests }: Material): Promise<Failure | undefined> {
  const verdict = verdictOf(turn);
  if (!verdict) return turn.message ? { ...noVerdict, message: `${noVerdict.message} ${turn.message}` } : noVerdict;
  const { facts, parts, adwId } = run;
  const attempt = run.attempts.REVIEW;
  const refused = refusedApproval(verdict, tests);
  const approved = verdict.verdict === 'approve' && !refused;
  const said = `Verdict: ${verdict.verdict.replace('_', ' ')}. ${verdict.summary}`.trim();
  const told = run.log('REVIEW')[refused ? 'warn' : 'info'](refused ?? said, { kind: 'step' });
  await parts.changes.change(async ({ tx, record }) => {
    const isNew = await insertEvidence(tx, {
      taskId: facts.taskId,
      adwId,
      phase: 'REVIEW',
      attempt,
      kind: 'verdict',
      passed: approved,
      exitCode: null,
      summary: refused ?? (verdict.summary || (approved ? 'Approved' : 'Changes requested')),
      data: { ...verdict },
    });
    if (isNew) await addComments(tx, facts.taskId, 'review', verdict.comments, adwId);
    record({ type: 'evidence.added', taskId: facts.taskId, data: { phase: 'REVIEW', attempt, kind: 'verdict' } });
  });
  await told;
  return undefined;
}
