import fc from 'fast-check';
import { expect, test } from 'vitest';
import { whyNot } from '#src/domain/actions.ts';
import { phaseProgress } from '#src/domain/phase-progress.ts';
import { deriveStatus, type TaskFacts } from '#src/domain/status.ts';

const facts = (some: Partial<TaskFacts>): TaskFacts => ({
  skipped: false,
  cancelled: false,
  endedWithoutChanges: false,
  run: undefined,
  dispatched: false,
  autoStart: false,
  pullRequest: undefined,
  dependencies: [],
  stacked: false,
  ...some,
});

test.each([
  ['pending', {}],
  ['blocked', { dependencies: ['in_review'] }],
  ['pending', { dependencies: ['completed', 'skipped'] }],
  ['queued', { autoStart: true }],
  ['blocked', { autoStart: true, dependencies: ['failed'] }],
  ['queued', { run: 'queued' }],
  ['blocked', { run: 'queued', dependencies: ['running'] }],
  ['queued', { run: 'queued', dispatched: true, dependencies: ['running'] }],
  ['cancelled', { run: 'queued', cancelled: true }],
  ['pending', { run: 'completed', autoStart: true }],
  ['queued', { run: 'queued', pullRequest: 'open' }],
  ['pending', { dependencies: ['in_review', 'completed'], stacked: true }],
  ['blocked', { dependencies: ['in_review', 'in_review'], stacked: true }],
  ['blocked', { dependencies: ['running'], stacked: true }],
  ['running', { run: 'running', pullRequest: 'open' }],
  ['in_review', { run: 'completed', pullRequest: 'open' }],
  ['completed', { run: 'completed', pullRequest: 'merged' }],
  ['completed', { run: 'completed', endedWithoutChanges: true }],
  ['failed', { run: 'failed' }],
  ['cancelled', { run: 'cancelled', cancelled: true }],
  ['cancelled', { cancelled: true }],
  ['skipped', { skipped: true, run: 'failed' }],
  ['pending', { run: 'completed', pullRequest: 'closed' }],
] as [string, Partial<TaskFacts>][])('a task is %s when %o', (status, some) => {
  expect(deriveStatus(facts(some))).toBe(status);
});

test('every mix of facts has a status, and what has ended cannot be started', () => {
  const arbitrary = fc.record({
    skipped: fc.boolean(),
    cancelled: fc.boolean(),
    endedWithoutChanges: fc.boolean(),
    run: fc.constantFrom(undefined, 'queued', 'running', 'completed', 'failed', 'cancelled'),
    pullRequest: fc.constantFrom(undefined, 'open', 'merged', 'closed'),
    dispatched: fc.boolean(),
    autoStart: fc.boolean(),
    dependencies: fc.array(fc.constantFrom('pending', 'in_review', 'completed', 'failed', 'skipped')),
    stacked: fc.boolean(),
  }) as fc.Arbitrary<TaskFacts>;
  fc.assert(
    fc.property(arbitrary, (some) => {
      const status = deriveStatus(some);
      const blocked = whyNot('start', { status, pullRequest: null });
      expect(['running', 'queued', 'completed', 'skipped', 'blocked'].includes(status)).toBe(blocked !== undefined);
    }),
  );
});

test('a retry from TEST keeps what earlier runs did in PLAN and CODE, and forgets what they did after', () => {
  const attempt = (
    phase: 'PLAN' | 'CODE' | 'TEST' | 'REVIEW',
    state: 'passed' | 'failed' | 'running',
    attempt = 1,
  ) => ({
    phase,
    state,
    attempt,
  });
  const progress = phaseProgress([
    { workflowType: 'full_sdlc', fromPhase: 'TEST', phases: [attempt('TEST', 'running')] },
    {
      workflowType: 'full_sdlc',
      fromPhase: null,
      phases: [attempt('PLAN', 'passed'), attempt('CODE', 'passed', 2), attempt('TEST', 'failed', 3)],
    },
  ]);
  expect(progress.map((p) => `${p.phase} ${p.state} ${p.attempt}`)).toEqual([
    'PLAN passed 1',
    'CODE passed 2',
    'TEST running 1',
    'REVIEW pending 0',
  ]);
});
