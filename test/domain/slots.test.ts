import { expect, test } from 'vitest';
import { isShort, parseReserve, reserveOf } from '#src/domain/reserve.ts';
import { chooseSlots, slotsOfHost } from '#src/domain/slots.ts';

const gigabyte = 2 ** 30;

test.each([
  [8, 32, 24], // three a core
  [8, 10, 18], // memory for a little over two a core
  [64, 32, 62],
  [2, 2, 2],
  [4, 1, 1], // never none
])('a host of %i cores and %i GB takes %i runs at once', (cpus, memory, slots) => {
  expect(slotsOfHost({ cpus, memoryBytes: memory * gigabyte }).total).toBe(slots);
});

test('the reason names what limits', () => {
  expect(slotsOfHost({ cpus: 8, memoryBytes: 32 * gigabyte }).reason).toBe('3 a core on 8 cores');
  expect(slotsOfHost({ cpus: 8, memoryBytes: 4 * gigabyte }).reason).toMatch(/4\.0 GB of memory.*would carry 24/);
});

test('SENTRA_SLOTS wins over a project, and a project that asks for more wins over the host', () => {
  const host = { total: 6, reason: 'host' };
  const projects = [
    { name: 'shop', slots: 15 },
    { name: 'docs', slots: 2 },
    { name: 'site', slots: undefined },
  ];
  expect(chooseSlots({ environment: 3, projects, host }).total).toBe(3);
  expect(chooseSlots({ environment: undefined, projects, host })).toEqual({
    total: 15,
    reason: 'set by limits.slots of shop',
  });
  expect(chooseSlots({ environment: undefined, projects: projects.slice(1), host })).toEqual(host);
});

test.each([
  ['2GB', 100e9, 2e9],
  ['10%', 100e9, 10e9],
  ['2gb, 10%', 10e9, 2e9],
  ['512 MB,1%', 100e9, 1e9],
  ['0', 100e9, 0],
])('a reserve of %s on %d bytes is %d', (text, total, bytes) => {
  const reserve = parseReserve(text);
  expect(reserve && reserveOf(reserve, total)).toBe(bytes);
});

test.each(['', 'much', '-1GB', '120%', '2GB;10%', '1e9'])('%j is no reserve', (text) => {
  expect(parseReserve(text)).toBeUndefined();
});

test('the share of a large disk has an upper end', () => {
  expect(reserveOf({ bytes: 1e9, percent: 5, percentAtMost: 20e9 }, 10e12)).toBe(20e9);
});

test('what was short stays so until there is a fifth more than the limit', () => {
  expect([isShort(99, 100, false), isShort(101, 100, false)]).toEqual([true, false]);
  expect([isShort(119, 100, true), isShort(120, 100, true)]).toEqual([true, false]);
});
