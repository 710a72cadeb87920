import { describe, expect, test } from 'vitest';
import { afterRun, type BreakerFacts, stateOf } from '#src/domain/breaker.ts';

const minute = 60_000;

/** The facts after these ends, one a second from `from` on: `null` is a success. */
function afterRuns(ends: readonly (string | null)[], from = 0, facts: BreakerFacts | null = null): BreakerFacts | null {
  return ends.reduce<BreakerFacts | null>(
    (f, kind, at) => afterRun(f, kind ? { kind } : null, from + at * 1000),
    facts,
  );
}

describe('a circuit breaker', () => {
  test('opens after five failures of one kind in a row, for five minutes', () => {
    expect(afterRuns(Array(4).fill('agent'))?.openUntil).toBeNull();
    const open = afterRuns(Array(5).fill('agent'));
    expect(open).toMatchObject({ failures: 5, trips: 1, openUntil: 4_000 + 5 * minute });
    expect(stateOf(open as BreakerFacts, 5_000)).toBe('open');
    expect(stateOf(open as BreakerFacts, 4_000 + 5 * minute)).toBe('half_open');
  });

  test('counts anew after a success and after a failure of another kind', () => {
    expect(afterRuns(['agent', 'agent', 'agent', 'agent', null])).toBeNull();
    expect(afterRuns(['agent', 'agent', 'agent', 'agent', 'git'])).toMatchObject({ failures: 1, openUntil: null });
  });

  test('opens after two refused credentials', () => {
    expect(afterRuns(['auth', 'auth'])?.openUntil).toBeGreaterThan(0);
  });

  test('stays open as long as it said while runs that had begun before fail', () => {
    const open = afterRuns(Array(5).fill('agent'));
    expect(afterRuns(['agent', 'agent'], minute, open)?.openUntil).toBe(open?.openUntil);
  });

  test('goes on telling why it opened when a run that had begun before fails in another way', () => {
    const open = afterRuns(Array(5).fill('agent'));
    expect(afterRuns(['timeout', 'agent'], minute, open)).toEqual({ ...open, failures: 6 });
  });

  test('opens for longer each time its trial fails, at most an hour, and closes when one succeeds', () => {
    let facts = afterRuns(Array(5).fill('agent'));
    for (const minutes of [10, 20, 40, 60, 60]) {
      const trial = facts?.openUntil as number;
      facts = afterRun(facts, { kind: 'timeout' }, trial);
      expect((facts?.openUntil as number) - trial).toBe(minutes * minute);
    }
    expect(afterRun(facts, null, (facts?.openUntil as number) + 1)).toBeNull();
  });
});
