import assert from 'node:assert/strict';
import { test } from 'node:test';
import { retry, runAll } from '../src/crew.mjs';

test('results come in the order of the jobs', async () => {
  const later = (value, ms) => () => new Promise((done) => setTimeout(() => done(value), ms));
  assert.deepEqual(await runAll([later('a', 20), later('b', 1)]), ['a', 'b']);
});

test('a job that fails once is run again', async () => {
  let runs = 0;
  const flaky = async () => {
    if (++runs === 1) throw new Error('not yet');
    return runs;
  };
  assert.equal(await retry(flaky, 3), 2);
});
