import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Files that take longest, the longest first. A clean clone has no times to sort by, and what begins last would run alone. */
const longest = ['chaos', 'workers', 'failpoints', 'merge-queue', 'page', 'crash', 'merge-failpoints', 'github'].map(
  (name) => `/e2e/${name}.test.ts`,
);

const rank = ({ moduleId }: TestSpecification): number => {
  const at = longest.findIndex((end) => moduleId.endsWith(end));
  return at < 0 ? longest.length : at;
};

export default class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    return (await super.sort(files)).toSorted((a, b) => rank(a) - rank(b));
  }
}
