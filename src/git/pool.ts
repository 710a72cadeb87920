/**
 * Worktrees of no task: made ahead at the base's commit without a branch, and taken over in a few milliseconds, however many files
 * they have. Taking is a sequence of steps; after a crash between any two of them `take` goes on where it was, and whoever does not
 * want that takes it back with `giveBack`. Nothing here deletes what a person may have put in.
 */
import { existsSync } from 'node:fs';
import { lstat, mkdir, readFile, rename } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { SentraError } from '#src/errors.ts';
import {
  branchOf,
  linkTo,
  markPooled,
  markReady,
  pooledMark,
  readText,
  removeStaleLocks,
  writeWhole,
} from '#src/git/admin-dir.ts';
import { deleteBranch, markOf } from '#src/git/branch.ts';
import { execGit } from '#src/git/exec-git.ts';
import { type Repository, resolveCommit } from '#src/git/repository.ts';
import { withRepositoryLock } from '#src/git/repository-lock.ts';
import { addDetached, checkOut, isOccupied } from '#src/git/worktree.ts';

/** `base`: the commit that it stands at. */
export type Pooled = { path: string; adminDir: string; base: string };

/** Longer than the second within which git cannot tell by its date that a file is older than the index. */
const racyMs = 1_100;

/** All files at `base`, nothing of a branch. It is not marked as prepared before `settle`. */
export async function makePooled(
  repo: Repository,
  { path, base, signal }: { path: string; base: string; signal: AbortSignal },
): Promise<Pooled> {
  const adminDir = await withRepositoryLock(repo.gitDir, () => addDetached(repo, path, base));
  await checkOut(adminDir, { path, signal, gentle: true });
  return { path, adminDir, base };
}

/** The files of another commit; what is not tracked stays. To be called for one that has no changes. */
export async function movePooled({ path, adminDir, base }: Pooled, to: string, gentle = false): Promise<void> {
  if (base !== to) await execGit(['reset', '--hard', '-q', to], { gitDir: adminDir, workTree: path, gentle });
}

/** Makes git's next look at the files cheap: an index as young as its files has every one of them read again. */
export async function settle({ path, adminDir }: Pooled, signal: AbortSignal): Promise<void> {
  await sleep(racyMs, undefined, { signal });
  const args = ['update-index', '-q', '--refresh', '--force-write-index'];
  await execGit(args, { gitDir: adminDir, workTree: path, gentle: true, okExitCodes: [0, 1], signal });
  await markPooled(adminDir);
}

/** Changed or new files, ignored ones aside. */
export async function isDirty({ path, adminDir }: Pick<Pooled, 'path' | 'adminDir'>, gentle = false): Promise<boolean> {
  const args = ['status', '--porcelain', '-z', '--ignore-submodules=all'];
  return (await execGit(args, { gitDir: adminDir, workTree: path, gentle })).stdout !== '';
}

/** Why a prepared worktree is not as it was left; null when it is. Looks at a few files, not at all of them. */
export async function findDoubt({ path, adminDir, base }: Pooled): Promise<string | null> {
  const folder = await lstat(path).catch(() => null);
  if (!folder?.isDirectory()) return 'its folder is gone';
  if ((await readText(join(adminDir, 'locked'))) !== pooledMark) return 'git does not know it as prepared';
  if ((await readText(join(adminDir, 'HEAD'))) !== base) return 'somebody switched it to another commit';
  if ((await readText(join(adminDir, 'gitdir'))) !== (await linkTo(path))) return 'somebody moved it';
  if ((await readText(join(path, '.git'))) !== `gitdir: ${adminDir}`) return 'its .git file was changed';
  const isLocked = ['index.lock', 'HEAD.lock'].some((name) => existsSync(join(adminDir, name)));
  return isLocked ? 'another git command is at work in it' : null;
}

export type Taking = {
  from: Pooled;
  /** Where it goes. */
  path: string;
  branchName: string;
  /** The commit that the branch starts from. */
  base: string;
  taskId: string;
};

/**
 * Makes it the worktree of a task. Yields after each step, so that a test can stop there as a crash would. The branch comes
 * before HEAD leads to it, and its first log line says whose it is: one without that line is a person's. Throws `conflict`
 * while nothing has been changed yet.
 */
export async function* take(repo: Repository, taking: Taking): AsyncGenerator<string> {
  const { from, path, branchName, base } = taking;
  if ((await branchOf(from.adminDir)) !== branchName) {
    if (await isOccupied(path)) throw refusal(`there is something at ${path}`);
    if (from.base !== base) {
      if (await isDirty(from)) throw refusal('it has changes');
      await movePooled(from, base);
      yield 'files';
    }
    await makeBranch(repo, taking);
    yield 'branch';
    await execGit(['symbolic-ref', 'HEAD', `refs/heads/${branchName}`], { gitDir: from.adminDir });
    yield 'head';
  }
  if (existsSync(from.path)) {
    await mkdir(dirname(path), { recursive: true });
    await rename(from.path, path);
    yield 'folder';
  }
  await writeWhole(join(from.adminDir, 'gitdir'), `${await linkTo(path)}\n`);
  yield 'link';
  await markReady(from.adminDir);
  yield 'mark';
}

async function makeBranch(repo: Repository, { branchName, base, taskId }: Taking): Promise<void> {
  const args = ['update-ref', '--create-reflog', '-m', markOf(taskId), `refs/heads/${branchName}`, base];
  const made = await execGit([...args, '0'.repeat(base.length)], { gitDir: repo.gitDir, okExitCodes: [0, 128] });
  if (made.exitCode !== 0) throw refusal(`the branch ${branchName} cannot be made`);
}

const refusal = (why: string) =>
  new SentraError('conflict', `The worktree that was prepared ahead is not used: ${why}.`);

/** Whether a taking that was cut off got so far that going on is the only way. */
export const isTaken = async ({ from, branchName }: Pick<Taking, 'from' | 'branchName'>): Promise<boolean> =>
  (await branchOf(from.adminDir)) === branchName;

/** After a taking that did not get to HEAD: no branch is left of it. For one in which nothing runs. */
export async function giveBack(
  repo: Repository,
  { from, branchName, base, taskId }: Omit<Taking, 'path'>,
): Promise<void> {
  await removeStaleLocks(from.adminDir);
  const log = await readFile(join(repo.gitDir, 'logs', 'refs', 'heads', branchName), 'utf8').catch(() => '');
  if (!log.split('\n', 1)[0]?.endsWith(`\t${markOf(taskId)}`)) return;
  await withRepositoryLock(repo.gitDir, async () => {
    if ((await resolveCommit(repo, `refs/heads/${branchName}`)) !== base) return;
    await deleteBranch(repo.gitDir, branchName);
  });
}

/** Names of files that say what an install makes: changed content means other dependencies. */
const manifestName =
  /(^|\/)(package\.json|package-lock\.json|npm-shrinkwrap\.json|yarn\.lock|pnpm-lock\.yaml|pnpm-workspace\.yaml|\.pnpmfile\.cjs|bun\.lockb?|bunfig\.toml|\.npmrc|\.yarnrc(\.yml)?|\.node-version|\.nvmrc|requirements[^/]*\.txt|constraints[^/]*\.txt|pyproject\.toml|setup\.(py|cfg)|uv\.lock|poetry\.lock|\.python-version|go\.(mod|sum)|Cargo\.(toml|lock)|pom\.xml|rust-toolchain(\.toml)?)$|(^|\/)(\.yarn|patches|\.mvn)\//;

/** Path and content of each such file of a commit, as `ls-tree` prints them. */
export async function listManifests(repo: Pick<Repository, 'gitDir'>, commit: string): Promise<string[]> {
  const { stdout } = await execGit(['ls-tree', '-r', '-z', commit], { gitDir: repo.gitDir });
  return stdout.split('\0').filter((entry) => manifestName.test(entry.slice(entry.indexOf('\t') + 1)));
}
