import assert from 'node:assert/strict';
import { test } from 'node:test';
import { formatCents } from '../src/money.mjs';

test('cents are shown as euros', () => {
  assert.equal(formatCents(123456), '1234.56 EUR');
});
