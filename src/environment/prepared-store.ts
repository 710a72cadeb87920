/**
 * pnpm's global virtual store: a worktree's `node_modules` holds links into one folder that all worktrees of a project
 * share, where each package has a slot named by the hash of all that it depends on. Tests and agents can read it, and
 * installs that find everything in it get it read-only. A record for each key says which slots a worktree needs and what
 * their files looked like: slots that somebody wrote into are dropped before the next install, which fetches them again.
 */
import { createHash, randomUUID } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, readlink, realpath, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type PreparedPlace, tool } from '#src/environment/prepared-place.ts';
import { listRoots } from '#src/environment/prepared-roots.ts';

export type StorePlace = PreparedPlace & {
  /** pnpm's store of the project. */
  store: string;
};

/** Begins the names of what is about to be deleted. */
export const outOfReach = '.gone-';

const Record = z.object({
  slots: z.array(z.string()),
  /** Folders that hold worktrees. */
  places: z.array(z.string()),
  digest: z.string(),
});
type Record = z.infer<typeof Record>;

/** Beside the prepared trees: no room may see them. */
const recordsOf = (place: Pick<StorePlace, 'folder'>): string => path.join(place.folder, '.store');
const recordFile = (place: StorePlace, key: string) => path.join(recordsOf(place), `${key}.json`);
const listingFile = (place: StorePlace, key: string) => path.join(recordsOf(place), `${key}.files`);

export const isRecorded = async (place: StorePlace, key: string): Promise<boolean> =>
  (await findRecord(recordFile(place, key))) !== undefined;

/**
 * `absent`: no install with this key was recorded. `spoiled`: somebody wrote into it; call `drop` when no installer is at work, which
 * could make anew what goes out of what is still to go.
 */
export type Check = { state: 'sound' | 'absent' } | { state: 'spoiled'; drop: () => Promise<void> };

export async function checkStore(place: StorePlace, key: string): Promise<Check> {
  const record = await findRecord(recordFile(place, key));
  if (!record) return { state: 'absent' };
  const now = await listFiles(place, record.slots);
  if (digestOf(now) === record.digest) return { state: 'sound' };
  const drop = async () => {
    await rm(recordFile(place, key), { force: true });
    await dropChanged(place, now, await readFile(listingFile(place, key)).catch(() => Buffer.alloc(0)));
  };
  return { state: 'spoiled', drop };
}

/** After an install that may have written: what this worktree leans on, and what it looks like. */
export async function recordStore(place: StorePlace, key: string): Promise<void> {
  const slots = await listSlots(place);
  const files = await listFiles(place, slots);
  const places = (await findRecord(recordFile(place, key)))?.places ?? [];
  await mkdir(recordsOf(place), { recursive: true });
  await writeFile(listingFile(place, key), files);
  await writeRecord(place, key, {
    slots,
    places: [...new Set([...places, path.dirname(place.worktreePath)])],
    digest: digestOf(files),
  });
}

/** It was used now. */
export async function touchStore(place: StorePlace, key: string): Promise<void> {
  const now = new Date();
  await utimes(recordFile(place, key), now, now).catch(ignoreMissing);
}

/** Drops records, least recently used first, with the slots that are in no other one, but never what a worktree leads into. */
export async function shrinkStore(place: StorePlace, isEnough: () => Promise<boolean>): Promise<void> {
  const records = await listRecords(place);
  const used = await listUsed(place, new Set(records.flatMap(({ record }) => record.places)));
  for (const { key } of records) {
    if (await isEnough()) return;
    await rm(recordFile(place, key), { force: true });
    await rm(listingFile(place, key), { force: true });
    await removeUnused(place, used);
  }
}

async function removeUnused(place: StorePlace, used: ReadonlySet<string>): Promise<void> {
  const recorded = new Set((await listRecords(place)).flatMap(({ record }) => record.slots));
  for (const slot of await findSlots(place)) if (!recorded.has(slot) && !used.has(slot)) await moveAway(place, slot);
  const unlinked = ['-path', './*/files/*', '-type', 'f', '-links', '1', '-delete'];
  await tool(place, ['find', '.', ...unlinked], place.store);
}

/** What the worktrees in these folders lead into, whatever they are called now. */
async function listUsed(place: StorePlace, folders: ReadonlySet<string>): Promise<Set<string>> {
  const used = new Set<string>();
  for (const folder of folders)
    for (const entry of await readdir(folder, { withFileTypes: true }).catch(() => []))
      if (entry.isDirectory())
        for (const slot of await listSlots({ ...place, worktreePath: path.join(folder, entry.name) })) used.add(slot);
  return used;
}

/** Every slot of the store: a folder named by a hash. */
async function findSlots(place: StorePlace): Promise<string[]> {
  const search = [
    'find',
    '.',
    '-path',
    './*/links/*',
    '-type',
    'd',
    '-name',
    'node_modules',
    '-prune',
    '-printf',
    '%P\\0',
  ];
  const found = (await tool(place, search, place.store)).toString('utf8').split('\0').filter(Boolean);
  return found.map((folder) => path.dirname(folder));
}

/** From the worktree's links to slots, and from their links to further ones. */
async function listSlots(place: StorePlace): Promise<string[]> {
  const store = await realpath(place.store);
  const trees = (await listRoots(place, { manager: 'pnpm' })).map((root) => path.join(place.worktreePath, root.path));
  const waiting = [...trees, ...trees.map((tree) => path.join(tree, '.pnpm', 'node_modules'))];
  const slots = new Set<string>();
  for (let folder = waiting.pop(); folder !== undefined; folder = waiting.pop())
    for (const target of await linksIn(folder)) {
      const slot = /^([^/]+\/links\/.+?)\/node_modules\//.exec(path.relative(store, target))?.[1];
      if (slot === undefined || slots.has(slot)) continue;
      slots.add(slot);
      waiting.push(path.join(store, slot, 'node_modules'));
    }
  return [...slots].sort();
}

/** Where the links of a `node_modules` lead, those of scopes too. */
async function linksIn(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch(() => []);
  const found = entries.map(async (entry): Promise<string[]> => {
    const at = path.join(folder, entry.name);
    if (entry.isSymbolicLink()) return [path.resolve(folder, await readlink(at))];
    return entry.isDirectory() && entry.name.startsWith('@') ? linksIn(at) : [];
  });
  return (await Promise.all(found)).flat();
}

/** Kind, size, time, inode, rights, target and path of everything in these slots but folders, each ended by a NUL. */
async function listFiles(place: StorePlace, slots: readonly string[]): Promise<Buffer> {
  const present = slots.filter((slot) => existsSync(path.join(place.store, slot))); // another key may have lost them
  const facts = `xargs -0 -r sh -c 'find "$@" ! -type d -printf "%y %s %T@ %i %m %l %p\\0"' sh`;
  const input = present.map((slot) => `${slot}\0`).join('');
  return tool({ ...place, input }, ['/bin/sh', '-c', facts], place.store);
}

const digestOf = (listing: Buffer): string => createHash('sha256').update(listing).digest('hex');

/** Slots with a file that is not as it was go, and with them what pnpm would link them from again. */
async function dropChanged(place: StorePlace, now: Buffer, before: Buffer): Promise<void> {
  const known = new Set(before.toString('utf8').split('\0'));
  const changed = now
    .toString('utf8')
    .split('\0')
    .filter((line) => line && !known.has(line));
  const present = new Set(now.toString('utf8').split('\0'));
  const lost = [...known].filter((line) => line && !present.has(line));
  const slots = new Set(
    [...changed, ...lost].flatMap((line) => /[^/ ]+\/links\/.+?(?=\/node_modules\/)/.exec(line)?.[0] ?? []),
  );
  const inodes = new Set(changed.map((line) => line.split(' ')[3]));
  const stored = await tool(
    place,
    ['find', '.', '-path', './*/files/*', '-type', 'f', '-printf', '%i %P\\0'],
    place.store,
  );
  for (const line of stored.toString('utf8').split('\0')) {
    const [, inode, file] = /^(\d+) (.*)$/s.exec(line) ?? [];
    if (file !== undefined && inodes.has(inode)) await rm(path.join(place.store, file), { force: true });
  }
  for (const slot of slots) await moveAway(place, slot); // last: what would link them anew finds nothing to link from
}

/** At once, so that nobody finds half of it. */
async function moveAway(place: StorePlace, slot: string): Promise<void> {
  const gone = path.join(place.store, `${outOfReach}${randomUUID()}`);
  await rename(path.join(place.store, slot), gone).catch(ignoreMissing);
  await rm(gone, { recursive: true, force: true });
}

async function listRecords(place: StorePlace): Promise<{ key: string; record: Record }[]> {
  const names = (await readdir(recordsOf(place)).catch(() => [])).filter((name) => name.endsWith('.json'));
  const found = names.map(async (name) => {
    const file = path.join(recordsOf(place), name);
    const record = await findRecord(file);
    const usedAt = (await stat(file).catch(() => undefined))?.mtimeMs ?? 0;
    return record ? [{ key: name.replace(/\.json$/, ''), record, usedAt }] : [];
  });
  return (await Promise.all(found)).flat().sort((a, b) => a.usedAt - b.usedAt);
}

/** One that cannot be read counts as none. */
async function findRecord(file: string): Promise<Record | undefined> {
  const text = await readFile(file, 'utf8').catch(ignoreMissing);
  try {
    return text === undefined ? undefined : Record.safeParse(JSON.parse(text)).data;
  } catch (e) {
    if (e instanceof SyntaxError) return undefined;
    throw e;
  }
}

async function writeRecord(place: StorePlace, key: string, record: Record): Promise<void> {
  const file = recordFile(place, key);
  const building = `${file}.${randomUUID()}`;
  await writeFile(building, JSON.stringify(record));
  await rename(building, file);
}

function ignoreMissing(e: NodeJS.ErrnoException): undefined {
  if (e.code !== 'ENOENT') throw e;
}
