import assert from 'node:assert/strict';
import { test } from 'node:test';
import { balance } from '../src/ledger.ts';

const entries = [
  { account: 'cash', amount: 5 },
  { account: 'rent', amount: 700 },
  { account: 'cash', amount: -2 },
];

test('a balance is the sum of the entries of an account', () => {
  assert.equal(balance(entries, 'cash'), 3);
  assert.equal(balance(entries, 'nobody'), 0);
});
