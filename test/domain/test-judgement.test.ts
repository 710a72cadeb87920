import { describe, expect, it } from 'vitest';
import type { TestChange } from '#src/domain/test-change.ts';
import { summariseTests } from '#src/domain/test-evidence.ts';
import { judgeTests, type TestClaim, type TestResult, withFlaky } from '#src/domain/test-judgement.ts';
import { makeCase, makeReport, type TestCase } from '#src/domain/test-report/report.ts';

type Status = TestCase['status'];
const cases = (all: Record<string, Status>, file: string | null = null) =>
  Object.entries(all).map(([name, status]) =>
    makeCase({ name, status, file, message: status === 'failed' ? 'no' : null }),
  );
const result = (all: Record<string, Status>, file: string | null = null): TestResult => ({
  exitCode: Object.values(all).includes('failed') ? 1 : 0,
  report: makeReport('t', cases(all, file)),
});
const nothing: TestChange = { added: [], changed: [], deleted: [], skips: [], touchesBase: false };
const judge = (claim: Partial<TestClaim> & { result: TestResult }) =>
  judgeTests({ base: null, change: nothing, announced: '', configured: true, ...claim });
const codes = (claim: Parameters<typeof judge>[0]) => judge(claim).doubts.map(({ code }) => code);

describe('passing tests prove', () => {
  it('what they claim when all that ran before still runs', () => {
    const base = result({ a: 'passed', b: 'skipped' });
    expect(judge({ result: result({ a: 'passed', b: 'skipped', c: 'passed' }), base })).toMatchObject({
      passed: true,
      doubts: [],
    });
    expect(judge({ result: { exitCode: 0, report: null } }).passed).toBe(true);
  });

  it.each([
    ['no test ran', { result: result({}) }, 'no_tests'],
    ['all are skipped', { result: result({ a: 'skipped' }) }, 'all_skipped'],
    [
      'one is newly skipped',
      { result: result({ a: 'skipped', b: 'passed', c: 'passed' }), base: result({ a: 'passed', b: 'passed' }) },
      'newly_skipped',
    ],
    ['fewer run', { result: result({ a: 'passed' }), base: result({ a: 'passed', b: 'passed' }) }, 'fewer_tests'],
    [
      'a failing one is gone',
      { result: result({ a: 'passed' }), base: result({ a: 'passed', b: 'failed' }) },
      'fewer_tests',
    ],
    [
      'a test file was deleted',
      { result: result({ a: 'passed' }), change: { ...nothing, deleted: ['test/a.test.ts'] } },
      'deleted_tests',
    ],
    [
      'the diff switches one off and no report tells',
      { result: { exitCode: 0, report: null }, change: { ...nothing, skips: ['a.test.ts: xit()'] } },
      'newly_skipped',
    ],
    ['the exit code hides a failure', { result: { ...result({ a: 'failed' }), exitCode: 0 } }, 'failures_hidden'],
  ] as const)('nothing when %s', (_, claim, code) => {
    const judged = judge(claim as unknown as Parameters<typeof judge>[0]);
    expect(judged.passed).toBe(false);
    expect(judged.doubts.map((doubt) => doubt.code)).toEqual([code]);
    expect(judged.doubts[0]?.message).toMatch(/^[A-Z0-9].{10,}/);
  });

  it('what they claim when the plan said which tests go', () => {
    const deleted = { ...nothing, deleted: ['test/old.test.ts'] };
    const base = result({ 'adds up': 'passed', 'pays in guilders': 'passed' });
    const gone = result({ 'adds up': 'passed' });
    expect(codes({ result: gone, base, change: deleted })).toEqual(['deleted_tests', 'fewer_tests']);
    expect(codes({ result: gone, base, announced: '- Remove the test "pays in guilders".' })).toEqual([]);
    expect(codes({ result: gone, change: deleted, announced: 'Delete test/old.test.ts: nothing uses it.' })).toEqual(
      [],
    );
    expect(codes({ result: gone, change: deleted, announced: 'Add a case to test/old.test.ts.' })).toEqual([
      'deleted_tests',
    ]);
  });

  it('what they claim when tests were renamed and as many run', () => {
    expect(codes({ result: result({ sums: 'passed' }), base: result({ adds: 'passed' }) })).toEqual([]);
  });

  it('nothing of a project without tests, unless nobody ever named a command', () => {
    expect(codes({ result: result({}), base: result({}) })).toEqual(['no_tests']);
    expect(codes({ result: result({}), base: result({}), configured: false })).toEqual([]);
    expect(codes({ result: result({}), base: result({ a: 'passed' }), configured: false })).toContain('no_tests');
  });
});

describe('failing tests', () => {
  it("are the task's when the base passes them or does not have them", () => {
    const judged = judge({ result: result({ a: 'failed', b: 'failed' }), base: result({ a: 'passed' }) });
    expect(judged.passed).toBe(false);
    expect(judged.failures.map(({ name }) => name)).toEqual(['a', 'b']);
  });

  it("are the base's when all of them fail there", () => {
    const judged = judge({ result: result({ a: 'failed', b: 'passed' }), base: result({ a: 'failed', b: 'passed' }) });
    expect(judged).toMatchObject({ passed: true, failures: [], ofBase: [{ name: 'a' }] });
  });

  it('are told apart when one is old and one new', () => {
    const judged = judge({ result: result({ a: 'failed', b: 'failed' }), base: result({ a: 'failed', b: 'passed' }) });
    expect(judged).toMatchObject({ passed: false, failures: [{ name: 'b' }], ofBase: [{ name: 'a' }] });
  });

  it('of one name in two files are two tests', () => {
    const base = {
      exitCode: 1,
      report: makeReport('t', [...cases({ a: 'failed' }, 'x'), ...cases({ a: 'passed' }, 'y')]),
    };
    const now = {
      exitCode: 1,
      report: makeReport('t', [...cases({ a: 'passed' }, 'x'), ...cases({ a: 'failed' }, 'y')]),
    };
    expect(judge({ result: now, base })).toMatchObject({ passed: false, failures: [{ file: 'y' }] });
  });

  it('excuse nobody when not all of them are named', () => {
    const counts = { passed: 0, failed: 2, skipped: 0, flaky: 0 };
    const some: TestResult = { exitCode: 1, report: makeReport('t', cases({ a: 'failed' }), { counts }) };
    expect(judge({ result: some, base: result({ a: 'failed' }) }).passed).toBe(false);
    expect(judge({ result: { exitCode: 1, report: null }, base: { exitCode: 1, report: null } }).passed).toBe(false);
  });
});

describe('a second run', () => {
  it('makes what passes now flaky', () => {
    const { exitCode, report } = withFlaky(
      result({ a: 'failed', b: 'failed', c: 'passed' }),
      result({ a: 'passed', b: 'failed', c: 'passed' }),
    );
    expect(exitCode).toBe(1);
    expect(report).toMatchObject({ passed: 1, failed: 1, flaky: 1 });
    expect(report?.cases.map(({ name, status }) => [name, status])).toEqual([
      ['a', 'flaky'],
      ['b', 'failed'],
      ['c', 'passed'],
    ]);
  });

  it('names what was flaky also where only failures have names', () => {
    const counts = (failed: number) => ({ passed: 3 - failed, failed, skipped: 0, flaky: 0 });
    const first: TestResult = { exitCode: 1, report: makeReport('t', cases({ a: 'failed' }), { counts: counts(1) }) };
    const { report } = withFlaky(first, { exitCode: 0, report: makeReport('t', [], { counts: counts(0) }) });
    expect(report).toMatchObject({
      passed: 2,
      flaky: 1,
      failed: 0,
      cases: [{ name: 'a', status: 'flaky', message: 'no' }],
    });
  });
});

describe('the sentence about tests', () => {
  it('says the way out where a shell did not find a program', () => {
    const told = { command: 'go test', endedBy: 'exit', durationMs: 40, report: null, baseExitCode: 127 };
    const judgement = judge({ result: { exitCode: 127, report: null } });
    const summary = summariseTests({ ...told, exitCode: 127, judgement });
    expect(summary).toContain('`go test` exited with 127 after 0.0 s; the base fails as well, with 127. A program was');
    expect(summary).toContain('SENTRA_TOOLS');
    expect(summariseTests({ ...told, exitCode: 1, judgement })).not.toContain('SENTRA_TOOLS');
  });
});
