/**
 * One server for the whole run, and in it a template with every table, which each test file clones. A copy of its files is where the
 * homes of whole Sentras begin: making and migrating a database of their own is what `test/store/postgres.test.ts` looks at.
 */
import { execFileSync } from 'node:child_process';
import { chmod, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import pg from 'pg';
import type { TestProject } from 'vitest/node';
import { migrateEngine } from '#src/engine/engine.ts';
import { openDatabase } from '#src/store/database.ts';
import { startEmbedded } from '#src/store/postgres.ts';

declare module 'vitest' {
  interface ProvidedContext {
    /** Connects to the maintenance database of the run's server. */
    postgresUrl: string;
    templateName: string;
    /** A database with every table and no row, as a home keeps it; nothing runs on it. */
    seedPlace: string;
  }
}

const templateName = 'sentra_template';

export default async function setup(project: TestProject) {
  const home = await mkdtemp(path.join(os.tmpdir(), 'sentra-test-'));
  await chmod(home, 0o755); // under root the server is another user, who must be able to enter
  process.env.NODE_COMPILE_CACHE = path.join(home, 'compiled');
  const postgres = await startEmbedded({ home, fsync: false });
  await migrate(postgres.url);
  await postgres.stop();
  const seedPlace = path.join(home, 'seed');
  execFileSync('cp', ['-a', postgres.place, seedPlace]);
  await postgres.ensure();
  const adminUrl = postgres.url.replace(/\/sentra$/, '/postgres');
  await query(adminUrl, `create database ${templateName} template sentra`);
  await query(adminUrl, `alter database ${templateName} is_template true allow_connections false`);
  project.provide('postgresUrl', adminUrl);
  project.provide('templateName', templateName);
  project.provide('seedPlace', seedPlace);
  return async () => {
    await postgres.stop();
    await rm(home, { recursive: true, force: true, maxRetries: 10, retryDelay: 100 }); // what ends now writes there still
  };
}

async function migrate(url: string): Promise<void> {
  const database = await openDatabase(url);
  await database.migrate(() => migrateEngine(url));
  await database.close();
}

async function query(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(sql);
  await client.end();
}
