/** The database that everything rests on: started, migrated, and started again when it dies. */
import type { Config } from '#src/config.ts';
import { migrateEngine } from '#src/engine/engine.ts';
import { messageOf } from '#src/errors.ts';
import { type Database, openDatabase } from '#src/store/database.ts';
import { type EmbeddedPostgres, startEmbedded } from '#src/store/postgres.ts';

const databaseCheckMs = 1_000;

/** The database of one Sentra, and the server of it where that is ours. */
export type Store = { database: Database; embedded: EmbeddedPostgres | undefined };

/** Starts or finds the database, as it is. */
export async function findStore(config: Config): Promise<Store> {
  const embedded = config.databaseUrl ? undefined : await startEmbedded({ home: config.home });
  const database = await openDatabase(config.databaseUrl ?? (embedded as EmbeddedPostgres).url);
  return { database, embedded };
}

/** The same, brought up to date. */
export async function openStore(config: Config): Promise<Store> {
  const store = await findStore(config);
  const { database } = store;
  await database.migrate(() => migrateEngine(database.url));
  return store;
}

/** Starts the embedded database again when it dies; everything else waits for it and goes on. */
export function superviseDatabase(
  { database, embedded }: Store,
  report: (line: string) => void,
  signal: AbortSignal,
): void {
  if (!embedded) return;
  let looking = false;
  const look = async () => {
    if (looking) return;
    looking = true;
    try {
      await database.pool.query('select 1');
    } catch {
      if (!signal.aborted) await revive();
    } finally {
      looking = false;
    }
  };
  const revive = async () => {
    report('The embedded database does not answer; starting it again.');
    try {
      await embedded.ensure();
      if (embedded.url !== database.url) {
        report('Another program took the database port; Sentra stops, and the next start picks a new one.');
        process.exit(75);
      }
      report('The embedded database is back.');
    } catch (e) {
      report(messageOf(e));
    }
  };
  const timer = setInterval(() => void look(), databaseCheckMs);
  signal.addEventListener('abort', () => clearInterval(timer));
}
