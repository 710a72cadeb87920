/**
 * A copy of one branch's history, of objects alone, that rooms of private tasks read instead of the repository's own objects: those hold
 * every branch, stash and lost commit, and whoever can read a pack can list it. It grows with the branch; each pack is complete with those before it.
 */
import { copyFile, lstat, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execGit } from '#src/git/exec-git.ts';
import { type Repository, resolveCommit } from '#src/git/repository.ts';
import { withRepositoryLock } from '#src/git/repository-lock.ts';

const tipName = 'refs/heads/base';
/** Each look into the objects goes through all packs; more are made into one. */
const mostPacks = 20;
/** The first pack of a large repository takes long. */
const timeoutMs = 60 * 60_000;

/** The copy's git directory, up to date with `tip`, a commit. */
export function bringHistory(repo: Repository, folder: string, tip: string): Promise<string> {
  return withHistoryLock(folder, async () => {
    const before = await resolveCommit({ gitDir: folder }, tipName);
    if (before === tip) return folder;
    await dropHalfMade(folder);
    if (!before) {
      const args = ['init', '--quiet', '--bare', '--template=', `--object-format=${formatOf(tip)}`, '--', folder];
      await execGit(args, { cwd: folder });
    }
    await copyShallow(repo, folder);
    await packInto(repo, folder, [tip, ...(before ? [`^${before}`] : [])]);
    await execGit(['update-ref', tipName, tip], { gitDir: folder });
    if ((await listPacks(folder)).length > mostPacks)
      await execGit(['repack', '-a', '-d', '-q'], { gitDir: folder, timeoutMs, gentle: true });
    return folder;
  });
}

/** The commit that it is complete up to. */
export const tipOf = (history: string): Promise<string | null> => resolveCommit({ gitDir: history }, tipName);

/** Puts what these revisions lead to into a pack of `gitDir`'s own, as the repository's objects have it. */
export async function packInto(repo: Repository, gitDir: string, revisions: readonly string[]): Promise<void> {
  await execGit(
    ['pack-objects', '--revs', '--non-empty', '--delta-base-offset', '-q', join(gitDir, 'objects/pack/pack')],
    {
      gitDir,
      input: `${revisions.join('\n')}\n`,
      env: { GIT_ALTERNATE_OBJECT_DIRECTORIES: quoted(join(repo.gitDir, 'objects')) },
      timeoutMs,
      gentle: true,
    },
  );
}

/** Where the history of a clone without all of it ends. */
export const copyShallow = (repo: Repository, gitDir: string): Promise<void> =>
  copyPlain(join(repo.gitDir, 'shallow'), join(gitDir, 'shallow'));

/** Where there is such a file; what a link leads to is not copied. */
export async function copyPlain(from: string, to: string): Promise<void> {
  const found = await lstat(from).catch(() => null);
  if (found?.isFile()) await copyFile(from, to);
}

export const formatOf = (commit: string): 'sha1' | 'sha256' => (commit.length === 64 ? 'sha256' : 'sha1');

async function withHistoryLock<T>(folder: string, act: () => Promise<T>): Promise<T> {
  await mkdir(folder, { recursive: true });
  return withRepositoryLock(folder, act);
}

const packsOf = (gitDir: string): string => join(gitDir, 'objects/pack');
const listPacks = async (gitDir: string): Promise<string[]> =>
  (await readdir(packsOf(gitDir))).filter((name) => name.endsWith('.pack'));

/** Of a git that was killed; whoever holds our lock is alone. */
async function dropHalfMade(gitDir: string): Promise<void> {
  const names = await readdir(packsOf(gitDir)).catch(() => []);
  const packs = names.filter((name) => name.startsWith('tmp_')).map((name) => join(packsOf(gitDir), name));
  const locks = ['HEAD', 'config', 'packed-refs', tipName].map((name) => join(gitDir, `${name}.lock`));
  await Promise.all([...packs, ...locks].map((file) => rm(file, { force: true })));
}

/** In a list of folders a colon would end it. */
const quoted = (folder: string): string => `"${folder.replace(/["\\]/g, '\\$&')}"`;
