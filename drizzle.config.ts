import { defineConfig } from 'drizzle-kit';

export default defineConfig({
  dialect: 'postgresql',
  schema: [
    './src/store/schema.ts',
    './src/store/schema-host.ts',
    './src/store/schema-costs.ts',
    './src/store/schema-evidence.ts',
    './src/store/schema-forge.ts',
    './src/store/schema-logs.ts',
    './src/store/schema-access.ts',
    './src/store/schema-talk.ts',
    './src/store/schema-analysis.ts',
    './src/store/log-producers.ts',
  ],
  out: './migrations',
  schemaFilter: ['sentra'],
});
