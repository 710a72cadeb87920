import assert from 'node:assert/strict';
import { test } from 'node:test';

const { runAll } = await import(`${process.cwd()}/src/crew.mjs`);

/** Jobs that say how many are at work. */
function watched(count) {
  const seen = { now: 0, most: 0, begun: 0 };
  const job = (at) => async () => {
    seen.begun++;
    seen.most = Math.max(seen.most, ++seen.now);
    await new Promise((done) => setTimeout(done, at === 0 ? 30 : 5));
    seen.now--;
    return at;
  };
  return { seen, jobs: Array.from({ length: count }, (_, at) => job(at)) };
}

test('no more than the limit are at work, and all of them are done in their order', async () => {
  const { seen, jobs } = watched(7);
  assert.deepEqual(await runAll(jobs, { limit: 2 }), [0, 1, 2, 3, 4, 5, 6]);
  assert.equal(seen.most, 2);
});
test('without a limit all begin at once', async () => {
  const { seen, jobs } = watched(4);
  await runAll(jobs);
  assert.equal(seen.most, 4);
});
test('no jobs, no results', async () => assert.deepEqual(await runAll([], { limit: 3 }), []));
test('after a failure no other job begins', async () => {
  const { seen, jobs } = watched(6);
  const fails = async () => {
    throw new Error('broken');
  };
  await assert.rejects(runAll([fails, ...jobs], { limit: 1 }), /broken/);
  assert.equal(seen.begun, 0);
});
