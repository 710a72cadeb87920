import { expect, test } from 'vitest';
import { composeBody, unaddressed } from '#src/forge/body.ts';

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

test('nobody is called by a name in the words of an agent; code and addresses stay as they are', () => {
  const kept = ['`npm i @types/node`', '```\n@Injectable()\n```', 'ada@example.test', 'a/@b'];
  for (const text of kept) expect(unaddressed(text)).toBe(text);
  expect(unaddressed('@ada, ask (@team/core) about `@x` and @bob')).toBe(
    '@\u2060ada, ask (@\u2060team/core) about `@x` and @\u2060bob',
  );
});
