import { makeCase, makeReport, type TestCase, type TestReport } from '#src/domain/test-report/report.ts';

const counted = /^ℹ (tests|pass|fail|cancelled|skipped|todo|duration_ms) ([\d.]+)$/;
const marks: Readonly<Record<string, TestCase['status']>> = {
  '✔': 'passed',
  '✖': 'failed',
  '﹣': 'skipped',
  '⚠': 'skipped',
};

/** What Node's own test runner prints for people (its `spec` reporter). */
export function readNode(text: string): TestReport | undefined {
  const lines = text.split(/\r?\n/);
  if (!lines.some((line) => /^ℹ tests \d+$/.test(line))) return undefined;
  const sums: Record<string, number> = {};
  for (const line of lines) {
    const [, name = '', value = '0'] = counted.exec(line) ?? [];
    if (name) sums[name] = (sums[name] ?? 0) + Number(value);
  }
  const { pass = 0, fail = 0, cancelled = 0, skipped = 0, todo = 0, duration_ms = 0 } = sums;
  const counts = { passed: pass, failed: fail + cancelled, skipped: skipped + todo, flaky: 0 };
  return makeReport('node --test', casesIn(lines), { durationMs: duration_ms, counts });
}

type Suite = { indent: number; name: string };

function casesIn(lines: readonly string[]): TestCase[] {
  const cases: TestCase[] = [];
  let suites: Suite[] = [];
  let place: string | null = null;
  let told: TestCase | undefined;
  let words: string[] = [];
  const end = () => {
    if (told && words.length > 0) told.message = words.join('\n').trim() || null;
    told = undefined;
    words = [];
  };
  for (const line of lines) {
    const found = /^( *)([✔✖﹣⚠▶]) (.*?)(?: \(([\d.]+)ms\))?(?: # (.*))?$/u.exec(line);
    const location = /^test at (.+):\d+:\d+$/.exec(line)?.[1];
    if (location !== undefined || /^✖ failing tests:$/.test(line) || counted.test(line)) {
      end();
      place = location ?? null;
      suites = [];
    } else if (found && place !== null) {
      told = cases.find((c) => c.file === null && c.status === 'failed' && lastName(c) === found[3]);
      if (told) told.file = place;
      place = null;
    } else if (found) {
      const [, space = '', mark = '', name = '', took, more] = found;
      const indent = space.length;
      const isEnd = suites.some((suite) => suite.indent === indent && suite.name === name);
      suites = suites.filter((suite) => suite.indent < indent);
      if (isEnd) continue;
      if (mark === '▶' && took === undefined) suites.push({ indent, name });
      else {
        const path = [...suites.map((suite) => suite.name), name].join(' > ');
        const status = marks[mark] ?? 'passed';
        const durationMs = took === undefined ? null : Number(took);
        cases.push(makeCase({ name: path, status, durationMs, message: status === 'skipped' ? (more ?? null) : null }));
      }
    } else if (told && words.length < 40) words.push(line);
  }
  end();
  return cases;
}

const lastName = ({ name }: TestCase): string | undefined => name.split(' > ').at(-1);
