/**
 * Repositories that a program made inside a worktree. One of its own (`git init`, as scaffolding tools do) is work like any other:
 * its files are taken, its history is not. A clone of something from elsewhere stays out.
 */
import { readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execGit, gitLine } from '#src/git/exec-git.ts';

type Place = { gitDir: string; workTree: string; indexFile: string; signal?: AbortSignal };

/** Those that the index does not know; git names them with a slash at the end, and goes no further. */
export async function listNested(place: Place): Promise<string[]> {
  const { stdout } = await execGit(['ls-files', '--others', '--exclude-standard', '-z'], place);
  return stdout.split('\0').flatMap((path) => (path.endsWith('/') ? [path.slice(0, -1)] : []));
}

export async function isClone({ workTree }: Place, path: string): Promise<boolean> {
  const config = await readFile(join(workTree, path, '.git', 'config'), 'utf8').catch(() => null);
  return config === null || /^\s*\[remote\b/im.test(config); // a `.git` file leads somewhere else
}

/** Puts the files of one into the index in place of it, seen as if its folder were the whole tree. Nothing of it runs. */
export async function takeFiles(place: Place, path: string, without: readonly string[]): Promise<void> {
  const indexFile = join(place.gitDir, `index.${crypto.randomUUID()}`);
  const inside = { ...place, workTree: join(place.workTree, path), indexFile };
  try {
    await execGit(['add', '-A', '--', '.', ...without], inside);
    const tree = await gitLine(['write-tree'], inside);
    await execGit(['update-index', '--force-remove', '--', path], place);
    await execGit(['read-tree', `--prefix=${path}/`, tree], place);
  } finally {
    await rm(indexFile, { force: true });
  }
}
