/** Every step boundary of a task's life, each with a fault: the task goes on where it was, and nothing is done twice. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { failpoints } from '../chaos/points.ts';
import { createRandom } from '../chaos/random.ts';
import { surviveFaults } from '../chaos/survive.ts';
import { type Fault, startTrapped, type Trapped } from '../chaos/traps.ts';

const seed = Number(process.env.SENTRA_TEST_SEED ?? Date.now() % 100_000);
const random = createRandom(seed);
let trapped: Trapped;

beforeAll(async () => {
  console.info(`SENTRA_TEST_SEED=${seed} chooses the same failpoints; npm run chaos -- --failpoints takes all`);
  trapped = await startTrapped();
});

afterAll(() => trapped?.sentra.stop());

const some = (count: number, fault: Fault) =>
  Object.fromEntries(Array.from({ length: count }, () => [random.pick(failpoints), fault]));

describe('a task goes through all its steps', () => {
  test('the listed failpoints are those that it passes', async () => {
    expect(await surviveFaults(trapped, {})).toEqual([]);
    expect([...trapped.passed()].sort()).toEqual([...failpoints].sort());
  });

  test('an error at some of them is overcome', async () => {
    expect(await surviveFaults(trapped, some(25, 'error'))).toEqual([]);
  });

  test('a server that is killed at some of them goes on there', async () => {
    expect(await surviveFaults(trapped, some(5, 'kill'))).toEqual([]);
  });

  test('a server that hangs at some of them goes on after a restart', async () => {
    expect(await surviveFaults(trapped, some(2, 'hang'))).toEqual([]);
  });
});
