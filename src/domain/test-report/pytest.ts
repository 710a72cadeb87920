import { makeCase, makeReport, seconds, type TestCase, type TestReport } from '#src/domain/test-report/report.ts';

const summaryPattern =
  /^(?:=+ )?(?:(?:(?:\d+ (?:passed|failed|errors?|skipped|xfailed|xpassed|deselected|warnings?|rerun|subtests passed))(?:, )?)+|no tests ran) in ([\d.]+)s(?: \([\d:]+\))?(?: =+)?$/;
const statuses: Readonly<Record<string, TestCase['status']>> = {
  PASSED: 'passed',
  XPASS: 'passed',
  FAILED: 'failed',
  ERROR: 'failed',
  SKIPPED: 'skipped',
  XFAIL: 'skipped',
};

/** What pytest prints: the last line counts, the lines of `-v` and of the short summary name. */
export function readPytest(text: string): TestReport | undefined {
  const lines = text.split(/\r?\n/);
  const summaries = lines.filter((line) => line.length < 400 && summaryPattern.test(line));
  if (summaries.length === 0) return undefined;
  const sum = (pattern: RegExp) => summaries.reduce((all, line) => all + Number(pattern.exec(line)?.[1] ?? 0), 0);
  const counts = {
    passed: sum(/(?<!subtests )\b(\d+) passed/) + sum(/(\d+) xpassed/),
    failed: sum(/(\d+) failed/) + sum(/(\d+) errors?/),
    skipped: sum(/(\d+) skipped/) + sum(/(\d+) xfailed/),
    flaky: 0,
  };
  const took = summaries.reduce((all, line) => all + (seconds(summaryPattern.exec(line)?.[1]) ?? 0), 0);
  return makeReport('pytest', [...namesIn(lines).values()], { durationMs: took, counts });
}

function namesIn(lines: readonly string[]): Map<string, TestCase> {
  const found = new Map<string, TestCase>();
  for (const line of lines) {
    const short = /^(FAILED|ERROR) (\S+(?:::[^\s]+)*(?: \[[^\]]*\])?)(?: - (.*))?$/.exec(line);
    const long = /^(\S+::.+?) (PASSED|FAILED|ERROR|SKIPPED|XFAIL|XPASS)(?: \((.*)\))?(?: +\[ *\d+%\])?$/.exec(line);
    const [id, word, message] = short ? [short[2], short[1], short[3]] : [long?.[1], long?.[2], long?.[3]];
    const status = statuses[word ?? ''];
    if (!id || !status) continue;
    const [file = null, ...names] = id.split('::');
    const known = found.get(id)?.message;
    found.set(id, makeCase({ name: names.join(' > ') || id, file, status, message: message ?? known ?? null }));
  }
  addMessages(lines, found);
  return found;
}

/** The section of a failure says more than its line in the summary: what was asserted, and where. */
function addMessages(lines: readonly string[], found: ReadonlyMap<string, TestCase>): void {
  const byName = new Map([...found.values()].filter((c) => c.status === 'failed').map((c) => [c.name, c]));
  let current: TestCase | undefined;
  let words: string[] = [];
  const end = () => {
    if (current) current.message = words.join('\n').trim() || current.message;
  };
  for (const line of lines) {
    const title = /^_{3,} (?:ERROR \w+(?: \w+)* )?(.+?) _{3,}$/.exec(line)?.[1];
    if (title === undefined && !/^={5,} /.test(line)) {
      if (words.length < 60) words.push(line);
      continue;
    }
    end();
    current = title === undefined ? undefined : (byName.get(title.replaceAll('.', ' > ')) ?? byName.get(title));
    words = [];
  }
  end();
}
