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
    steering: [{ path: '.claude/settings.json', steers: 'settings of agents' }],
    tests: { command: 'npm test', exitCode: 0, durationMs: 1234, summary: '12 passed' },
    review: { verdict: 'changes_requested', summary: 'Small.', security: 'Asks for a password.' },
    evidence: [{ phase: 'CODE', kind: 'checks', passed: true, summary: '`npm run lint` exited with 0' }],
    costUsd: 0.456,
    tokens: 12345,
    branchName: 'feature/login-01234567',
    ports: { web: 4100 },
  });
  for (const part of [
    '## What\n\nAdds a login form.',
    '## Why\n\nPeople cannot log in.',
    '- `aaaaaaaaaa` code: login (CODE)',
    '## Changes what agents run\n\n- `.claude/settings.json`: settings of agents',
    '`npm test` passed in 1.2 s. 12 passed',
    'changes requested. Small.\n\nSecurity: Asks for a password.',
    '- CODE checks: passed, `npm run lint` exited with 0',
    '<!-- sentra-task: task-0123456789ab -->',
    "`git fetch && git switch feature/login-01234567`; the task's ports: web 4100",
    '12,345 tokens, $0.46',
  ])
    expect(body).toContain(part);
});
