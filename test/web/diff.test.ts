import { expect, test } from 'vitest';
import { parsePatch, tokensOf } from '../../web/src/diff.ts';

const patch = `@@ -14,4 +14,5 @@ function cancel
 const booking = get(id)
-refund(booking)
+const fee = feeFor(booking)
+refund(booking, fee)
 
\\ No newline at end of file
`;

test('each line of a patch has its number in the old and the new file', () => {
  const lines = parsePatch(patch).map(({ kind, oldLine, newLine }) => [kind, oldLine, newLine]);
  expect(lines).toEqual([
    ['hunk', null, null],
    ['same', 14, 14],
    ['removed', 15, null],
    ['added', null, 15],
    ['added', null, 16],
    ['same', 16, 17],
    ['note', null, null],
  ]);
});

test('a removed line that looks like a file header is a removed line', () => {
  expect(parsePatch('@@ -1 +1 @@\n--- a\n+++ b\n').map(({ kind, text }) => [kind, text])).toEqual([
    ['hunk', '@@ -1 +1 @@'],
    ['removed', '-- a'],
    ['added', '++ b'],
  ]);
});

test('tokens joined are the text they came from', () => {
  for (const text of ["const a = 'x' // y", '  # note', '`a b` return', '', '"never closed']) {
    expect(
      tokensOf(text)
        .map((token) => token.text)
        .join(''),
    ).toBe(text);
  }
  expect(tokensOf("return 'a'").map(({ kind }) => kind)).toEqual(['keyword', 'plain', 'string']);
});
