import assert from 'node:assert/strict';
import { test } from 'node:test';

const { fee } = await import(`${process.cwd()}/src/tariff.mjs`);

test('every started hour counts', () => {
  assert.equal(fee({ tons: 100 }, 1.5), 800);
  assert.equal(fee({ tons: 100 }, 2.01), 1200);
});
test('whole hours cost what they did', () => assert.equal(fee({ tons: 100 }, 2), 800));
