/**
 * What is kept of an install for the next worktree with the same key, whichever way its manager shares: take it over, or
 * keep it after an install. A mark says that a worktree is being filled: one that is found later means that whoever did
 * it died or failed, and nothing of the half is used.
 */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { Attempt } from '#src/environment/attempt.ts';
import type { PackageManager } from '#src/environment/package-manager.ts';
import { capturePrepared, type Taken, takePrepared } from '#src/environment/prepared.ts';
import { hasSharedStore, preparedKey } from '#src/environment/prepared-key.ts';
import type { PreparedPlace } from '#src/environment/prepared-place.ts';
import { isInHome, listRoots, placeOf, type Root } from '#src/environment/prepared-roots.ts';
import { checkStore, isRecorded, recordStore, type StorePlace, touchStore } from '#src/environment/prepared-store.ts';
import { hasPrepareScript, listHome } from '#src/environment/prepared-tree.ts';

const markStart = '.filling-';

type Run = (command: readonly string[]) => Promise<Attempt>;

export type Kept = {
  place: PreparedPlace;
  how: PackageManager;
  key: string;
  /** The same for all worktrees that can have the same dependencies. */
  id: string;
  clearHalfDone(): Promise<void>;
  /** `run` runs the installer where it cannot write what is shared. */
  take(run: Run): Promise<Taken>;
  /** Answers why not, where it must not be kept. */
  keep(): Promise<string | undefined>;
  /** What is still to be run in a worktree that took over, as the installer does at its end. */
  lastCommand(): Promise<readonly string[] | undefined>;
};

/** Undefined where nothing can be kept: the installer has a cache of its own, or nothing says beforehand what it makes. */
export async function openKept(place: PreparedPlace, found: PackageManager, store?: string): Promise<Kept | undefined> {
  const isStore = store !== undefined && found.manager === 'pnpm' && found.locked && (await hasSharedStore(place));
  const how: PackageManager = isStore ? { ...found, shares: 'store' } : found;
  if (how.shares === 'cache') return undefined;
  const [key, roots] = await Promise.all([preparedKey(place, how), listRoots(place, how)]);
  if (key === undefined) return undefined;
  let present: readonly Root[] = roots;
  const ways = isStore ? storeWays({ ...place, store }, how, key) : await treeWays(place, how, key);
  const mark = path.join(place.folder, `${markStart}${createHash('sha256').update(place.worktreePath).digest('hex')}`);
  return {
    place,
    how,
    key,
    id: path.join(place.folder, key),
    clearHalfDone: async () => {
      present = await clearHalfDone(place, roots, mark);
    },
    take: async (run) => {
      if (isStore && present.length > 0) return 'occupied';
      const taken = await ways.take(run);
      if (taken === 'taken') await rm(mark, { force: true });
      return taken;
    },
    keep: async () => {
      await rm(mark, { force: true });
      return ways.keep();
    },
    lastCommand: async () =>
      isStore || isInHome(how) || !(await hasPrepareScript(place.worktreePath))
        ? undefined
        : [how.manager, 'run', 'prepare'],
  };
}

async function treeWays(place: PreparedPlace, how: PackageManager, key: string): Promise<Pick<Kept, 'take' | 'keep'>> {
  const homeBefore = await listHome(place.homePath);
  return {
    take: () => takePrepared(place, key),
    keep: () => capturePrepared(place, key, { how, homeBefore }),
  };
}

/** pnpm itself makes the links, and runs what the project wants run after an install. */
function storeWays(place: StorePlace, how: PackageManager, key: string): Pick<Kept, 'take' | 'keep'> {
  // The lockfile is in the key: pnpm held it against its supply-chain policies at the install that was recorded.
  const calm = ['--offline', '--frozen-store', '--trust-lockfile'];
  const fromStore = [...how.command.filter((word) => word !== '--prefer-offline'), ...calm];
  return {
    take: async (run) => {
      if (!(await isRecorded(place, key))) return 'absent';
      // Side by side: nothing runs in the worktree before both are done.
      const [check, done] = await Promise.all([checkStore(place, key), run(fromStore)]);
      if (check.state === 'sound' && done.outcome === 'passed') {
        await touchStore(place, key);
        return 'taken';
      }
      await removeRoots(place, await listRoots(place, how));
      if (check.state === 'spoiled') await check.drop();
      return check.state === 'sound' ? 'absent' : check.state;
    },
    keep: async () => {
      await recordStore(place, key);
      return undefined;
    },
  };
}

async function removeRoots(place: PreparedPlace, roots: readonly Root[]): Promise<void> {
  for (const root of roots) await rm(placeOf(place, root), { recursive: true, force: true });
}

/** Only a worktree that had no dependencies is marked: what a person or a branch put there is not ours to clear. */
async function clearHalfDone(place: PreparedPlace, roots: readonly Root[], mark: string): Promise<readonly Root[]> {
  if (await stat(mark).catch(() => undefined)) {
    await removeRoots(place, roots);
    return [];
  }
  if (roots.length > 0) return roots;
  await mkdir(place.folder, { recursive: true });
  await writeFile(mark, place.worktreePath);
  await removeForgottenMarks(place.folder);
  return [];
}

/** Of worktrees that went without another try. One that is empty is being written at this moment. */
async function removeForgottenMarks(folder: string): Promise<void> {
  for (const name of (await readdir(folder)).filter((one) => one.startsWith(markStart))) {
    const mark = path.join(folder, name);
    const worktreePath = await readFile(mark, 'utf8').catch(() => ''); // its owner is done with it
    if (worktreePath !== '' && !existsSync(worktreePath)) await rm(mark, { force: true });
  }
}
