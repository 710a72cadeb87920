import { expect, it } from 'vitest';
import { coverageOfChange, readCoverage } from '#src/domain/coverage.ts';
import type { DiffFile } from '#src/domain/pull-request.ts';
import { addedLines, isTestFile, readTestChange } from '#src/domain/test-change.ts';

const file = (path: string, status: DiffFile['status'], patch = '', oldPath?: string): DiffFile => ({
  path,
  status,
  patch,
  additions: 1,
  deletions: 1,
  truncated: false,
  ...(oldPath ? { oldPath } : {}),
});

it.each([
  ...[
    'test/a.mjs',
    'src/a.test.ts',
    'a-test.js',
    'pkg/__tests__/x.jsx',
    'calc_test.go',
    'tests/test_a.py',
    'src/test/java/ATest.java',
    'spec/a_spec.rb',
    'e2e/login.cy.ts',
  ].map((path) => [path, true] as const),
  ...['src/a.ts', 'latest.ts', 'contest.go', 'src/testimony.py', 'Attest.java.md'].map(
    (path) => [path, false] as const,
  ),
])('%s is a test file: %s', (path, is) => {
  expect(isTestFile(path)).toBe(is);
});

it('what a diff does to tests is told: added, changed, deleted, moved out of sight', () => {
  const change = readTestChange([
    file('test/new.test.ts', 'added', '@@ -0,0 +1 @@\n+xit("later")'),
    file('test/old.test.ts', 'deleted'),
    file('test/kept.test.ts', 'renamed', '', 'test/was.test.ts'),
    file('attic/gone.txt', 'renamed', '', 'test/gone.test.ts'),
    file('src/a.ts', 'modified', '+xit("no test file")'),
  ]);
  expect(change).toEqual({
    added: ['test/new.test.ts'],
    changed: ['test/kept.test.ts'],
    deleted: ['test/old.test.ts', 'test/gone.test.ts'],
    skips: [],
    touchesBase: true,
  });
});

it.each([
  ['a.test.ts', `+  it.${'skip'}('x', () => {`],
  ['a.test.ts', `+  test.${'only'}('x', () => {`],
  ['a.test.mjs', "+test('x', { skip: true }, () => {"],
  ['test_a.py', '+@pytest.mark.skip(reason="no")'],
  ['a_test.go', '+\tt.Skip("no")'],
  ['tests/a.rs', '+#[ignore]'],
  ['ATest.java', '+  @Disabled'],
])('a test that is switched off in %s is seen: %s', (path, line) => {
  expect(readTestChange([file(path, 'modified', `@@ -1 +1 @@\n${line}`)]).skips).toEqual([
    `${path}: ${line.slice(1).trim()}`,
  ]);
  expect(readTestChange([file(path, 'modified', `@@ -1 +1 @@\n-${line.slice(1)}\n${line}`)]).skips).toEqual([]);
});

it.each([
  ['package.json', true],
  ['vitest.config.ts', true],
  ['a/pytest.ini', true],
  ['src/a.ts', false],
  ['test/new.test.ts', false],
])('a change of %s alone may change which tests run: %s', (path, may) => {
  expect(readTestChange([file(path, path.includes('new') ? 'added' : 'modified')]).touchesBase).toBe(may);
});

it('the lines that a patch adds have the numbers of the new file', () => {
  expect(addedLines('@@ -1,3 +1,4 @@\n a\n-b\n+B\n+C\n d\n@@ -9 +10,2 @@\n x\n+y')).toEqual([2, 3, 11]);
});

const patch = '@@ -1,2 +1,4 @@\n a\n+one\n+two\n+// words\n b';
const root = '/home/ada/app';

it.each([
  ['lcov', `TN:\nSF:${root}/src/a.ts\nDA:1,1\nDA:2,4\nDA:3,0\nend_of_record\n`],
  ['lcov of a package', 'SF:a.ts\nDA:2,4\nDA:3,0\n'],
  [
    'Cobertura',
    '<coverage><class filename="src/a.ts"><lines><line number="2" hits="4"/><line number="3" hits="0"/></lines></class></coverage>',
  ],
  [
    'Istanbul',
    JSON.stringify({
      [`${root}/src/a.ts`]: {
        path: `${root}/src/a.ts`,
        statementMap: { 0: { start: { line: 2 } }, 1: { start: { line: 3 } } },
        s: { 0: 4, 1: 0 },
      },
    }),
  ],
])('coverage of changed lines is read from %s', (_, text) => {
  const report = readCoverage(text);
  expect(report && coverageOfChange([file('src/a.ts', 'modified', patch)], [report], root)).toEqual({
    lines: 2,
    covered: 1,
    missed: [{ path: 'src/a.ts', lines: [3] }],
  });
  expect(report && coverageOfChange([file('src/b.ts', 'modified', patch)], [report], root)).toBeUndefined();
});

it.each(['', 'hello', '{"a":1}', '{"a":', '<html/>', 'SF:\nDA:x,y'])(
  'what is no report of coverage covers nothing: %j',
  (text) => {
    const report = readCoverage(text);
    expect(report ? [...report.keys()] : []).toEqual([]);
  },
);
