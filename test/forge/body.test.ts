import { expect, test } from 'vitest';
import { composeBody } from '#src/forge/body.ts';

test('the body says what, why, how it was tested, what it cost and how to try it', () => {
  const body = composeBody({
    taskId: 'task-0123456789ab',
    adwId: 'adw-0123456789ab',
    description: 'People cannot log in.',
    summary: 'Adds a login form.',
    plan: '1. Form',
    commits: [{ hash: 'a'.repeat(40), subject: 'code: login', phase: 'CODE', date: '2026-01-02T03:04:05Z' }],
    tests: { command: 'npm test', exitCode: 0, durationMs: 1234, summary: '12 passed' },
    review: { verdict: 'changes_requested', summary: 'Small.' },
    costUsd: 0.456,
    tokens: 12345,
    branchName: 'feature/login-01234567',
    ports: { web: 4100 },
  });
  for (const part of [
    '## What\n\nAdds a login form.',
    '## Why\n\nPeople cannot log in.',
    '- `aaaaaaaaaa` code: login (CODE)',
    '`npm test` passed in 1.2 s. 12 passed',
    'changes requested. Small.',
    "`git switch feature/login-01234567`; the task's ports: web 4100",
    '12,345 tokens, $0.46',
  ])
    expect(body).toContain(part);
});
