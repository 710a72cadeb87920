import { expect, test } from 'vitest';
import { readPattern } from '#src/domain/log-pattern.ts';
import { trigramsNeeded, trigramsOf } from '#src/domain/log-trigrams.ts';

test('texts that every match contains are read from a regular expression', () => {
  const cases: [string, string[]][] = [
    ['port \\d+ is taken', ['port ', ' is taken']],
    ['colou?r', ['colo', 'r']],
    ['(re)+start(ed)?', ['re', 'start']],
    ['a{0,3}bc{2}d', ['bc', 'd']],
    ['\\[error\\].*[a-z(|)]x', ['[error]', 'x']],
    ['(?:one)two(?=three)(?!four)', ['one', 'two']],
    ['a(b|c)d', ['a', 'd']],
    ['one|two', []],
    ['\\x41\\u0042cc\\m1', ['cc', '1']],
    ['[]a]b[^]c]', ['b']],
    ['[[:alpha:]]{2,}done', ['done']],
    ['(?i)shout', []],
    ['***=plain', []],
  ];
  for (const [pattern, literals] of cases) expect([pattern, readPattern(pattern)]).toEqual([pattern, { literals }]);
});

test('a faulty regular expression is told where it is at fault', () => {
  const positions = ['a(b', 'ab)', 'x[a-', '*a', 'a|+', 'a\\'].map((pattern) => readPattern(pattern).fault?.position);
  expect(positions).toEqual([2, 3, 2, 1, 3, 2]);
});

test('a line has every trigram of the texts in it, in any case and in any script', () => {
  const line = 'Der FEHLER „Größe“ in ÄRGER.ts:12 — 構築に失敗しました';
  const parts = ['fehler', 'größe', 'GRÖSSE'.slice(0, 3), 'ärger.TS:12', '構築に失敗', '— 構'];
  const own = new Set(trigramsOf([line]));
  for (const part of parts) expect(trigramsNeeded([part]).filter((trigram) => !own.has(trigram))).toEqual([]);
  expect(trigramsNeeded(['fehler']).length).toBe(4);
  expect(trigramsNeeded(['構築に失敗']).length).toBe(3);
  expect(trigramsNeeded(['ab', 'c'])).toEqual([]);
});
