/**
 * Files that git does not keep but a project needs (`.env` and its like): copied from the main checkout into a worktree
 * where they are missing. Only regular files of at most 1 MB, never through a link, never over something.
 */
import { constants } from 'node:fs';
import { glob, lstat, mkdir, open, realpath } from 'node:fs/promises';
import path from 'node:path';

export type CopyRequest = {
  /** The main checkout. */
  repositoryPath: string;
  worktreePath: string;
  /** Globs relative to the main checkout's root. */
  patterns: readonly string[];
};

const maxBytes = 1024 * 1024;
const neverEntered = new Set(['.git', '.sentra', 'node_modules']);

/** Answers the paths that were copied, relative to the root, sorted. Git may not ignore them: keep them out of commits. */
export async function copyUntracked(request: CopyRequest): Promise<string[]> {
  const { repositoryPath, worktreePath, patterns } = request;
  const inside = patterns.filter((pattern) => !path.isAbsolute(pattern) && !pattern.split('/').includes('..'));
  if (inside.length === 0) return [];
  const roots = { from: await realpath(repositoryPath), to: await realpath(worktreePath) };
  const copied: string[] = [];
  for await (const relative of glob(inside, { cwd: roots.from, exclude: isNeverEntered }))
    if (!relative.split(path.sep).some((part) => neverEntered.has(part)) && (await copyOne(relative, roots)))
      copied.push(relative);
  return copied.sort();
}

const isNeverEntered = (place: string): boolean => neverEntered.has(path.basename(place));

async function copyOne(relative: string, roots: { from: string; to: string }): Promise<boolean> {
  const source = path.join(roots.from, relative);
  const target = path.join(roots.to, relative);
  if (!(await isPlainPath(roots.from, relative)) || (await lstat(target).catch(ignoreMissing))) return false;
  const folder = path.dirname(relative);
  if (folder !== '.' && !(await makeFolder(roots.to, folder))) return false;
  const from = await open(source, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const stat = await from.stat();
    if (!stat.isFile() || stat.size > maxBytes) return false;
    const to = await open(target, 'wx', stat.mode & 0o777);
    try {
      await to.writeFile(await from.readFile());
    } finally {
      await to.close();
    }
    return true;
  } finally {
    await from.close();
  }
}

/** A regular file with no link on the way to it. */
async function isPlainPath(root: string, relative: string): Promise<boolean> {
  const place = path.join(root, relative);
  const stat = await lstat(place).catch(ignoreMissing);
  return stat?.isFile() === true && (await realpath(place)) === place;
}

/** Makes the folders one by one: a committed link among them could lead out of the worktree. */
async function makeFolder(root: string, relative: string): Promise<boolean> {
  let place = root;
  for (const part of relative.split(path.sep)) {
    place = path.join(place, part);
    const stat = await lstat(place).catch(ignoreMissing);
    if (stat === undefined) await mkdir(place);
    else if (!stat.isDirectory()) return false;
  }
  return true;
}

function ignoreMissing(e: NodeJS.ErrnoException): undefined {
  if (e.code !== 'ENOENT' && e.code !== 'ENOTDIR') throw e;
}
