import assert from 'node:assert/strict';
import { test } from 'node:test';
import { createHarbor, isFull, leave, moor } from '../src/berths.mjs';

test('ships get the lowest free berth', () => {
  const harbor = createHarbor(2);
  assert.equal(moor(harbor, { name: 'Ada' }), 1);
  assert.equal(moor(harbor, { name: 'Grace' }), 2);
  leave(harbor, 1);
  assert.equal(moor(harbor, { name: 'Mary' }), 1);
});

test('a full harbor takes nobody', () => {
  const harbor = createHarbor(1);
  moor(harbor, { name: 'Ada' });
  assert.equal(isFull(harbor), true);
  assert.equal(moor(harbor, { name: 'Grace' }), undefined);
});
