/**
 * Whether a run of the tests proves what it claims. An exit code of 0 is not enough: tests that are gone, switched off or never
 * run prove nothing, and a failure that the base has too is not the task's. Pure.
 */
import { z } from 'zod';
import type { TestChange } from '#src/domain/test-change.ts';
import { countRun, type TestCase, type TestReport, total } from '#src/domain/test-report/report.ts';

export const TestDoubt = z.object({
  code: z.enum(['no_tests', 'all_skipped', 'fewer_tests', 'newly_skipped', 'deleted_tests', 'failures_hidden']),
  message: z.string(),
  names: z.array(z.string()),
});
export type TestDoubt = z.infer<typeof TestDoubt>;

/** One run of the command; `report` null where nothing of what it left can be read. */
export type TestResult = { exitCode: number | null; report: TestReport | null };

export type TestClaim = {
  result: TestResult;
  /** The same command on the commit that the branch began from; null when it was not needed. */
  base: TestResult | null;
  change: TestChange;
  /** What the task and its plan say: tests that they say go may go. */
  announced: string;
  /** True when a person wrote the command down, false when Sentra found it. */
  configured: boolean;
};

export type TestJudgement = {
  passed: boolean;
  /** Why an exit code of 0 is not believed. */
  doubts: TestDoubt[];
  /** Failures of the task. */
  failures: TestCase[];
  /** Failures that the base has too. */
  ofBase: TestCase[];
};

export function judgeTests(claim: TestClaim): TestJudgement {
  const { failures, ofBase, excused } = judgeFailures(claim.result, claim.base);
  const doubts = findDoubts(claim);
  return { passed: (claim.result.exitCode === 0 || excused) && doubts.length === 0, doubts, failures, ofBase };
}

/** `excused`: all that failed has a name, and fails on the base too. */
export function judgeFailures({ report }: TestResult, base: TestResult | null) {
  const failing = (report?.cases ?? []).filter(({ status }) => status === 'failed');
  const known = indexOf(base?.report?.cases ?? []);
  const ofBase = failing.filter((found) => matchIn(known, found)?.status === 'failed');
  const failures = failing.filter((found) => !ofBase.includes(found));
  const allNamed = report !== null && failing.length > 0 && failing.length === report.failed;
  return { failures, ofBase, excused: allNamed && failures.length === 0 };
}

/** An exit code of 0 with failures in the report is red. */
export const isRed = ({ exitCode, report }: TestResult): boolean =>
  exitCode !== 0 || (report !== null && report.failed > 0);

function findDoubts(claim: TestClaim): TestDoubt[] {
  const { result, base, change, announced, configured } = claim;
  const { report } = result;
  const deleted = change.deleted.filter((path) => !isAnnounced(announced, path));
  const doubts: TestDoubt[] = [];
  const doubt = (code: TestDoubt['code'], message: string, names: readonly string[] = []) =>
    doubts.push({ code, message, names: names.slice(0, 50) });
  if (deleted.length > 0) doubt('deleted_tests', `Test files were deleted: ${list(deleted)}`, deleted);
  if (report) {
    const wasEmpty = !configured && base?.report != null && total(base.report) === 0;
    if (total(report) === 0 && !wasEmpty) doubt('no_tests', 'The command ran no test at all');
    if (total(report) > 0 && countRun(report) === 0) doubt('all_skipped', `All ${total(report)} tests are skipped`);
    if (result.exitCode === 0 && report.failed > 0 && base?.report?.failed !== report.failed)
      doubt(
        'failures_hidden',
        `The command exits with 0 although its report has ${count(report.failed, 'failing test')}`,
      );
  }
  if (report && base?.report) compare(report, base.report, { announced, doubt });
  else if (change.skips.length > 0) {
    const skips = change.skips.filter((line) => !isAnnounced(announced, line.slice(0, line.indexOf(': '))));
    if (skips.length > 0) doubt('newly_skipped', `Tests were switched off: ${list(skips)}`, skips);
  }
  return doubts;
}

type Compare = { announced: string; doubt: (code: TestDoubt['code'], message: string, names: string[]) => void };

function compare(report: TestReport, base: TestReport, { announced, doubt }: Compare): void {
  const before = indexOf(base.cases);
  const skipped = report.cases.filter(({ status }) => status === 'skipped');
  const newly = skipped.filter((found) => {
    const was = matchIn(before, found);
    return was !== undefined && was.status !== 'skipped' && !isAnnouncedCase(announced, found);
  });
  if (newly.length > 0) {
    const names = newly.map(nameOf);
    doubt(
      'newly_skipped',
      `${count(newly.length, 'test')} that ran on the base ${is(newly.length)} skipped: ${list(names)}`,
      names,
    );
  }
  const lost = countRun(base) - countRun(report);
  if (lost <= newly.length || total(report) === 0) return;
  const now = indexOf(report.cases);
  const gone =
    base.complete && report.complete ? base.cases.filter((c) => c.status !== 'skipped' && !matchIn(now, c)) : [];
  const silent = gone.filter((found) => !isAnnouncedCase(announced, found));
  if (gone.length > 0 && silent.length === 0) return;
  const names = silent.map(nameOf);
  const which = names.length > 0 ? `; gone: ${list(names)}` : '';
  doubt('fewer_tests', `${countRun(report)} tests ran, ${countRun(base)} on the base${which}`, names);
}

type Index = ReadonlyMap<string, readonly TestCase[]>;

const indexOf = (cases: readonly TestCase[]): Index => Map.groupBy(cases, ({ name }) => name);

/** Some tools tell the file of failures only: an unknown one fits. */
const matchIn = (index: Index, { name, file }: TestCase): TestCase | undefined => {
  const named = index.get(name) ?? [];
  return named.find((found) => found.file === file) ?? named.find((found) => found.file === null || file === null);
};

const removal = /\b(remov|delet|drop|retir|obsolet|replac|renam|mov|merg|skip|disabl|rewrit|no longer|superse)/i;

/** A line that names it together with a word of going. */
const isAnnounced = (text: string, path: string): boolean => {
  const name = path.slice(path.lastIndexOf('/') + 1);
  return text.split('\n').some((line) => line.includes(name) && removal.test(line));
};

const isAnnouncedCase = (text: string, { name, file }: TestCase): boolean => {
  const last = name.split(' > ').at(-1) ?? name;
  if (file && isAnnounced(text, file)) return true;
  return last.length > 3 && text.split('\n').some((line) => line.includes(last) && removal.test(line));
};

const nameOf = ({ name, file }: TestCase): string => (file && !name.startsWith(file) ? `${file} > ${name}` : name);

/** The first few, and how many more. */
export const list = (names: readonly string[], most = 5): string =>
  names.length > most ? `${names.slice(0, most).join(', ')} and ${names.length - most} more` : names.join(', ');

const count = (number: number, word: string): string => `${number} ${word}${number === 1 ? '' : 's'}`;
const is = (number: number): string => (number === 1 ? 'is' : 'are');

/**
 * Two runs of the same command on the same commit: what failed only in the first is flaky. `second` decides.
 */
export function withFlaky(first: TestResult, second: TestResult): TestResult {
  if (!first.report || !second.report) return second;
  const once = indexOf(first.report.cases.filter(({ status }) => status === 'failed'));
  const cases = second.report.cases.map((found): TestCase => {
    const failed = found.status === 'passed' ? matchIn(once, found) : undefined;
    return failed ? { ...found, file: found.file ?? failed.file, status: 'flaky', message: failed.message } : found;
  });
  const named = cases.filter((found, at) => found !== second.report?.cases[at]);
  // A tool that names only failures does not name what passes now.
  const unnamed = [...once.values()].flat().filter((found) => !matchIn(indexOf(second.report?.cases ?? []), found));
  const flaky = named.length + (second.report.complete ? 0 : unnamed.length);
  const more = second.report.complete ? [] : unnamed.map((found): TestCase => ({ ...found, status: 'flaky' }));
  const { passed } = second.report;
  const counts = { flaky: second.report.flaky + flaky, passed: Math.max(0, passed - flaky) };
  return { ...second, report: { ...second.report, ...counts, cases: [...cases, ...more] } };
}
