/**
 * Repositories that a program made inside a worktree. One of its own (`git init`, as scaffolding tools do) is work like any other:
 * its files are taken, its history is not. A clone of something from elsewhere stays out.
 */
import { lstat, readFile, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { execGit, gitLine } from '#src/git/exec-git.ts';

type Place = { gitDir: string; workTree: string; indexFile: string; signal?: AbortSignal };

/** All files but what the pathspecs leave out. Where the checkout is sparse, files outside of it may be made all the same. */
export const addFiles = (place: Place, specs: readonly string[]) =>
  execGit(['add', '-A', '--sparse', '--', '.', ...specs], place);

/** The same with the files of repositories in it; answers those that were left out. `inside`: the pathspecs within them. */
export async function addNested(place: Place, specs: readonly string[], inside: readonly string[]): Promise<string[]> {
  const nested = await listNested(place);
  await addFiles(place, [...specs, ...nested.map((path) => `:(exclude,literal)${path}`)]);
  const leftOut: string[] = [];
  for (const path of nested)
    if (await isClone(place, path)) leftOut.push(path);
    else for (const deeper of await takeFiles(place, path, inside)) leftOut.push(`${path}/${deeper}`);
  return leftOut;
}

/** Those that the index does not know; git names them with a slash at the end, and goes no further. */
async function listNested(place: Place): Promise<string[]> {
  const { stdout } = await execGit(['ls-files', '--others', '--exclude-standard', '-z'], place);
  return stdout.split('\0').flatMap((path) => (path.endsWith('/') ? [path.slice(0, -1)] : []));
}

async function isClone({ workTree }: Place, path: string): Promise<boolean> {
  const file = join(workTree, path, '.git', 'config');
  const found = await lstat(file).catch(() => null);
  const config = found?.isFile() ? await readFile(file, 'utf8') : null; // a pipe would never end
  return config === null || /^\s*\[remote\b/im.test(config); // a `.git` file leads somewhere else
}

/** Puts the files of one into the index in place of it, seen as if its folder were the whole tree. Nothing of it runs. */
async function takeFiles(place: Place, path: string, without: readonly string[]): Promise<string[]> {
  const indexFile = join(place.gitDir, `index.${crypto.randomUUID()}`);
  const within = { ...place, workTree: join(place.workTree, path), indexFile };
  try {
    const leftOut = await addNested(within, without, without);
    const tree = await gitLine(['write-tree'], within);
    await execGit(['update-index', '--force-remove', '--', path], place);
    await execGit(['read-tree', `--prefix=${path}/`, tree], place);
    return leftOut;
  } finally {
    await rm(indexFile, { force: true });
  }
}
