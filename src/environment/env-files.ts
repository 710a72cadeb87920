/**
 * The two files that tell a task's programs who they are: `.ports.env` is ours alone, `.env.local` may be a copy of the
 * user's, in which only our names are set. Neither is ever committed.
 */
import { randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { SentraError } from '#src/errors.ts';

export type EnvFiles = {
  worktreePath: string;
  taskId: string;
  adwId: string;
  ports: Readonly<Record<string, number>>;
  databaseUrl?: string;
};

export async function writeEnvFiles(files: EnvFiles): Promise<void> {
  const { worktreePath } = files;
  await writeAtomically(worktreePath, '.ports.env', setValues('', portsEnvironment(files.ports)));
  const present = await readRegular(path.join(worktreePath, '.env.local'));
  await writeAtomically(worktreePath, '.env.local', setValues(present, localEnvironment(files)));
}

/** What `.ports.env` holds. */
export const portsEnvironment = (ports: Readonly<Record<string, number>>): Record<string, string> => ({
  ...Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)])),
  ...(ports.BACKEND_PORT === undefined ? {} : { VITE_BACKEND_URL: `http://localhost:${ports.BACKEND_PORT}` }),
});

/** What of `.env.local` is ours. */
export const localEnvironment = (files: Omit<EnvFiles, 'worktreePath'>): Record<string, string> => ({
  ...(files.ports.FRONTEND_PORT === undefined ? {} : { NEXT_PUBLIC_FRONTEND_PORT: String(files.ports.FRONTEND_PORT) }),
  ...(files.ports.BACKEND_PORT === undefined ? {} : { BACKEND_PORT: String(files.ports.BACKEND_PORT) }),
  TASK_ID: files.taskId,
  ADW_ID: files.adwId,
  ...(files.databaseUrl === undefined ? {} : { DATABASE_URL: files.databaseUrl }),
});

/** Sets names in the text of an env file: the first line of each is replaced, further ones go, missing ones are added. */
function setValues(text: string, values: Readonly<Record<string, string>>): string {
  const left = new Map(Object.entries(values));
  const lines = text.split('\n').flatMap((line) => {
    const name = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=/.exec(line)?.[1];
    if (name === undefined || !(name in values)) return [line];
    const value = left.get(name);
    left.delete(name);
    return value === undefined ? [] : [`${name}=${quote(name, value)}`];
  });
  while (lines.at(-1) === '') lines.pop();
  return [...lines, ...[...left].map(([name, value]) => `${name}=${quote(name, value)}`), ''].join('\n');
}

function quote(name: string, value: string): string {
  if (/^[\w.:/@%+,=?&-]*$/.test(value)) return value;
  if (!/['\n\r]/.test(value)) return `'${value}'`;
  if (!/["\n\r$`\\]/.test(value)) return `"${value}"`;
  throw new SentraError('invalid', `${name} cannot be written to .env.local: it mixes quotes, line breaks or "$".`);
}

/** The text of a regular file; nothing for a link, which would lead out of the worktree. */
async function readRegular(file: string): Promise<string> {
  const stat = await lstat(file).catch(ignoreMissing);
  if (!stat?.isFile()) return '';
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    return await handle.readFile('utf8');
  } finally {
    await handle.close();
  }
}

/** A rename replaces a link instead of following it. The name in between is one that Sentra's commits leave out too. */
async function writeAtomically(folder: string, name: string, text: string): Promise<void> {
  const temporary = path.join(folder, `.env.${randomBytes(6).toString('hex')}.local`);
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text);
    } finally {
      await handle.close();
    }
    await rename(temporary, path.join(folder, name));
  } catch (cause) {
    await rm(temporary, { force: true });
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new SentraError('storage_unwritable', `${path.join(folder, name)} cannot be written (${why}).`, { cause });
  }
}

function ignoreMissing(e: NodeJS.ErrnoException): undefined {
  if (e.code !== 'ENOENT') throw e;
}
