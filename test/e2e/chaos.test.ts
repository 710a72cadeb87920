import { expect, test } from 'vitest';
import { runChaos, targets } from '../chaos/chaos.ts';

const seed = Number(process.env.SENTRA_TEST_SEED ?? Date.now() % 100_000);

test('thirty random kills of server, agents and database lose nothing, double nothing and leave nothing', async () => {
  console.info(`the same kills again: npm run chaos -- --kills 30 --seed ${seed}`);
  const result = await runChaos({ kills: 30, targets, seed, say: (line) => console.info(line) });
  expect(result.problems).toEqual([]);
  expect(result.tasks).toBeGreaterThan(4);
}, 400_000);
