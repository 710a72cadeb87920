import assert from 'node:assert/strict';
import { test } from 'node:test';

const { balance } = await import(`${process.cwd()}/src/ledger.ts`);
const of = (...amounts) => amounts.map((amount) => ({ account: 'cash', amount }));

test('balances are exact to the cent', () => {
  assert.equal(balance(of(0.1, 0.2), 'cash'), 0.3);
  assert.equal(balance(of(...Array.from({ length: 10 }, () => 0.1)), 'cash'), 1);
  assert.equal(balance(of(1.1, -1.0, -0.1), 'cash'), 0);
  assert.equal(balance(of(1_000_000.01, 0.02), 'cash'), 1_000_000.03);
});
test('what worked still works', () => {
  assert.equal(balance(of(5, -2), 'cash'), 3);
  assert.equal(balance([], 'cash'), 0);
});
