/** Before each file of tests: where one fails, what its pages showed and its servers printed is printed. */
import { beforeEach } from 'vitest';
import { askWitnesses } from './witnesses.ts';

beforeEach(({ onTestFailed }) => {
  onTestFailed(async () => {
    for (const words of await askWitnesses()) console.log(words);
  });
});
