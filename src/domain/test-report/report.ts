/**
 * What a run of a project's tests came to, whatever wrote it. The readers beside this file turn text into it; all of them are
 * pure, take anything without throwing, and look at each character a bounded number of times.
 */
import { z } from 'zod';

export const TestCase = z.object({
  name: z.string(),
  file: z.string().nullable(),
  status: z.enum(['passed', 'failed', 'skipped', 'flaky']),
  /** Why it failed or was skipped. */
  message: z.string().nullable(),
  durationMs: z.number().nullable(),
});
export type TestCase = z.infer<typeof TestCase>;

const count = z.number().int().nonnegative();

export const TestReport = z.object({
  /** Who ran the tests, as `vitest`, `pytest`, `junit`. */
  tool: z.string(),
  passed: count,
  failed: count,
  skipped: count,
  /** Failed first and passed when tried again. */
  flaky: count,
  durationMs: z.number().nullable(),
  cases: z.array(TestCase),
  /** True when `cases` names every test; some tools name only those that failed. */
  complete: z.boolean(),
});
export type TestReport = z.infer<typeof TestReport>;

export type Counts = Pick<TestReport, 'passed' | 'failed' | 'skipped' | 'flaky'>;

/** More of one file is not read, by far not from its beginning only: reports end with what counts. */
export const maxReportChars = 16 * 1024 * 1024;
const maxCases = 50_000;
const maxMessage = 4_000;
const maxName = 500;

/** `counts` where the tool told more than it named. */
export function makeReport(
  tool: string,
  cases: readonly TestCase[],
  { durationMs = null, counts }: { durationMs?: number | null; counts?: Counts } = {},
): TestReport {
  const named = countCases(cases);
  const told = counts ?? named;
  return {
    tool,
    ...told,
    durationMs: finite(durationMs),
    cases: cases.slice(0, maxCases).map(bounded),
    complete: total(named) >= total(told) && cases.length <= maxCases,
  };
}

/** Several reports of one run as one; undefined for none. */
export function mergeReports(reports: readonly TestReport[]): TestReport | undefined {
  const [first] = reports;
  if (!first || reports.length === 1) return first;
  const sum = (of: (report: TestReport) => number) => reports.reduce((all, report) => all + of(report), 0);
  const cases = reports.flatMap((report) => report.cases);
  const counts = {
    passed: sum((r) => r.passed),
    failed: sum((r) => r.failed),
    skipped: sum((r) => r.skipped),
    flaky: sum((r) => r.flaky),
  };
  const tool = [...new Set(reports.map((report) => report.tool))].join(', ');
  return makeReport(tool, cases, { durationMs: sum((r) => r.durationMs ?? 0), counts });
}

export const countCases = (cases: readonly Pick<TestCase, 'status'>[]): Counts => {
  const counts = { passed: 0, failed: 0, skipped: 0, flaky: 0 };
  for (const { status } of cases) counts[status] += 1;
  return counts;
};

export const total = ({ passed, failed, skipped, flaky }: Counts): number => passed + failed + skipped + flaky;

/** The same with the files of cases named as git names them, below `root`. */
export const relativeTo = (report: TestReport, root: string): TestReport => ({
  ...report,
  cases: report.cases.map((found) => {
    const file = found.file?.replace(/^file:\/\//, '');
    return file?.startsWith(`${root}/`) ? { ...found, file: file.slice(root.length + 1) } : found;
  }),
});

/** Those that were really run. */
export const countRun = ({ passed, failed, flaky }: Counts): number => passed + failed + flaky;

/** `12 passed, 1 failed, 2 skipped`; what is none is left out. */
export const countsText = (counts: Counts): string =>
  (['passed', 'failed', 'flaky', 'skipped'] as const)
    .filter((status) => counts[status] > 0)
    .map((status) => `${counts[status]} ${status}`)
    .join(', ') || 'no tests';

/** A case with what is not known left out; text that PostgreSQL's jsonb can keep. */
export const makeCase = (found: Pick<TestCase, 'name' | 'status'> & Partial<TestCase>): TestCase => ({
  file: null,
  message: null,
  durationMs: null,
  ...found,
});

const bounded = (found: TestCase): TestCase => ({
  ...found,
  name: cut(found.name, maxName) || '(without a name)',
  file: found.file && cut(found.file, maxName),
  message: found.message && (cut(found.message.trim(), maxMessage) || null),
  durationMs: finite(found.durationMs),
});

const cut = (text: string, most: number): string =>
  (text.length > most ? `${text.slice(0, most - 1)}…` : text).toWellFormed().replaceAll('\0', '␀');

const finite = (value: number | null): number | null =>
  value !== null && Number.isFinite(value) && value >= 0 ? Math.round(value * 1000) / 1000 : null;

/** Milliseconds of a number of seconds as tools print it; null when it is none. */
export const seconds = (text: string | undefined): number | null => {
  const value = Number.parseFloat((text ?? '').replaceAll(',', ''));
  return Number.isFinite(value) ? value * 1000 : null;
};
