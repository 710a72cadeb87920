import assert from 'node:assert/strict';
import { test } from 'node:test';

const { parseEntries } = await import(`${process.cwd()}/src/ledger.ts`);

test('columns come in any order, lines end in either way, empty ones are left out', () => {
  const expected = [
    { account: 'cash', amount: 5 },
    { account: 'rent', amount: -700.5 },
  ];
  assert.deepEqual(parseEntries('account,amount\ncash,5\nrent,-700.5\n'), expected);
  assert.deepEqual(parseEntries('amount,account\r\n5,cash\r\n\r\n-700.5,rent'), expected);
  assert.deepEqual(parseEntries('account,amount\n'), []);
});
test('quoted fields hold commas and quotes', () => {
  assert.deepEqual(parseEntries('account,amount\n"cash, ""small""",5\n'), [{ account: 'cash, "small"', amount: 5 }]);
});
test('an amount that is no number is refused with its line', () => {
  assert.throws(() => parseEntries('account,amount\ncash,5\n\nrent,much\n'), /4/);
  assert.throws(() => parseEntries('account,amount\ncash,\n'), /2/);
});
