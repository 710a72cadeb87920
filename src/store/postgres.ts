/**
 * The embedded PostgreSQL of one home: created, started, or adopted when it already runs. It outlives the process that
 * started it, so a killed Sentra finds it again. Several processes may call this at once. Nothing here knows a table.
 */
import lockfile from 'proper-lockfile';
import { messageOf, SentraError } from '#src/errors.ts';
import { isUnavailable, unavailable } from '#src/store/database-error.ts';
import {
  answers,
  type Connection,
  createData,
  createDatabase,
  dataDirOf,
  findConnection,
  findRunning,
  type Server,
  startServer,
  stopServer,
  urlOf,
} from '#src/store/postgres-server.ts';
import { findPostgresUser, preparePlace } from '#src/store/postgres-user.ts';

export type EmbeddedPostgres = {
  readonly url: string;
  readonly port: number;
  readonly dataDir: string;
  /** The folder of everything it keeps; elsewhere than the home when its user cannot enter that. */
  readonly place: string;
  readonly how: 'created' | 'started' | 'adopted';
  /** Starts it again when it is dead. `url` changes only when a stranger took its port meanwhile. */
  ensure(): Promise<void>;
  stop(): Promise<void>;
};

/** Throws `SentraError` `storage_unwritable` or `database_unavailable`, saying what to do. */
export async function startEmbedded(options: { home: string; fsync?: boolean }): Promise<EmbeddedPostgres> {
  const user = await findPostgresUser();
  const server: Server = { place: await preparePlace(options.home, user), user, fsync: options.fsync ?? true };
  let { connection, how } = await locked(server, () => bringUp(server));
  let ensuring: Promise<void> | undefined;
  const ensureOnce = async () => {
    if (await answers(connection)) return;
    ({ connection } = await locked(server, () => bringUp(server)));
  };
  return {
    get url() {
      return urlOf(connection);
    },
    get port() {
      return connection.port;
    },
    dataDir: dataDirOf(server),
    place: server.place,
    how,
    ensure: () => {
      ensuring ??= ensureOnce().finally(() => {
        ensuring = undefined;
      });
      return ensuring;
    },
    stop: () => locked(server, () => stopServer(server)),
  };
}

type Up = { connection: Connection; how: EmbeddedPostgres['how'] };

const mostTries = 5;

/** Again where it dies before it can be used. */
async function bringUp(server: Server, tries = 1): Promise<Up> {
  try {
    return await bringUpOnce(server);
  } catch (e) {
    if (e instanceof SentraError || !isUnavailable(e)) throw e;
    if (tries === mostTries) throw unavailable(e);
    return bringUp(server, tries + 1);
  }
}

async function bringUpOnce(server: Server): Promise<Up> {
  const known = await findConnection(server);
  const running = known && (await findRunning(server, known));
  const connection = running ?? (await startServer(server, known ?? (await createData(server))));
  await createDatabase(connection);
  return { connection, how: running ? 'adopted' : known ? 'started' : 'created' };
}

/** One process at a time; the lock of one that was killed is taken over after five seconds. */
async function locked<T>(server: Server, work: () => Promise<T>): Promise<T> {
  let release: () => Promise<void>;
  try {
    release = await lockfile.lock(server.place, {
      stale: 5_000,
      update: 1_000,
      retries: { retries: 900, minTimeout: 100, maxTimeout: 100 },
      onCompromised: () => {}, // this process slept too long; a start is harmless to repeat, PostgreSQL has its own lock
    });
  } catch (cause) {
    throw new SentraError(
      'storage_unwritable',
      `${server.place} cannot be locked (${messageOf(cause)}): make it writable for this user, or set SENTRA_HOME to a folder that is.`,
      { cause },
    );
  }
  try {
    return await work();
  } finally {
    await release().catch(() => {}); // already taken over
  }
}
