import { expect, test, vi } from 'vitest';
import { withoutRepeats } from '#src/compose.ts';

test('what goes wrong every few seconds is told once a minute, whatever else goes wrong between', () => {
  vi.useFakeTimers();
  const told: string[] = [];
  const complain = withoutRepeats((line) => told.push(line));
  for (const line of ['no way', 'no disk', 'no way', 'no disk']) complain(line);
  expect(told).toEqual(['no way', 'no disk']);
  vi.advanceTimersByTime(59_000);
  complain('no way');
  vi.advanceTimersByTime(1_000);
  complain('no way');
  expect(told).toEqual(['no way', 'no disk', 'no way']);
  vi.useRealTimers();
});
