/**
 * Dependencies that were installed once and are handed to every further worktree with the same key. Each file is one
 * inode with many names (hard links), or shares its blocks where the file system can (reflinks). The hazard: a write into
 * a linked file would be seen by all. So shared files are made read-only, which stops the accidents; parts that write
 * into themselves are copied; and before each use every file's size, time, inode and rights are compared with those at
 * the capture: an entry that changed is dropped and installed anew. Who may reach what: docs/decisions.
 */
import { randomBytes } from 'node:crypto';
import { lstat, mkdir, mkdtemp, readdir, readFile, rename, rm, stat, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { z } from 'zod';
import { type PreparedPlace, tool } from '#src/environment/prepared-place.ts';
import { digestOf, fingerprint, judgeTree, sampleFiles } from '#src/environment/prepared-tree.ts';
import { SentraError } from '#src/errors.ts';

const Manifest = z.object({
  files: z.number(),
  bytes: z.number(),
  /** False: each file of `linked` and its counterparts in the worktrees are one inode. */
  reflinks: z.boolean(),
  fingerprint: z.string(),
  sample: z.object({ files: z.array(z.string()), digest: z.string() }),
});
type Manifest = z.infer<typeof Manifest>;

const defaultLimitBytes = 5 * 1024 ** 3;
const abandonedMs = 60 * 60_000;

export type Taken = 'taken' | 'absent' | 'occupied' | 'spoiled';

/** Puts the prepared tree into a worktree that has none. After anything but `taken`, as after a throw, it has none of ours. */
export async function takePrepared(place: PreparedPlace, key: string): Promise<Taken> {
  try {
    const taken = await take(place, path.join(place.folder, key));
    if (taken === 'spoiled') await discard(place.folder, key);
    return taken;
  } catch (e) {
    if (!place.signal?.aborted) await discard(place.folder, key); // what cannot be used makes room for what can
    throw e;
  }
}

async function take(place: PreparedPlace, entry: string): Promise<Taken> {
  const tree = path.join(place.worktreePath, 'node_modules');
  const manifest = await findManifest(entry);
  if (!manifest) return 'absent';
  if (await lstat(tree).catch(ignoreMissing)) return 'occupied';
  await mkdir(tree);
  // Side by side: nothing runs in the worktree before both are done.
  const [sound, filled] = await Promise.allSettled([
    isSound(place, entry, manifest),
    fill(place, entry, tree, manifest),
  ]);
  if (sound.status === 'fulfilled' && sound.value && filled.status === 'fulfilled') {
    await utimes(path.join(entry, 'manifest.json'), new Date(), new Date());
    return 'taken';
  }
  await rm(tree, { recursive: true, force: true });
  if (sound.status === 'rejected') throw sound.reason;
  if (sound.value && filled.status === 'rejected') throw filled.reason;
  return 'spoiled';
}

async function isSound(place: PreparedPlace, entry: string, manifest: Manifest): Promise<boolean> {
  const { files, digest } = manifest.sample;
  const [now, sample] = await Promise.all([fingerprint(place, entry), digestOf(place, entry, files)]);
  return now === manifest.fingerprint && sample === digest;
}

async function fill(place: PreparedPlace, entry: string, tree: string, { reflinks }: Manifest): Promise<void> {
  await tool(place, ['cp', ...(reflinks ? ['-a'] : ['-al']), 'linked/.', tree], entry);
  await tool(place, ['cp', '-a', 'copied/.', tree], entry);
}

/** Keeps a freshly installed tree for the next worktrees; answers why not where it must not be shared. */
export async function capturePrepared(
  place: PreparedPlace,
  key: string,
  homeBefore: ReadonlySet<string>,
): Promise<string | undefined> {
  const judged = await judgeTree(place, homeBefore);
  if (!judged.fit) return judged.why;
  await mkdir(place.folder, { recursive: true });
  await removeAbandoned(place.folder);
  const building = await mkdtemp(path.join(place.folder, '.building-'));
  try {
    await build(place, building, judged.copied);
    if (await namesItsPlace(place, building)) return 'a package has the path of its worktree built in';
    await rename(building, path.join(place.folder, key));
  } catch (e) {
    if (!['EEXIST', 'ENOTEMPTY'].includes((e as NodeJS.ErrnoException).code ?? '')) throw e;
    return 'another worktree was first';
  } finally {
    await rm(building, { recursive: true, force: true });
  }
  await evict(place, key);
  return undefined;
}

async function build(place: PreparedPlace, building: string, copied: readonly string[]): Promise<void> {
  const tree = path.join(place.worktreePath, 'node_modules');
  const [linkedFolder, copiedFolder] = [path.join(building, 'linked'), path.join(building, 'copied')];
  await mkdir(linkedFolder);
  await mkdir(copiedFolder);
  const reflinks = await canReflink(place, building);
  await tool(place, ['cp', ...(reflinks ? ['-a'] : ['-al']), '.', linkedFolder], tree);
  if (copied.length > 0) await tool(place, ['cp', '-a', '--parents', '-t', copiedFolder, '--', ...copied], tree);
  for (const part of copied) await rm(path.join(linkedFolder, part), { recursive: true });
  const writable = ['-type', 'f', '-perm', '/222', '-exec', 'chmod', 'a-w', '{}', '+'];
  if (!reflinks) await tool(place, ['find', '.', ...writable], linkedFolder);
  const files = await sampleFiles(place, building);
  const manifest: Manifest = {
    ...(await measure(place, building)),
    reflinks,
    fingerprint: await fingerprint(place, building),
    sample: { files, digest: await digestOf(place, building, files) },
  };
  await writeFile(path.join(building, 'manifest.json'), JSON.stringify(manifest));
}

/** Only what was built on the spot can know where it is. */
async function namesItsPlace(place: PreparedPlace, building: string): Promise<boolean> {
  const search = ['/bin/sh', '-c', 'grep -rlFe "$0" copied || [ $? -eq 1 ]', place.worktreePath];
  return (await tool(place, search, building)).length > 0;
}

/** From the worktree, which may lie on another disk than the prepared trees. */
async function canReflink(place: PreparedPlace, building: string): Promise<boolean> {
  const probe = path.join(building, 'probe');
  const source = path.join(place.worktreePath, 'package.json');
  try {
    await tool(place, ['cp', '--reflink=always', '--', source, probe], building);
    return true;
  } catch (e) {
    if (e instanceof SentraError) return false;
    throw e;
  } finally {
    await rm(probe, { force: true });
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

/** Least recently used first, until the rest is within the limit. */
async function evict(place: PreparedPlace, newest: string): Promise<void> {
  const keys = (await readdir(place.folder)).filter((name) => !name.startsWith('.'));
  const entries = await Promise.all(keys.map((key) => describe(place.folder, key)));
  const byUse = entries
    .filter((entry) => entry !== undefined)
    .sort((a, b) => Number(b.key === newest) - Number(a.key === newest) || b.usedAt - a.usedAt);
  let total = 0;
  for (const { key, bytes } of byUse) {
    total += bytes;
    if (total > (place.limitBytes ?? defaultLimitBytes)) await discard(place.folder, key);
  }
}

async function describe(folder: string, key: string) {
  const manifest = await findManifest(path.join(folder, key));
  const file = await stat(path.join(folder, key, 'manifest.json')).catch(() => undefined); // another process dropped it
  return manifest && file ? { key, bytes: manifest.bytes, usedAt: file.mtimeMs } : undefined;
}

/** Out of reach first: who takes it at the moment fails as a whole. */
async function discard(folder: string, key: string): Promise<void> {
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
