/** The readers against what the tools really wrote: the same six or seven tests each, one of which breaks with an odd message. */
import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { readOutput, readReportFile } from '#src/domain/test-report/read.ts';
import { mergeReports, type TestReport } from '#src/domain/test-report/report.ts';

const folder = path.resolve(import.meta.dirname, '../../fixtures/reports');
const textOf = (name: string) => readFileSync(path.join(folder, name), 'utf8');
const failing = (report: TestReport | undefined) =>
  report?.cases.filter(({ status }) => status === 'failed').map(({ name, file }) => [name, file]);

describe('a report', () => {
  it.each([
    ['cargo.txt', 'cargo test', [2, 1, 1], [['tests::breaks', null]], 'sum is wrong'],
    [
      'go.txt',
      'go test',
      [0, 2, 0],
      [
        ['TestBreaks', 'example.test/sample/calc'],
        ['TestGroup/two', 'example.test/sample/calc'],
      ],
      'got 1, want 2',
    ],
    [
      'go-verbose.txt',
      'go test',
      [2, 2, 1],
      [
        ['TestBreaks', 'example.test/sample/calc'],
        ['TestGroup/two', 'example.test/sample/calc'],
      ],
      'got 1, want 2',
    ],
    [
      'go.jsonl',
      'go test',
      [2, 2, 1],
      [
        ['TestBreaks', 'example.test/sample/calc'],
        ['TestGroup/two', 'example.test/sample/calc'],
      ],
      'got 1, want 2',
    ],
    [
      'jest.txt',
      'jest',
      [2, 2, 2],
      [
        ['breaks', null],
        ['group > two', null],
      ],
      'Received: 1',
    ],
    [
      'jest.json',
      'jest',
      [2, 2, 2],
      [
        ['breaks', '/home/ada/sample/v.test.js'],
        ['group > two', '/home/ada/sample/v.test.js'],
      ],
      'Received: ',
    ],
    [
      'mocha.txt',
      'mocha',
      [2, 2, 1],
      [
        ['breaks', null],
        ['group > two', null],
      ],
      'Error: sum',
    ],
    [
      'node.txt',
      'node --test',
      [3, 2, 2],
      [
        ['breaks', 'a.test.mjs'],
        ['group > two', 'a.test.mjs'],
      ],
      '1 == 2',
    ],
    [
      'node.tap',
      'tap',
      [3, 2, 2],
      [
        ['breaks', '/home/ada/sample/a.test.mjs'],
        ['group > two', '/home/ada/sample/a.test.mjs'],
      ],
      "error: '1 == 2'",
    ],
    [
      'node.xml',
      'junit',
      [3, 2, 2],
      [
        ['breaks', '/home/ada/sample/a.test.mjs'],
        ['group > two', '/home/ada/sample/a.test.mjs'],
      ],
      '1 == 2',
    ],
    ['pytest.txt', 'pytest', [3, 1, 1], [['test_breaks', 'test_sample.py']], 'maps differ <&>'],
    ['pytest-verbose.txt', 'pytest', [3, 1, 1], [['test_breaks', 'test_sample.py']], 'maps differ <&>'],
    ['pytest.xml', 'junit', [3, 1, 1], [['test_sample > test_breaks', null]], 'maps differ <&>'],
    [
      'vitest.txt',
      'vitest',
      [2, 2, 2],
      [
        ['breaks', 'v.test.js'],
        ['group > two', 'v.test.js'],
      ],
      'sum: expected 1 to be 2',
    ],
    [
      'vitest.json',
      'jest',
      [2, 2, 2],
      [
        ['breaks', '/home/ada/sample/v.test.js'],
        ['group > two', '/home/ada/sample/v.test.js'],
      ],
      'sum: expected 1 to be 2',
    ],
    [
      'vitest.tap',
      'tap',
      [2, 2, 2],
      [
        ['v.test.js > breaks', '/home/ada/sample/v.test.js'],
        ['v.test.js > group > two', '/home/ada/sample/v.test.js'],
      ],
      'sum: expected 1 to be 2',
    ],
    [
      'vitest.xml',
      'junit',
      [2, 2, 2],
      [
        ['v.test.js > breaks', null],
        ['v.test.js > group > two', null],
      ],
      'sum: expected 1 to be 2',
    ],
  ] as const)(
    'of %s tells who ran, how many passed, failed and were skipped, and what broke',
    (name, tool, counts, broken, said) => {
      const text = textOf(name);
      const report = readReportFile(text);
      expect(report?.tool).toBe(tool);
      expect([report?.passed, report?.failed, report?.skipped]).toEqual(counts);
      expect(failing(report)).toEqual(broken);
      expect(report?.cases.find(({ status }) => status === 'failed')?.message).toContain(said);
      if (!text.startsWith('<')) expect(readOutput(`> sample@1.0.0 test\n> run\n\n${text}`, '')).toEqual(report);
    },
  );

  it('is found on the second stream and through colours', () => {
    expect(readOutput('a line\n', textOf('vitest.txt'))).toMatchObject({ tool: 'vitest', passed: 2, failed: 2 });
  });

  it.each([
    ['ℹ tests 0\nℹ pass 0\n', 'node --test'],
    ['TAP version 13\n1..0\n', 'tap'],
    ['============ no tests ran in 0.01s ============\n', 'pytest'],
    ['No test files found, exiting with code 1\n', 'vitest'],
    ['No tests found, exiting with code 1\n', 'jest'],
    ['?   \texample.test/a\t[no test files]\nok  \texample.test/b\t0.001s [no tests to run]\n', 'go test'],
    [
      'running 0 tests\n\ntest result: ok. 0 passed; 0 failed; 0 ignored; 0 measured; 0 filtered out; finished in 0.00s\n',
      'cargo test',
    ],
    ['<testsuites name="none" tests="0"/>', 'junit'],
  ])('of no test at all is a report: %j', (text, tool) => {
    expect(readReportFile(text)).toMatchObject({ tool, passed: 0, failed: 0, skipped: 0, cases: [] });
  });

  it.each(['', 'all is well\n', 'ok then\n', '{"a":1}', '<html><body>ok</body></html>', '[INFO] BUILD SUCCESS\n'])(
    'is not seen where there is none: %j',
    (text) => {
      expect(readReportFile(text)).toBeUndefined();
    },
  );

  it('tells reruns of Surefire as flaky, and a go package that passed as one test', () => {
    const xml =
      '<testsuite name="S" time="1,234.5"><testcase classname="a.B" name="c"><flakyFailure message="once">trace</flakyFailure></testcase></testsuite>';
    expect(readReportFile(xml)).toMatchObject({
      flaky: 1,
      passed: 0,
      durationMs: 1_234_500,
      cases: [{ name: 'a.B > c', status: 'flaky', message: 'once\ntrace' }],
    });
    expect(readReportFile('ok  \texample.test/a\t0.1s\n')).toMatchObject({
      passed: 1,
      cases: [{ name: 'example.test/a' }],
    });
  });

  it('of several files is one', () => {
    const parts = ['pytest.xml', 'node.xml'].map((name) => readReportFile(textOf(name)) as TestReport);
    expect(mergeReports(parts)).toMatchObject({ tool: 'junit', passed: 6, failed: 3, skipped: 3, complete: true });
  });
});

describe('hostile reports', () => {
  it('expand no entities and fetch nothing', () => {
    const bomb = `<!DOCTYPE t [<!ENTITY a "ha"><!ENTITY b "&a;&a;"><!ENTITY x SYSTEM "file:///etc/passwd">]><testsuite><testcase name="&b;&x;&#x41;&#1114112;"/></testsuite>`;
    expect(readReportFile(bomb)?.cases).toMatchObject([{ name: '&b;&x;A\uFFFD' }]);
  });

  it('that were cut off tell what was in them', () => {
    const text = textOf('node.xml');
    const cut = text.slice(0, text.indexOf('classname="group"'));
    expect(readReportFile(cut)).toMatchObject({ passed: 1, failed: 1, skipped: 2 });
  });

  it('never throw, whatever is cut, doubled or mixed', () => {
    const names = ['cargo.txt', 'go.jsonl', 'jest.json', 'node.tap', 'node.xml', 'pytest.txt', 'vitest.txt'];
    const texts = names.map(textOf);
    const piece = fc
      .tuple(fc.constantFrom(...texts), fc.nat(5000), fc.nat(5000))
      .map(([text, a, b]) => text.slice(Math.min(a, b), Math.max(a, b)));
    const any = fc
      .array(
        fc.oneof(
          piece,
          fc.string({ unit: 'binary' }),
          fc.constantFrom('<testsuite><testcase ', '"', "'", '<![CDATA[', '<!--', '{"numTotalTests":'),
        ),
      )
      .map((all) => all.join(''));
    fc.assert(
      fc.property(any, (text) => {
        for (const report of [readReportFile(text), readReportFile(`<${text}`), readOutput(text, text)])
          if (report) expect(report.cases.every(({ name }) => name.length > 0 && name.isWellFormed())).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it.each([
    ['unclosed elements', () => '<testsuite>'.repeat(200_000)],
    ['attributes without an end', () => `<testsuite><testcase ${'a="'.repeat(200_000)}`],
    ['spaces', () => `<testsuite ${' '.repeat(1_000_000)}x`],
    ['comments without an end', () => '<!--'.repeat(300_000)],
    [
      'points of TAP, ever deeper',
      () => `TAP version 13\n${Array.from({ length: 3_000 }, (_, n) => `${' '.repeat(n)}ok 1 - a`).join('\n')}`,
    ],
    ['one long line', () => `ℹ tests 1\n✔ ${'a ('.repeat(300_000)}`],
    ['a summary of pytest that goes on', () => `${'1 passed, '.repeat(100_000)}in 1s`],
    ['cases of pytest that go on', () => `=== 1 passed in 1s ===\n${'a::b '.repeat(200_000)}PASSED`],
    ['underscores', () => `=== 1 failed in 1s ===\nFAILED a.py::b - x\n${'_'.repeat(500_000)} b`],
    ['subtests of go, ever deeper', () => `{"Action":"pass","Package":"p","Test":"${'a/'.repeat(20_000)}b"}\n`],
  ])('of %s are read in no time', (_, make) => {
    const text = make();
    const before = process.cpuUsage();
    readReportFile(text);
    readOutput(text, '');
    const { user } = process.cpuUsage(before);
    expect(user / 1e6).toBeLessThan(5); // seconds of the processor: waiting for others does not count
  });

  it('keep a bounded number of cases and characters', () => {
    const many = `<testsuite>${'<testcase name="n"/>'.repeat(60_000)}<testcase name="${'x'.repeat(9_000)}"><failure>${'y'.repeat(99_000)}</failure></testcase></testsuite>`;
    const report = readReportFile(many);
    expect(report).toMatchObject({ passed: 60_000, failed: 1, complete: false });
    expect(report?.cases).toHaveLength(50_000);
    expect(
      JSON.stringify(readReportFile(many.slice(many.indexOf('<testcase name="x')).replace(/^/, '<testsuite>'))).length,
    ).toBeLessThan(6_000);
  });
});
