/** Every failpoint that there is, as `npm run chaos -- --list` prints them; test/e2e/failpoints.test.ts holds it to be true. */
import { boundaries, failpointOf } from '#src/engine/failpoints.ts';

/** Of a task's life from its start to the clean-up after its merge. */
export const stepNames = [
  'begin',
  'worktree',
  'ports and env files',
  'install',
  'PLAN begin',
  'PLAN session',
  'PLAN close',
  'PLAN push',
  'CODE plan',
  'CODE begin',
  'CODE session',
  'CODE close',
  'CODE push',
  'TEST begin',
  'TEST run',
  'REVIEW material',
  'REVIEW begin',
  'REVIEW session',
  'REVIEW close',
  'pull request',
  'pull request at the forge',
  'end',
  'merge compose',
  'merge check',
  'merge move',
  'merge record',
  'merge push',
  'merge release',
  'wait for the run to stop',
  'remove',
] as const;

export const failpoints: readonly string[] = stepNames.flatMap((step) =>
  boundaries.map((boundary) => failpointOf(step, boundary)),
);

/** Of the merge queue, also where a pull request conflicts. */
export const mergeFailpoints: readonly string[] = [
  ...stepNames.filter((step) => step.startsWith('merge ')),
  'merge send back',
].flatMap((step) => boundaries.map((boundary) => failpointOf(step, boundary)));
