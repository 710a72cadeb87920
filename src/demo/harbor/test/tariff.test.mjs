import assert from 'node:assert/strict';
import { test } from 'node:test';
import { fee } from '../src/tariff.mjs';

test('a stay costs four cents for each ton and hour', () => {
  assert.equal(fee({ tons: 100 }, 2), 800);
});
