import { expect, test } from 'vitest';
import { markPieces, piecesOf, plainText } from '../../web/src/ansi.ts';

const red = '\u001b[31mFAIL\u001b[39m deliver.test.ts';

test('colours become classes and never reach the text', () => {
  expect(piecesOf(red)).toEqual([
    { text: 'FAIL', className: 'ansi-red' },
    { text: ' deliver.test.ts', className: '' },
  ]);
  expect(plainText(red)).toBe('FAIL deliver.test.ts');
});

test('titles, hyperlinks, cursor moves and markup of a line stay harmless text', () => {
  const line = '\u001b]0;title\u0007<img src=x onerror=alert(1)>\u001b[2K\u0008';
  expect(plainText(line)).toBe('<img src=x onerror=alert(1)>');
  expect(
    piecesOf(line)
      .map((piece) => piece.text)
      .join(''),
  ).toBe('<img src=x onerror=alert(1)>');
});

test('a match that crosses colours is marked in each of its pieces', () => {
  const marked = markPieces(piecesOf(red), /ail del/gi);
  expect(marked.filter((piece) => piece.found).map((piece) => piece.text)).toEqual(['AIL', ' del']);
  expect(marked.map((piece) => piece.text).join('')).toBe('FAIL deliver.test.ts');
});
