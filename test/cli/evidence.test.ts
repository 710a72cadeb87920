import { expect, test } from 'vitest';
import type { Evidence } from '#src/domain/evidence.ts';
import { cli } from '../helpers/cli.ts';
import { aTask } from '../helpers/contract-api.ts';

const command = ['task', 'evidence', 'task-aaaa00000001'];
const item: Evidence = {
  id: 1,
  taskId: 'task-aaaa00000001',
  adwId: 'adw-aaaaaaaaaaaa',
  phase: 'TEST',
  attempt: 2,
  kind: 'tests',
  passed: false,
  exitCode: 1,
  summary: 'The tests fail: `npm test` exited with 1',
  data: {
    command: 'npm test',
    report: {
      tool: 'vitest',
      passed: 1,
      failed: 1,
      skipped: 0,
      flaky: 0,
      durationMs: 3,
      complete: true,
      cases: [
        {
          name: 'adds',
          file: 'a.test.ts',
          status: 'failed',
          message: 'expected 1\u001b[2J to be 2\nat a.test.ts:3',
          durationMs: 1,
        },
        { name: 'keeps', file: 'a.test.ts', status: 'passed', message: null, durationMs: 1 },
      ],
    },
    coverage: { lines: 3, covered: 1, missed: [{ path: 'src/a.ts', lines: [3, 4] }] },
    artifacts: [{ name: 'adw-aaaaaaaaaaaa-2-1.png', path: 'test-results/page.png', type: 'image/png', bytes: 9 }],
  },
  createdAt: '2026-01-02T03:04:05.000Z',
};

test('the evidence of a task names the tests that failed, why, and what was kept', async () => {
  const { code, out } = await cli(command, { getTask: () => aTask(), listEvidence: () => ({ items: [item] }) });
  expect(code).toBe(0);
  expect(out.split('\n')).toEqual([
    'TEST 2 tests failed  The tests fail: `npm test` exited with 1',
    '  failed a.test.ts > adds',
    '    expected 1 to be 2',
    '    at a.test.ts:3',
    '  The tests ran 1 of 3 changed lines',
    '  Not run: src/a.ts:3, 4',
    '  kept test-results/page.png as adw-aaaaaaaaaaaa-2-1.png',
    '',
  ]);
});

test('a task without evidence says what brings it', async () => {
  const { out } = await cli(command, { getTask: () => aTask(), listEvidence: () => ({ items: [] }) });
  expect(out).toContain('Nothing is proved yet');
});
