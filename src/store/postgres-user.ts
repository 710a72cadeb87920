/**
 * Who runs the embedded server, and where its data lives. PostgreSQL refuses to run as root, so under root it runs as an
 * ordinary user of the host, and its data goes where that user can reach it.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { chmod, chown, mkdir } from 'node:fs/promises';
import path from 'node:path';
import { messageOf, SentraError } from '#src/errors.ts';
import { type Outcome, run } from '#src/process.ts';

export type PostgresUser = { uid: number; gid: number };
export const postgresEnv = { LC_ALL: 'C', TZ: 'UTC', PATH: '/usr/bin:/bin:/usr/sbin:/sbin' };
const candidates = ['postgres', 'nobody'];

/** The user to run as; undefined means this process's own. */
export async function findPostgresUser(): Promise<PostgresUser | undefined> {
  if (process.getuid?.() !== 0) return undefined;
  for (const name of candidates) {
    const [uid, gid] = [await idOf('-u', name), await idOf('-g', name)];
    if (uid !== undefined && gid !== undefined) return { uid, gid };
  }
  throw new SentraError(
    'database_unavailable',
    `PostgreSQL refuses to run as root, and this host has no user named ${candidates.join(' or ')}: run Sentra as an ordinary user, or set DATABASE_URL to a server.`,
  );
}

/** The folder of the embedded database for this home, made when absent. Data that is already somewhere stays there. */
export async function preparePlace(home: string, user: PostgresUser | undefined): Promise<string> {
  const near = path.join(path.resolve(home), 'postgres');
  await makeFolder(near, home);
  if (!user) return near;
  const far = `/var/lib/sentra/${createHash('sha256').update(path.resolve(home)).digest('hex').slice(0, 16)}`;
  const canReach = (folder: string) => succeeds(['cd "$1"', folder], user);
  if (!existsSync(path.join(far, 'data')) && (await canReach(near))) return near;
  await makeFolder(far, home);
  if (await canReach(far)) return far;
  throw new SentraError(
    'database_unavailable',
    `The database cannot run as root, and its user (uid ${user.uid}) cannot enter ${near} or ${far}: run Sentra as an ordinary user, make one of them reachable (chmod o+x on its parents), or set DATABASE_URL.`,
  );
}

/** Makes a folder that only the database's user may enter. */
export async function makeOwned(folder: string, user: PostgresUser | undefined): Promise<void> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  if (user) await chown(folder, user.uid, user.gid);
}

/** Runs a program of PostgreSQL as its user. */
export async function runAs(
  user: PostgresUser | undefined,
  command: string,
  args: readonly string[],
  timeoutMs = 120_000,
): Promise<Outcome> {
  try {
    return await run({ command, args, cwd: '/', env: postgresEnv, ...(user ? { user } : {}) }, { timeoutMs });
  } catch (cause) {
    throw new SentraError(
      'database_unavailable',
      `The embedded database's program cannot be started (${messageOf(cause)}): run Sentra as an ordinary user, or set DATABASE_URL to a server.`,
      { cause },
    );
  }
}

async function succeeds([script, ...args]: [string, ...string[]], user: PostgresUser): Promise<boolean> {
  return (await runAs(user, '/bin/sh', ['-c', script, 'sh', ...args])).exitCode === 0;
}

async function idOf(flag: string, name: string): Promise<number | undefined> {
  const { exitCode, stdout } = await run({ command: 'id', args: [flag, name], cwd: '/', env: postgresEnv });
  return exitCode === 0 ? Number(stdout.toString().trim()) : undefined;
}

async function makeFolder(folder: string, home: string): Promise<void> {
  try {
    await mkdir(folder, { recursive: true });
    if (process.getuid?.() === 0) await chmod(folder, 0o711);
  } catch (cause) {
    throw new SentraError(
      'storage_unwritable',
      `${folder} cannot be made (${messageOf(cause)}): make ${home} writable for this user, or set SENTRA_HOME to a folder that is.`,
      { cause },
    );
  }
}
