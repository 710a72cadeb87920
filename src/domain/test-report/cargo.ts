import { makeCase, makeReport, seconds, type TestCase, type TestReport } from '#src/domain/test-report/report.ts';

const resultPattern =
  /^test result: (?:ok|FAILED)\. (\d+) passed; (\d+) failed; (\d+) ignored; \d+ measured; \d+ filtered out(?:; finished in ([\d.]+)s)?/;
const statuses: Readonly<Record<string, TestCase['status']>> = { ok: 'passed', FAILED: 'failed', ignored: 'skipped' };

/** What `cargo test` prints, of all crates and of the documentation's examples. */
export function readCargo(text: string): TestReport | undefined {
  const lines = text.split(/\r?\n/);
  const results = lines.map((line) => resultPattern.exec(line)).filter((found) => found !== null);
  if (results.length === 0) return undefined;
  const sum = (group: number) => results.reduce((all, found) => all + Number(found[group] ?? 0), 0);
  const counts = { passed: sum(1), failed: sum(2), skipped: sum(3), flaky: 0 };
  return makeReport('cargo test', casesIn(lines), { durationMs: sum(4) * 1000 || seconds('0'), counts });
}

function casesIn(lines: readonly string[]): TestCase[] {
  const cases: TestCase[] = [];
  let told: TestCase | undefined;
  let words: string[] = [];
  const end = () => {
    if (told) told.message = words.join('\n').trim() || null;
    told = undefined;
    words = [];
  };
  for (const line of lines) {
    const test = /^test (.+?)(?: - should panic)? \.\.\. (ok|FAILED|ignored)(?:, (.*))?$/.exec(line);
    const section = /^---- (.+) (?:stdout|stderr) ----$/.exec(line)?.[1];
    if (test) {
      const [, name = '', word = '', reason] = test;
      const file = /^(\S+) - .* \(line \d+\)$/.exec(name)?.[1] ?? null;
      cases.push(makeCase({ name, file, status: statuses[word] ?? 'failed', message: reason ?? null }));
    } else if (section !== undefined) {
      end();
      told = cases.findLast(({ name, status }) => name === section && status === 'failed');
    } else if (/^(failures:|test result: |running \d+ tests?$)/.test(line)) end();
    else if (told && words.length < 40) words.push(line);
  }
  end();
  return cases;
}
