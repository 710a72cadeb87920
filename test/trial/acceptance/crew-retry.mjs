import assert from 'node:assert/strict';
import { test } from 'node:test';

const { retry } = await import(`${process.cwd()}/src/crew.mjs`);

/** A job that never ends well. */
function hopeless() {
  let runs = 0;
  const job = async () => {
    throw new Error(`failure ${++runs}`);
  };
  return { job, count: () => runs };
}

test('a job is run as often as was said, not once more', async () => {
  for (const times of [1, 3]) {
    const { job, count } = hopeless();
    await assert.rejects(retry(job, times));
    assert.equal(count(), times);
  }
});
test('the error at the end has all of them in their order', async () => {
  const { job } = hopeless();
  const error = await retry(job, 3).catch((e) => e);
  assert.ok(error instanceof AggregateError);
  assert.deepEqual(
    error.errors.map(({ message }) => message),
    ['failure 1', 'failure 2', 'failure 3'],
  );
});
test('what worked still works', async () => assert.equal(await retry(async () => 7, 1), 7));
