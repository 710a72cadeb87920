/** Kills, errors and hangs at the step boundaries of the merge queue, with several pull requests; npm run chaos -- --merges takes all of them. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mergeFailpoints } from '../chaos/points.ts';
import { createRandom } from '../chaos/random.ts';
import { surviveMerges } from '../chaos/survive-merges.ts';
import { type Fault, startTrapped, type Trapped } from '../chaos/traps.ts';
import type { GitHubServer } from '../fixtures/github-server.ts';
import { githubEnv, newGitHub } from '../helpers/github.ts';

const seed = Number(process.env.SENTRA_TEST_SEED ?? Date.now() % 100_000);
const random = createRandom(seed);
let trapped: Trapped;
let github: GitHubServer;

beforeAll(async () => {
  console.info(`SENTRA_TEST_SEED=${seed} chooses the same failpoints; npm run chaos -- --merges takes all`);
  github = await newGitHub();
  trapped = await startTrapped(githubEnv(github));
});
afterAll(async () => {
  await trapped?.sentra.stop();
  await github?.close();
});

/** A kill or a hang in one of the two moments that matter most, and an error at every third of the others. */
function someFaults(fault: Fault): Record<string, Fault> {
  const errors = mergeFailpoints.filter(() => random.next() < 0.33).map((point) => [point, 'error']);
  const point = random.pick(['merge check@effect', 'merge move@effect']);
  return Object.fromEntries([...errors, [point, fault]]);
}

test.each([
  ['local', 'kill'],
  [random.pick(['github', 'guarded'] as const), random.pick(['kill', 'hang'] as const)],
] as const)(
  'whatever strikes a merge (%s, %s), main gets each task once, and never before the evidence of its test',
  async (kind, fault) => expect(await surviveMerges({ trapped, github, kind }, someFaults(fault))).toEqual([]),
  400_000,
);
