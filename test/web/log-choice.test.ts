import { expect, test } from 'vitest';
import type { LogLine, LogSelection } from '#src/domain/log.ts';
import { highlightOf, LogChoice, placeOf, selectionOf } from '../../web/src/log-choice.ts';

const line = {
  phase: 'TEST',
  level: 'warn',
  metadata: { kind: 'output', attempt: 2 },
  timestamp: '2026-11-21T14:00:00.000Z',
} as LogLine;

test('an address with rubbish in it is an address without it', () => {
  expect(LogChoice.parse({ line: 'x', since: 'yesterday', regex: 'maybe', phase: 'CODE', to: -1 })).toEqual({
    phase: 'CODE',
  });
  expect(selectionOf({ phase: 'NOTHING' })).toEqual(selectionOf({ phase: 'PLAN,CODE,TEST,REVIEW' }));
});

test('a text narrows the lines only where it is asked to', () => {
  expect(selectionOf({ find: 'deliver', regex: true })).toEqual({});
  expect(selectionOf({ find: 'deliver', regex: true, only: true })).toEqual({ q: 'deliver', regex: true });
});

test('a line counts for its phase as long as all else of it is shown, and so for those', () => {
  const among = (choice: LogSelection) => placeOf(line, choice).among;
  expect(among({ phase: ['CODE'], level: ['warn'] })).toEqual(['phase']);
  expect(among({ phase: ['TEST'], level: ['info'] })).toEqual(['level']);
  expect(among({ source: ['agent', 'sentra'] })).toEqual(['source']);
  expect(among({ attempt: ['1'] })).toEqual(['attempt']);
  expect(among({ source: ['agent'], level: ['info'] })).toEqual([]);
  expect(among({ attempt: ['2', '3'], level: ['warn'] })).toEqual(['phase', 'level', 'source', 'attempt']);
  expect(placeOf(line, { attempt: ['2'] }).isShown).toBe(true);
  expect(placeOf(line, { source: ['agent'] }).isShown).toBe(false);
  expect(placeOf({ ...line, phase: null }, {}).isShown).toBe(true);
  const until = line.timestamp;
  expect(placeOf(line, { until }).isShown).toBe(false); // exclusive
  expect(placeOf(line, { since: until }).isShown).toBe(true);
});

test('what is found is marked as it is meant; what a browser could run for ever is not run', () => {
  const marks = (choice: LogChoice, text: string) => text.match(highlightOf(choice) ?? /$^/g) ?? [];
  expect(marks({ find: 'a.c' }, 'abc a.c A.C')).toEqual(['a.c', 'A.C']);
  expect(marks({ find: 'a.c', case: true }, 'a.c A.C')).toEqual(['a.c']);
  expect(marks({ find: 'deliver(Once|ed)?', regex: true }, 'deliverOnce delivers')).toEqual(['deliverOnce', 'deliver']);
  expect(highlightOf({ find: '(a+)+$', regex: true })).toBeUndefined();
  expect(highlightOf({ find: '[[', regex: true })).toBeUndefined();
});
