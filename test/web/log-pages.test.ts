import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { LogLine } from '#src/domain/log.ts';
import { LogPages, pageSize } from '../../web/src/log-pages.ts';

const lineOf = (seq: number, message = `line ${seq}`): LogLine => ({
  seq,
  taskId: 'task-0000000000000000',
  adwId: null,
  phase: 'CODE',
  level: 'info',
  message,
  metadata: {},
  timestamp: '2026-11-21T14:00:00.000Z',
});
/** What the server answers for a page while the log has `total` lines. */
const pageOf = (index: number, total: number): LogLine[] =>
  Array.from({ length: Math.max(0, Math.min(pageSize, total - index * pageSize)) }, (_, at) =>
    lineOf(index * pageSize + at + 1),
  );
const keptOf = (pages: LogPages): number =>
  Array.from({ length: pages.total }, (_, position) => pages.lineAt(position)).filter(Boolean).length;

test('a page that is looked at and not here is told once it is missing, and not when it is filled', () => {
  const pages = new LogPages();
  pages.total = 1_000;
  expect(pages.look({ from: 150, to: 250 })).toEqual([0, 1]);
  expect(pages.fill(0, pageOf(0, 1_000))).toBe(true);
  expect(pages.look({ from: 150, to: 250 })).toEqual([1]);
  expect(pages.lineAt(199)?.seq).toBe(200);
});

test('lines that come while the last page is being read take their places in it', () => {
  const pages = new LogPages();
  pages.total = 250;
  pages.append(lineOf(251));
  pages.append(lineOf(252));
  expect(pages.look({ from: 220, to: 252 })).toEqual([1]);
  expect(pages.fill(1, pageOf(1, 251))).toBe(true); // the answer holds the first of them already
  expect([pages.lineAt(250)?.seq, pages.lineAt(251)?.seq]).toEqual([251, 252]);
  pages.append(lineOf(253));
  expect(pages.look({ from: 220, to: 253 })).toEqual([]);
});

test('an answer with fewer lines than were counted is not taken for whole', () => {
  const pages = new LogPages();
  pages.total = 300;
  expect(pages.fill(1, pageOf(1, 260))).toBe(false);
  expect(pages.look({ from: 230, to: 300 })).toEqual([1]);
});

test('a million lines leave a bounded number behind, and what is on the screen stays', () => {
  const pages = new LogPages();
  pages.fill(0, []);
  for (let seq = 1; seq <= pageSize; seq++) pages.append(lineOf(seq));
  pages.look({ from: 10, to: 60 });
  for (let seq = pageSize + 1; seq <= 1_000_000; seq++) pages.append(lineOf(seq));
  expect(pages.total).toBe(1_000_000);
  expect(keptOf(pages)).toBeLessThanOrEqual(10_000);
  expect(pages.look({ from: 10, to: 60 })).toEqual([]);
  expect(pages.lineAt(999_999)?.seq).toBe(1_000_000);
});

test('long lines count for more', () => {
  const pages = new LogPages();
  const long = 'x'.repeat(64_000);
  for (let seq = 1; seq <= 5_000; seq++) pages.append(lineOf(seq, long));
  expect(keptOf(pages) * long.length).toBeLessThan(25_000_000);
});

test('whatever is read, appended and forgotten, a line is at its place or nowhere', () => {
  const step = fc.oneof(
    fc.record({ append: fc.integer({ min: 1, max: 500 }) }),
    fc.record({ look: fc.nat(3_000) }),
    fc.record({ fill: fc.nat(14), late: fc.nat(300) }),
  );
  fc.assert(
    fc.property(fc.nat(1_500), fc.array(step, { maxLength: 40 }), (before, steps) => {
      const pages = new LogPages();
      pages.total = before;
      for (const next of steps) {
        if ('append' in next) for (let n = 0; n < next.append; n++) pages.append(lineOf(pages.total + 1));
        else if ('look' in next) pages.look({ from: next.look, to: next.look + 50 });
        else if (next.fill * pageSize < pages.total)
          pages.fill(next.fill, pageOf(next.fill, Math.max(before, pages.total - next.late)));
      }
      for (let position = 0; position < pages.total; position++) {
        const seq = pages.lineAt(position)?.seq;
        if (seq !== undefined && seq !== position + 1) return false;
        if (seq !== undefined && pages.positionOf(seq) !== position) return false;
      }
      return true;
    }),
    { numRuns: 200 },
  );
});
