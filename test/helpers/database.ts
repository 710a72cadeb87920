import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { inject } from 'vitest';
import { type Database, openDatabase } from '#src/store/database.ts';

/** An own database with every table and no row, cloned in about 25 ms. `drop` closes and removes it. */
export async function createTestDatabase(): Promise<{ url: string; database: Database; drop: () => Promise<void> }> {
  const adminUrl = inject('postgresUrl');
  const name = `test_${randomBytes(6).toString('hex')}`;
  await asAdmin(adminUrl, `create database ${name} template ${inject('templateName')} strategy wal_log`);
  const url = adminUrl.replace(/\/postgres$/, `/${name}`);
  const database = await openDatabase(url);
  const drop = async () => {
    await database.close();
    await asAdmin(adminUrl, `drop database ${name} with (force)`);
  };
  return { url, database, drop };
}

async function asAdmin(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
