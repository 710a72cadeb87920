/** The file of a backup: a gzipped tar archive. Only what a backup of ours has is taken out of one. */
import { open, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import { create, extract } from 'tar';
import { messageOf, SentraError } from '#src/errors.ts';
import { makeOwnFolder, removeStaleFolders } from '#src/sandbox/sockets.ts';

/** What of the home is in it; the rest is made anew (caches, agents' homes) or never leaves it (the token). */
export const homeFolders = ['artifacts', 'saved'];

const ours =
  /^(manifest\.json|tables\/[a-z_]+\.[a-z0-9_]+|repositories\/[a-z0-9-]+|(artifacts|saved)\/[\w-]+\/[\w.-]+)$/;
const folders = /^(tables|repositories|(artifacts|saved)(\/[\w-]+)?)\/?$/;

/** Does the work with an empty folder below the home, which goes afterwards; so do those of processes that were killed. */
export async function withStaging<T>(home: string, work: (staging: string) => Promise<T>): Promise<T> {
  await removeStaleFolders(home);
  const staging = await makeOwnFolder(home);
  try {
    return await work(staging);
  } catch (e) {
    if (!isFull(e)) throw e;
    throw new SentraError(
      'storage_unwritable',
      `The disk of ${home} is full: a backup needs room there for all rows of the database while it is made or restored. Make room, then do it again.`,
      { cause: e },
    );
  } finally {
    await rm(staging, { recursive: true, force: true });
  }
}

type Packing = { home: string; staging: string; folders: readonly string[]; signal: AbortSignal };

/**
 * Packs what is in `staging`, which lies below `home`, and the folders of `home`. `file` appears when it is whole, readable for its owner
 * alone. Answers what could not be read.
 */
export async function pack(file: string, { home, staging, folders: more, signal }: Packing): Promise<string[]> {
  const unread: string[] = [];
  const partial = `${file}.partial`;
  const inside = `${path.relative(home, staging)}/`;
  const names = ['manifest.json', 'tables', 'repositories'].map((name) => inside + name);
  try {
    const packing = create(
      {
        file: partial,
        cwd: home,
        gzip: { level: 3 },
        portable: true,
        mode: 0o600,
        // A file may go while it is looked at, as by retention; others grow, and are taken as long as they were.
        onwarn: (_code, message) => void unread.push(message),
        filter: (name) => isOurs(name.startsWith(inside) ? name.slice(inside.length) : name),
        onWriteEntry: (entry) => {
          if (entry.path.startsWith(inside)) entry.path = entry.path.slice(inside.length);
        },
      },
      [...names, ...more],
    );
    await unlessAborted(packing, signal);
    await settle(partial);
    await rename(partial, file);
  } catch (cause) {
    await rm(partial, { force: true });
    throw new SentraError('storage_unwritable', `${file} cannot be written: ${messageOf(cause)}`, { cause });
  }
  return unread;
}

/** Private, also where a file of that name was there; and on the disk before it takes the place of another. */
async function settle(file: string): Promise<void> {
  const handle = await open(file, 'r+');
  try {
    await handle.chmod(0o600);
    await handle.sync();
  } finally {
    await handle.close();
  }
}

/** Into an empty folder. Throws `invalid` where it is no archive, or not a whole one. */
export async function unpack(file: string, folder: string, signal: AbortSignal): Promise<void> {
  try {
    const unpacking = extract({
      file,
      cwd: folder,
      strict: true,
      filter: (name, entry) => isOurs(name) && 'type' in entry && (entry.type === 'File' || entry.type === 'Directory'),
    });
    await unlessAborted(unpacking, signal);
  } catch (cause) {
    if (isFull(cause)) throw cause;
    throw new SentraError('invalid', `${file} is no backup of Sentra, or not a whole one: ${messageOf(cause)}`, {
      cause,
    });
  }
}

/** The work itself cannot be stopped; whoever asked for that ends the process. */
const unlessAborted = <T>(work: Promise<T>, signal: AbortSignal): Promise<T> =>
  Promise.race([
    work,
    new Promise<never>((_, fail) => {
      signal.addEventListener('abort', () => fail(signal.reason), { once: true });
    }),
  ]);

const isFull = (e: unknown): boolean => ['ENOSPC', 'EDQUOT'].includes((e as NodeJS.ErrnoException).code ?? '');

const isOurs = (name: string): boolean => ours.test(name) || folders.test(name);
