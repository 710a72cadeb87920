/** What the runners of JavaScript print for people when nobody asked for a report: counts, and the names that they give. */
import {
  type Counts,
  makeCase,
  makeReport,
  seconds,
  type TestCase,
  type TestReport,
} from '#src/domain/test-report/report.ts';

const countIn = (line: string, word: string): number => Number(new RegExp(`(\\d+) ${word}\\b`).exec(line)?.[1] ?? 0);

const countsIn = (lines: readonly string[]): Counts => {
  const sum = (...words: string[]) =>
    lines.reduce((all, line) => all + words.reduce((of, word) => of + countIn(line, word), 0), 0);
  return { passed: sum('passed'), failed: sum('failed'), skipped: sum('skipped', 'todo', 'pending'), flaky: 0 };
};

export function readVitest(text: string): TestReport | undefined {
  const lines = text.split(/\r?\n/);
  const none = lines.some((line) => /^No test files found, exiting with code/.test(line.trim()));
  const sums = lines.filter((line) => /^ *Tests {2}(?:.*\(\d+\)|no tests)$/.test(line));
  if (sums.length === 0) return none ? makeReport('vitest', []) : undefined;
  const took = lines.map((line) => /^ *Duration {2}([\d.]+)(ms|s)\b/.exec(line)).findLast((found) => found !== null);
  const durationMs = took ? Number(took[1]) * (took[2] === 's' ? 1000 : 1) : null;
  return makeReport('vitest', failuresIn(lines, / FAIL {2}(\S+)(?: > (.+))?$/, /^⎯{3,}/), {
    durationMs,
    counts: countsIn(sums),
  });
}

export function readJestText(text: string): TestReport | undefined {
  const lines = text.split(/\r?\n/);
  const sums = lines.filter((line) => /^Tests: {2,}.* total$/.test(line));
  if (sums.length === 0) return /^No tests found, exiting with code/m.test(text) ? makeReport('jest', []) : undefined;
  const took = /^Time: +([\d.]+) s/m.exec(text)?.[1];
  const failures = failuresIn(lines, /^ {2}● ((.+))$/, /^(Test Suites: |FAIL |PASS )/).map((found) => ({
    ...found,
    name: found.name.replaceAll(' › ', ' > '),
    file: null,
  }));
  const unique = new Map(failures.map((found) => [found.name, found]));
  return makeReport('jest', [...unique.values()], { durationMs: seconds(took), counts: countsIn(sums) });
}

export function readMocha(text: string): TestReport | undefined {
  const lines = text.split(/\r?\n/);
  const sums = lines.filter((line) => /^ {2}\d+ (passing \(\d+\w+\)|failing|pending)$/.test(line));
  if (!sums.some((line) => line.includes('passing'))) return undefined;
  const sum = (word: string) => sums.reduce((all, line) => all + countIn(line, word), 0);
  const counts = { passed: sum('passing'), failed: sum('failing'), skipped: sum('pending'), flaky: 0 };
  const start = lines.findIndex((line) => /^ {2}\d+ failing$/.test(line));
  return makeReport('mocha', start < 0 ? [] : mochaFailures(lines.slice(start + 1)), { counts });
}

function mochaFailures(lines: readonly string[]): TestCase[] {
  const sections: string[][] = [];
  for (const line of lines)
    if (/^ {2}\d+\) /.test(line)) sections.push([line.replace(/^ {2}\d+\) /, '')]);
    else sections.at(-1)?.push(line);
  return sections.map((section) => {
    const end = section.findIndex((line) => line.endsWith(':'));
    const title = section.slice(0, Math.max(end, 0) + 1).map((line) => line.trim());
    const words = section.slice(Math.max(end, 0) + 1, Math.max(end, 0) + 31);
    return makeCase({ name: title.join(' > ').replace(/:$/, ''), status: 'failed', message: words.join('\n').trim() });
  });
}

/** Sections that begin with a title line and end with the next, or with `end`. */
function failuresIn(lines: readonly string[], title: RegExp, end: RegExp): TestCase[] {
  const cases: TestCase[] = [];
  let words: string[] | undefined;
  const close = () => {
    const last = cases.at(-1);
    if (last && words) last.message = words.join('\n').trim() || null;
    words = undefined;
  };
  for (const line of lines) {
    const found = title.exec(line);
    if (found || end.test(line)) close();
    if (found) {
      cases.push(makeCase({ name: (found[2] ?? found[1] ?? '').trim(), file: found[1] ?? null, status: 'failed' }));
      words = [];
    } else if (words && words.length < 40) words.push(line);
  }
  close();
  return cases;
}
