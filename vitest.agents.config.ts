import { defineConfig } from 'vitest/config';

/** The contract suite on real agents: `npm run test:agents` installs them first. */
export default defineConfig({
  test: {
    include: ['test/real-agents/*.real.ts'],
    reporters: ['default', './test/summary-reporter.ts'],
    testTimeout: 180_000,
    hookTimeout: 120_000,
    maxWorkers: 1,
  },
});
