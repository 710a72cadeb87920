import { expect, test } from 'vitest';
import { createGate } from '#src/agents/start-gate.ts';

test('a third waits until one of two has left, and leaving twice gives back one place', async () => {
  const gate = createGate(2);
  const leaveFirst = await gate.enter();
  await gate.enter();
  const entered: string[] = [];
  const third = gate.enter().then(() => entered.push('third'));
  const fourth = gate.enter().then(() => entered.push('fourth'));
  expect(entered).toEqual([]);
  leaveFirst();
  leaveFirst();
  await third;
  await Promise.race([fourth, new Promise((done) => setImmediate(done))]);
  expect(entered).toEqual(['third']);
});

test('one that never leaves gives its place back in time', async () => {
  const gate = createGate(1, 10);
  await gate.enter();
  await gate.enter();
});

test('one that gives up while it waits leaves its turn to the next', async () => {
  const gate = createGate(1, Number.POSITIVE_INFINITY);
  const leave = await gate.enter();
  expect(gate.isFree()).toBe(false);
  const stop = new AbortController();
  const given = gate.enter(stop.signal);
  const next = gate.enter();
  stop.abort(new Error('cancelled'));
  await expect(given).rejects.toThrow('cancelled');
  leave();
  (await next)();
  expect(gate.isFree()).toBe(true);
});
