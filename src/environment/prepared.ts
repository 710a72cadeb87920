/**
 * Dependencies that were installed once and are handed to every further worktree with the same key. Each file is one
 * inode with many names (hard links), or shares its blocks where the file system can (reflinks). The hazard: a write into
 * a linked file would be seen by all. So shared files are made read-only, which stops the accidents; parts that write
 * into themselves are copied; and before each use every file's size, time, inode and rights are compared with those at
 * the capture: an entry that changed is dropped and installed anew. Who may reach what: docs/decisions.
 */
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import type { PackageManager } from '#src/environment/package-manager.ts';
import { readPlain, writePlain } from '#src/environment/plain-path.ts';
import { type PreparedPlace, tool } from '#src/environment/prepared-place.ts';
import { makeRoot, placeOf, Root, sideFiles } from '#src/environment/prepared-roots.ts';
import { digestOf, fingerprint, type Judged, judgeTree, sampleFiles } from '#src/environment/prepared-tree.ts';
import { SentraError } from '#src/errors.ts';

const Manifest = z.object({
  /** The tree of the first lies in `linked/0` and `copied/0`, and so on. */
  roots: z.array(Root),
  /** Paths in the worktree whose files lie in `beside`. */
  side: z.array(z.string()),
  files: z.number(),
  bytes: z.number(),
  /** False: each file of `linked` and its counterparts in the worktrees are one inode. */
  reflinks: z.boolean(),
  fingerprint: z.string(),
  sample: z.object({ files: z.array(z.string()), digest: z.string() }),
});
type Manifest = z.infer<typeof Manifest>;

const abandonedMs = 60 * 60_000;

export type Taken = 'taken' | 'absent' | 'occupied' | 'spoiled';

/** Puts the prepared tree into a worktree that has none. After anything but `taken`, as after a throw, it has none of ours. */
export async function takePrepared(place: PreparedPlace, key: string): Promise<Taken> {
  try {
    const taken = await take(place, path.join(place.folder, key));
    if (taken === 'spoiled') await discardPrepared(place.folder, key);
    return taken;
  } catch (e) {
    if (!place.signal?.aborted) await discardPrepared(place.folder, key); // what cannot be used makes room for what can
    throw e;
  }
}

async function take(place: PreparedPlace, entry: string): Promise<Taken> {
  const manifest = await findManifest(entry);
  if (!manifest) return 'absent';
  const made: Root[] = [];
  const clear = () => Promise.all(made.map((root) => rm(placeOf(place, root), { recursive: true, force: true })));
  for (const root of manifest.roots) {
    if (await makeRoot(place, root)) made.push(root);
    else return clear().then(() => 'occupied' as const);
  }
  // Side by side: nothing runs in the worktree before both are done.
  const [sound, filled] = await Promise.allSettled([isSound(place, entry, manifest), fill(place, entry, manifest)]);
  if (sound.status === 'fulfilled' && sound.value && filled.status === 'fulfilled') {
    await utimes(path.join(entry, 'manifest.json'), new Date(), new Date()).catch(ignoreMissing); // dropped meanwhile
    return 'taken';
  }
  await clear();
  if (sound.status === 'rejected') throw sound.reason;
  if (sound.value && filled.status === 'rejected') throw filled.reason;
  return 'spoiled';
}

async function isSound(place: PreparedPlace, entry: string, manifest: Manifest): Promise<boolean> {
  const { files, digest } = manifest.sample;
  const [now, sample] = await Promise.all([fingerprint(place, entry), digestOf(place, entry, files)]);
  return now === manifest.fingerprint && sample === digest;
}

const fillScript = `mode=$1; shift
while [ $# -gt 0 ]; do
  cp "$mode" "linked/$1/." "$2" && cp -a "copied/$1/." "$2" || exit
  shift 2
done`;

async function fill(place: PreparedPlace, entry: string, { roots, side, reflinks }: Manifest): Promise<void> {
  const pairs = roots.flatMap((root, i) => [String(i), placeOf(place, root)]);
  await tool(place, ['/bin/sh', '-c', fillScript, 'sh', reflinks ? '-a' : '-al', ...pairs], entry);
  for (const [i, file] of side.entries()) {
    const bytes = await readFile(path.join(entry, 'beside', String(i)));
    if (!(await writePlain(place.worktreePath, file, bytes))) throw inTheWay(place, file);
  }
}

const maxSideBytes = 64 * 1024 * 1024;

const inTheWay = ({ worktreePath }: PreparedPlace, file: string) =>
  new SentraError('storage_unwritable', `${path.join(worktreePath, file)} lies behind a link: it is not written.`);

/** Keeps a freshly installed tree for the next worktrees; answers why not where it must not be shared. */
export async function capturePrepared(
  place: PreparedPlace,
  key: string,
  { how, homeBefore }: { how: PackageManager; homeBefore: ReadonlySet<string> },
): Promise<string | undefined> {
  const judged = await judgeTree(place, how, homeBefore);
  if (!judged.fit) return judged.why;
  await mkdir(place.folder, { recursive: true });
  await removeAbandoned(place.folder);
  const building = await mkdtemp(path.join(place.folder, '.building-'));
  try {
    await build(place, building, { roots: judged.roots, side: sideFiles(how) });
    if (await namesItsPlace(place, building)) return 'a package has the path of its worktree built in';
    await rename(building, path.join(place.folder, key));
  } catch (e) {
    if (!['EEXIST', 'ENOTEMPTY'].includes((e as NodeJS.ErrnoException).code ?? '')) throw e;
    return 'another worktree was first';
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  return undefined;
}

type Fit = Extract<Judged, { fit: true }>;

async function build(
  place: PreparedPlace,
  building: string,
  { roots, side }: { roots: Fit['roots']; side: readonly string[] },
): Promise<void> {
  const reflinks = roots[0] !== undefined && (await canReflink(place, building, placeOf(place, roots[0])));
  for (const [i, root] of roots.entries()) await buildRoot(place, building, { root, i, reflinks });
  const present: string[] = [];
  await mkdir(path.join(building, 'beside'));
  for (const file of side) {
    const bytes = await readPlain(place.worktreePath, file, maxSideBytes);
    if (bytes) await writeFile(path.join(building, 'beside', String(present.push(file) - 1)), bytes);
  }
  const files = await sampleFiles(place, building);
  const manifest: Manifest = {
    roots: roots.map(({ in: where, path: folder }) => ({ in: where, path: folder })),
    side: present,
    ...(await measure(place, building)),
    reflinks,
    fingerprint: await fingerprint(place, building),
    sample: { files, digest: await digestOf(place, building, files) },
  };
  await writeFile(path.join(building, 'manifest.json'), JSON.stringify(manifest));
}

async function buildRoot(
  place: PreparedPlace,
  building: string,
  { root, i, reflinks }: { root: Fit['roots'][number]; i: number; reflinks: boolean },
): Promise<void> {
  const tree = placeOf(place, root);
  const [linked, copied] = ['linked', 'copied'].map((name) => path.join(building, name, String(i))) as [string, string];
  await mkdir(linked, { recursive: true });
  await mkdir(copied, { recursive: true });
  await tool(place, ['cp', ...(reflinks ? ['-a'] : ['-al']), '.', linked], tree);
  if (root.copied.length > 0) await tool(place, ['cp', '-a', '--parents', '-t', copied, '--', ...root.copied], tree);
  for (const part of [...root.copied, ...root.dropped])
    await rm(path.join(linked, part), { recursive: true, force: true });
  const writable = ['-type', 'f', '-perm', '/222', '-exec', 'chmod', 'a-w', '{}', '+'];
  if (!reflinks) await tool(place, ['find', '.', ...writable], linked);
}

/** Only what was built on the spot can know where it is. */
async function namesItsPlace(place: PreparedPlace, building: string): Promise<boolean> {
  const script = 'grep -rlFe "$1" -e "$2" copied beside || [ $? -eq 1 ]';
  const search = ['/bin/sh', '-c', script, 'sh', place.worktreePath, place.homePath];
  return (await tool(place, search, building)).length > 0;
}

/** From the tree, which may lie on another disk than the prepared ones. */
async function canReflink(place: PreparedPlace, building: string, tree: string): Promise<boolean> {
  const script = 'file=$(find "$1" -type f -print -quit); [ -n "$file" ] && cp --reflink=always -- "$file" probe';
  try {
    await tool(place, ['/bin/sh', '-c', script, 'sh', tree], building);
    return true;
  } catch (e) {
    if (e instanceof SentraError) return false;
    throw e;
  } finally {
    await rm(path.join(building, 'probe'), { force: true });
  }
}

/** A file with many names counts once. */
async function measure(place: PreparedPlace, building: string): Promise<{ files: number; bytes: number }> {
  const used = await tool(place, ['du', '-s', '--block-size=1', '.'], building);
  const listed = await tool(place, ['/bin/sh', '-c', 'find linked copied ! -type d -printf x | wc -c'], building);
  return { files: Number(listed.toString()), bytes: Number.parseInt(used.toString(), 10) };
}

async function findManifest(entry: string): Promise<Manifest | undefined> {
  try {
    return Manifest.parse(JSON.parse(await readFile(path.join(entry, 'manifest.json'), 'utf8')));
  } catch (e) {
    return ignoreMissing(e as NodeJS.ErrnoException);
  }
}

/** Every entry with its size and when it was last used, in milliseconds. */
export async function listPrepared(folder: string): Promise<{ key: string; bytes: number; usedAt: number }[]> {
  const keys = (await readdir(folder).catch(() => [])).filter((name) => !name.startsWith('.'));
  const entries = await Promise.all(keys.map((key) => describe(folder, key)));
  return entries.filter((entry) => entry !== undefined);
}

async function describe(folder: string, key: string) {
  const manifest = await findManifest(path.join(folder, key)).catch(() => undefined); // the next who wants it drops it
  const file = await stat(path.join(folder, key, 'manifest.json')).catch(() => undefined); // another process dropped it
  return manifest && file ? { key, bytes: manifest.bytes, usedAt: file.mtimeMs } : undefined;
}

/** Out of reach first: who takes it at the moment fails as a whole. */
export async function discardPrepared(folder: string, key: string): Promise<void> {
  const gone = path.join(folder, `.building-${randomBytes(6).toString('hex')}`);
  await rename(path.join(folder, key), gone).catch(ignoreMissing);
  await rm(gone, { recursive: true, force: true });
}

/** What a process left that died over it. */
async function removeAbandoned(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!name.startsWith('.building-')) continue;
    const place = path.join(folder, name);
    const made = await stat(place).catch(() => undefined); // its owner is done with it
    if (made && Date.now() - made.mtimeMs > abandonedMs) await rm(place, { recursive: true, force: true });
  }
}

function ignoreMissing(e: NodeJS.ErrnoException): undefined {
  if (e.code !== 'ENOENT') throw e;
}
