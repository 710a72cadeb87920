/** The files of SENTRA_HOME that name this installation: token, worker id, and where its server is. */
import { randomBytes } from 'node:crypto';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { z } from 'zod';
import { newWorkerId } from '#src/domain/ids.ts';
import { messageOf, SentraError } from '#src/errors.ts';

const ServerFile = z.object({ url: z.string(), pid: z.number().int() });
export type ServerFile = z.infer<typeof ServerFile>;

/** Makes the folder where it is missing. Throws `storage_unwritable` naming it. */
export function prepareHome(home: string): void {
  try {
    // Under root the database's user has to pass through; nothing in it is readable for others.
    mkdirSync(home, { recursive: true, mode: process.getuid?.() === 0 ? 0o711 : 0o700 });
    accessSync(home, constants.W_OK);
    for (const folder of ['homes', 'saved']) mkdirSync(path.join(home, folder), { recursive: true, mode: 0o700 });
  } catch (cause) {
    throw new SentraError(
      'storage_unwritable',
      `Sentra keeps its data in ${home}, and cannot write there: ${messageOf(cause)}. Make it writable, or set SENTRA_HOME to another folder.`,
      { cause },
    );
  }
}

/** The token of this home, made at first use, 0600. */
export const ensureToken = (home: string): string =>
  ensureSecret(path.join(home, 'token'), () => randomBytes(32).toString('hex'));

/** Stable for this home and the worker's number there, so that a restarted worker takes its own work back. */
export const ensureWorkerId = (home: string, number = 1): string =>
  ensureSecret(path.join(home, number === 1 ? 'worker-id' : `worker-id-${number}`), newWorkerId);

export function findToken(home: string): string | undefined {
  const file = path.join(home, 'token');
  return existsSync(file) ? readSecret(file) : undefined;
}

export function findServer(home: string): ServerFile | undefined {
  try {
    return ServerFile.parse(JSON.parse(readFileSync(path.join(home, 'server.json'), 'utf8')));
  } catch {
    return undefined; // none is running, or one died while it wrote: the same to a client
  }
}

export const writeServer = (home: string, server: ServerFile): void =>
  writeAtomically(path.join(home, 'server.json'), `${JSON.stringify(server)}\n`);

/** Removes the file if it is still ours. */
export function removeServer(home: string): void {
  if (findServer(home)?.pid === process.pid) rmSync(path.join(home, 'server.json'), { force: true });
}

function ensureSecret(file: string, make: () => string): string {
  try {
    writeFileSync(file, `${make()}\n`, { mode: 0o600, flag: 'wx' });
  } catch (e) {
    if ((e as NodeJS.ErrnoException).code !== 'EEXIST') throw noSecret(file, e);
    chmodSync(file, 0o600);
  }
  return readSecret(file);
}

function readSecret(file: string): string {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch (e) {
    throw noSecret(file, e);
  }
}

const noSecret = (file: string, cause: unknown) =>
  new SentraError(
    'storage_unwritable',
    `Sentra keeps a secret in ${file}, and cannot: ${messageOf(cause)}. Move that away, or set SENTRA_HOME to another folder.`,
    { cause },
  );

function writeAtomically(file: string, text: string): void {
  const temporary = `${file}.${process.pid}`;
  writeFileSync(temporary, text, { mode: 0o600 });
  renameSync(temporary, file);
}
