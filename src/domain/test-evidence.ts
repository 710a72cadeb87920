/** What is kept of TEST, and how it is told: to people, to the session that mends it, to review. Pure. */
import { z } from 'zod';
import { Artifact } from '#src/domain/artifact.ts';
import { ChangeCoverage } from '#src/domain/coverage.ts';
import { TestChange } from '#src/domain/test-change.ts';
import { list, TestDoubt, type TestJudgement } from '#src/domain/test-judgement.ts';
import { countsText, TestCase, TestReport } from '#src/domain/test-report/report.ts';

/** `data` of evidence of the kind `tests`. Only the first three are always there. */
export const TestEvidence = z.looseObject({
  command: z.string().default(''),
  durationMs: z.number().default(0),
  output: z.string().default(''),
  /** The commit that was tested. */
  commit: z.string().optional(),
  report: TestReport.nullish(),
  change: TestChange.optional(),
  doubts: z.array(TestDoubt).default([]),
  /** Failures that the base has too. */
  ofBase: z.array(TestCase).default([]),
  base: z.object({ commit: z.string(), exitCode: z.number().nullable(), counts: z.string().nullable() }).nullish(),
  /** It failed and was tried once more. */
  retried: z.boolean().default(false),
  coverage: ChangeCoverage.nullish(),
  artifacts: z.array(Artifact).default([]),
});
export type TestEvidence = z.infer<typeof TestEvidence>;

const most = { failed: 200, flaky: 100, skipped: 100, passed: 200 } as const;

/** A report small enough for a row: counts of all, the cases that matter first. */
export function withoutMany(report: TestReport): TestReport {
  const cases = (Object.keys(most) as (keyof typeof most)[])
    .flatMap((status) => report.cases.filter((found) => found.status === status).slice(0, most[status]))
    .map((found, at) => (at < 50 || !found.message ? found : { ...found, message: found.message.slice(0, 300) }));
  return { ...report, cases, complete: report.complete && cases.length === report.cases.length };
}

export type Told = {
  command: string;
  exitCode: number | null;
  endedBy: string;
  durationMs: number;
  report: TestReport | null;
  judgement: TestJudgement;
  /** Null when the base was not run. */
  baseExitCode: number | null;
};

/** One sentence for people. */
export function summariseTests(told: Told): string {
  const { command, exitCode, endedBy, durationMs, report, judgement } = told;
  const took = `after ${(durationMs / 1000).toFixed(1)} s`;
  const counts = report ? `; ${countsText(report)}` : '';
  if (endedBy === 'timeout') return `The tests did not end: \`${command}\` was stopped ${took}`;
  if (endedBy === 'limit') return `The tests were ended: \`${command}\` took more of the host than it may ${took}`;
  const flaky = report?.flaky ? `; flaky: ${list(namesOf(report.cases.filter((c) => c.status === 'flaky')), 3)}` : '';
  const { doubts, ofBase, failures } = judgement;
  if (exitCode === 0 && doubts.length === 0)
    return `The tests pass: \`${command}\` exited with 0 ${took}${counts}${flaky}`;
  const ended = `\`${command}\` exited with ${exitCode ?? 'a signal'} ${took}${counts}${flaky}`;
  const why = doubts.map(({ message }) => message).join('; ');
  if (exitCode === 0) return `The tests prove nothing: ${why}. ${ended}`;
  const known = ofBase.length > 0 ? `; as on the base: ${list(namesOf(ofBase), 3)}` : '';
  if (judgement.passed) return `The tests pass but for what fails on the base: ${ended}${known}`;
  const own = failures.length > 0 ? `; ${list(namesOf(failures), 3)}` : '';
  const base = ofBase.length === 0 && told.baseExitCode ? `; the base fails as well, with ${told.baseExitCode}` : '';
  const missing = exitCode === 127 ? `. ${programMissing}` : '';
  return `The tests fail: ${ended}${own}${known}${base}${why ? `. ${why}` : ''}${missing}`;
}

/** What the exit code 127 of a shell means, and the way out. */
export const programMissing =
  'A program was not found: install it on this host. Of your home rooms see what the usual version managers installed, and what SENTRA_TOOLS names';

/** What a session is told that has to mend it. */
export function toMend(judgement: TestJudgement, { command, output }: { command: string; output: string }): string {
  const { doubts, failures, ofBase } = judgement;
  const wayOut =
    'Bring these tests back and mend what they show. Only tests that the plan or the task says are to be removed may go.';
  return [
    ...doubts.map(({ message }) => `${message}.`),
    doubts.length > 0 ? wayOut : '',
    ...failures.slice(0, 30).map((found) => `FAILED ${nameOf(found)}\n${indent(found.message ?? '')}`.trimEnd()),
    ofBase.length > 0 ? `These fail on the base too and are not yours: ${list(namesOf(ofBase), 20)}` : '',
    `$ ${command}\n${output}`,
  ]
    .filter(Boolean)
    .join('\n\n');
}

/** What review is told beside the summary. */
export function forReview(data: TestEvidence): string {
  const { change, coverage, report } = data;
  const lines = [
    change && `Test files added: ${list(change.added, 20) || 'none'}; changed: ${list(change.changed, 20) || 'none'}.`,
    change?.deleted.length ? `Test files deleted: ${list(change.deleted, 20)}.` : '',
    coverage && `Of ${coverage.lines} changed lines that can be run the tests ran ${coverage.covered}.`,
    coverage?.missed.length
      ? `Not run: ${list(
          coverage.missed.map(({ path, lines: missed }) => `${path}:${missed.slice(0, 20).join(',')}`),
          20,
        )}.`
      : '',
    report?.flaky ? `Flaky: ${list(namesOf(report.cases.filter((c) => c.status === 'flaky')), 10)}.` : '',
    data.ofBase.length > 0 ? `Failing as on the base: ${list(namesOf(data.ofBase), 10)}.` : '',
  ];
  return lines.filter(Boolean).join('\n');
}

/** For people, one fact a line: what became of the files of tests, and which changed lines were not run. */
export function changeLines({ change, coverage }: Pick<TestEvidence, 'change' | 'coverage'>): string[] {
  const lines = [
    change?.added.length ? `New test files: ${change.added.join(', ')}` : '',
    change?.changed.length ? `Changed test files: ${change.changed.join(', ')}` : '',
    change?.deleted.length ? `Deleted test files: ${change.deleted.join(', ')}` : '',
    coverage
      ? `The tests ran ${coverage.covered} of ${coverage.lines} changed ${coverage.lines === 1 ? 'line' : 'lines'}`
      : '',
    ...(coverage?.missed ?? []).slice(0, 10).map(({ path, lines: missed }) => `Not run: ${path}:${missed.join(', ')}`),
  ];
  return lines.filter(Boolean);
}

/** What a pull request says beside the command: how many, which of them were there before, what was not run. */
export const forPullRequest = (data: TestEvidence): string =>
  [data.report && `${countsText(data.report)}.`, forReview(data)].filter(Boolean).join('\n\n');

export const nameOf = ({ name, file }: Pick<TestCase, 'name' | 'file'>): string =>
  file && !name.startsWith(file) ? `${file} > ${name}` : name;

const namesOf = (cases: readonly TestCase[]): string[] => cases.map(nameOf);

const indent = (text: string): string =>
  text
    .split('\n')
    .slice(0, 30)
    .map((line) => `  ${line}`)
    .join('\n');
