/**
 * The two files that tell a task's programs who they are: `.ports.env` is ours alone, `.env.local` may be a copy of the
 * user's, in which only our names are set. Neither is ever committed.
 */
import { constants } from 'node:fs';
import { lstat, open, realpath, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { parseEnv } from 'node:util';
import { draftName, removeDrafts } from '#src/environment/plain-path.ts';
import { SentraError } from '#src/errors.ts';

export type EnvFiles = {
  worktreePath: string;
  taskId: string;
  adwId: string;
  ports: Readonly<Record<string, number>>;
  databaseUrl?: string;
};

/** Leaves a file alone that says all this already, so that it costs little to make sure before each use. */
export async function writeEnvFiles(files: EnvFiles): Promise<void> {
  const { worktreePath } = files;
  await update(worktreePath, '.ports.env', () => setValues('', portsEnvironment(files.ports)));
  await update(worktreePath, '.env.local', (present) => setValues(present, localEnvironment(files)));
}

/**
 * Env files that were copied in from the main checkout name the project's database: those that say `from` say `to` afterwards.
 * Nothing is written through a link, which an agent may have put in a folder's place since.
 */
export async function pointCopies(
  worktreePath: string,
  copied: readonly string[],
  { from, to }: { from: string; to: string },
): Promise<void> {
  const root = await realpath(worktreePath);
  for (const file of copied.filter((one) => /^\.env(\.|$)/.test(path.basename(one)))) {
    const folder = path.join(root, path.dirname(file));
    if ((await realpath(folder).catch(ignoreMissing)) !== folder) continue;
    await update(folder, path.basename(file), (present) =>
      parseEnv(present).DATABASE_URL === toBytes(from) ? setValues(present, { DATABASE_URL: to }) : undefined,
    );
  }
}

type Change = (present: string) => string | undefined;

async function update(folder: string, name: string, change: Change): Promise<void> {
  try {
    await removeDrafts(folder);
    const present = await readRegular(path.join(folder, name));
    const text = change(present ?? '');
    if (text !== undefined && text !== present) await writeAtomically(folder, name, text);
  } catch (cause) {
    if (cause instanceof SentraError) throw cause;
    const why = (cause as NodeJS.ErrnoException).code ?? String(cause);
    throw new SentraError(
      'storage_unwritable',
      `${path.join(folder, name)} cannot be written (${why}). See what is in its place and who may write there, then retry.`,
      { cause },
    );
  }
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

/**
 * Sets names in the text of an env file: the first line of each is replaced, further ones go, missing ones are added. All
 * other bytes stay as they are: `text` has one character for each byte.
 */
function setValues(text: string, values: Readonly<Record<string, string>>): string {
  const left = new Map(Object.entries(values));
  const end = text.includes('\r\n') ? '\r\n' : '\n';
  const mark = text.startsWith(byteOrderMark) ? byteOrderMark : '';
  const kept = entriesOf(text.slice(mark.length)).flatMap((entry) => {
    const name = /^\s*(?:export\s+)?([A-Za-z_]\w*)\s*=/.exec(entry)?.[1];
    if (name === undefined || !(name in values)) return [entry];
    const value = left.get(name);
    left.delete(name);
    return value === undefined ? [] : [`${name}=${quote(name, value)}`];
  });
  while (kept.at(-1) === '') kept.pop();
  return mark + [...kept, ...[...left].map(([name, value]) => `${name}=${quote(name, value)}`), ''].join(end);
}

/** UTF-8's, one character for each byte. */
const byteOrderMark = '\u00ef\u00bb\u00bf';

/** Lines, but a value in quotes that goes over several is one. */
function entriesOf(text: string): string[] {
  const entries: string[] = [];
  let open: string | undefined;
  for (const line of text.split(/\r?\n/)) {
    if (open !== undefined) entries.push(`${entries.pop()}${text.includes('\r\n') ? '\r\n' : '\n'}${line}`);
    else entries.push(line);
    const started = open === undefined ? /^\s*(?:export\s+)?\w+\s*=\s*(["'`])(.*)$/.exec(line) : undefined;
    if (started && isLeftOpen(started, text)) open = started[1];
    else if (open !== undefined && line.includes(open)) open = undefined;
  }
  return entries;
}

/** A quote that is never closed is part of a word, as in `it's`. */
function isLeftOpen([, mark = '', rest = '']: RegExpExecArray, text: string): boolean {
  return !rest.includes(mark) && text.slice(text.indexOf(rest) + rest.length).includes(mark);
}

function quote(name: string, value: string): string {
  return toBytes(quoted(name, value));
}

const toBytes = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

function quoted(name: string, value: string): string {
  if (/^[\w.:/@%+,=?&-]*$/.test(value)) return value;
  if (!/['\n\r]/.test(value)) return `'${value}'`;
  if (!/["\n\r$`\\]/.test(value)) return `"${value}"`;
  throw new SentraError('invalid', `${name} cannot be written to .env.local: it mixes quotes, line breaks or "$".`);
}

/** A regular file, one character for each byte; nothing for a link, which would lead out of the worktree. */
async function readRegular(file: string): Promise<string | undefined> {
  const stat = await lstat(file).catch(ignoreMissing);
  if (!stat?.isFile()) return undefined;
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    return await handle.readFile('latin1');
  } finally {
    await handle.close();
  }
}

/** A rename replaces a link instead of following it. */
async function writeAtomically(folder: string, name: string, text: string): Promise<void> {
  const temporary = path.join(folder, draftName());
  try {
    const handle = await open(temporary, 'wx', 0o600);
    try {
      await handle.writeFile(text, 'latin1');
    } finally {
      await handle.close();
    }
    await rename(temporary, path.join(folder, name));
  } catch (e) {
    await rm(temporary, { force: true });
    throw e;
  }
}

function ignoreMissing(e: NodeJS.ErrnoException): undefined {
  if (e.code !== 'ENOENT') throw e;
}
