import { defineConfig } from 'vitest/config';
import LongestFirst from './test/longest-first.ts';

export default defineConfig({
  test: {
    include: ['test/**/*.test.ts'],
    globalSetup: ['test/helpers/postgres.setup.ts'],
    setupFiles: ['test/helpers/witnesses.setup.ts'],
    reporters: ['default', './test/summary-reporter.ts'],
    testTimeout: 150_000,
    hookTimeout: 60_000,
    maxWorkers: 3,
    // Time belongs to the machine: what missed a time limit is tried once more, and told at the end. A wrong value never is.
    retry: { count: 1, condition: /Timeout \d+ms exceeded|\(waited \d+ ms\)|timed out in \d+ms/ },
    sequence: { sequencer: LongestFirst },
  },
});
