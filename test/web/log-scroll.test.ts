import fc from 'fast-check';
import { expect, test } from 'vitest';
import { anchorAt, isExact, rowHeight, rowsOf, settle, spaceOf, topOf } from '../../web/src/log-scroll.ts';

const million = { total: 1_000_000, view: 800, wrap: false };

test('the space of a million lines is one that every browser can make', () => {
  expect(spaceOf(million)).toBeLessThan(16_000_000);
  expect(spaceOf({ ...million, total: 100 })).toBe(2_000);
  expect(isExact({ ...million, total: 100 })).toBe(true);
  expect(isExact(million)).toBe(false);
});

test('the scroll bar reaches the first line, the last one, and each place between', () => {
  expect(anchorAt(0, million)).toEqual({ position: 0, y: -0 });
  expect(anchorAt(spaceOf(million), million)).toBe('end');
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 999_000 }), fc.integer({ min: 1, max: 3_000_000 }), (position, total) => {
      const geometry = { ...million, total: Math.max(total, position + 100) };
      const top = topOf({ position, y: 0 }, geometry);
      const back = anchorAt(top, geometry);
      return back === 'end' || Math.abs(back.position - position) <= 1;
    }),
  );
});

test('the rows that are rendered fill the view and no more than that, wherever it stands', () => {
  const places = fc.record({
    position: fc.integer({ min: -5, max: 1_000_100 }),
    y: fc.integer({ min: -2_000, max: 800 }),
  });
  fc.assert(
    fc.property(fc.constantFrom(1, 30, 500, 1_000_000), places, (total, anchor) => {
      const geometry = { ...million, total };
      const { from, to } = rowsOf({ ...anchor, position: Math.max(0, anchor.position) }, geometry);
      const rows = Array.from({ length: to - from }, (_, at) => ({
        position: from + at,
        top: at * rowHeight,
        height: rowHeight,
      }));
      const { shift } = settle(anchor, rows, geometry);
      const top = shift;
      const bottom = (rows.at(-1)?.top ?? 0) + rowHeight + shift;
      const fills =
        (top <= 0 || from === 0) && (bottom >= geometry.view || (to === total && (from === 0 || bottom >= 0)));
      return fills && to - from <= 200;
    }),
  );
});

test('at the end the last row stands at the bottom, whatever the heights; few rows begin at the top', () => {
  const rows = [40, 20, 60, 20].map((height, at, all) => ({
    position: 96 + at,
    top: all.slice(0, at).reduce((sum, h) => sum + h, 0),
    height,
  }));
  const { shift, anchor, isAtEnd } = settle('end', rows, { total: 100, view: 100 });
  expect([shift, isAtEnd]).toEqual([-40, true]);
  expect(anchor).toEqual({ position: 97, y: 0 });
  const few = [{ position: 0, top: 0, height: 20 }];
  expect(settle('end', few, { total: 1, view: 100 }).shift).toBe(0);
});

test('a row that was scrolled to keeps its place when rows above it turn out higher', () => {
  const rows = [
    { position: 8, top: 0, height: 60 },
    { position: 9, top: 60, height: 20 },
    { position: 10, top: 80, height: 20 },
    { position: 11, top: 100, height: 400 },
  ];
  const { shift, anchor } = settle({ position: 10, y: 50 }, rows, { total: 1_000, view: 100 });
  expect(80 + shift).toBe(50);
  expect(anchor).toEqual({ position: 8, y: -30 });
});
