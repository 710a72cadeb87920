/**
 * Files that git does not keep but a project needs (`.env` and its like): copied from the main checkout into a worktree
 * where they are missing. Only regular files up to a limit, never through a link, never over something. What is left out
 * that a person may miss is told with its reason.
 */
import { constants } from 'node:fs';
import { glob, lstat, open, readdir, realpath } from 'node:fs/promises';
import path from 'node:path';
import { makeFolder } from '#src/environment/plain-path.ts';

export type CopyLimits = { fileMb: number; totalMb: number; files: number };

export type CopyRequest = {
  /** The main checkout. */
  repositoryPath: string;
  worktreePath: string;
  /** Globs relative to the main checkout's root; a folder stands for all that is in it. */
  patterns: readonly string[];
  limits: CopyLimits;
  /** Of these paths, those that git keeps: they are the branch's to give. */
  listTracked?: (paths: readonly string[]) => Promise<ReadonlySet<string>>;
};

/** Paths relative to the root, sorted. */
export type Copied = { copied: string[]; bytes: number; skipped: { path: string; reason: string }[] };

const megabyte = 1024 * 1024;
const neverEntered = new Set(['.git', '.sentra', 'node_modules']);

/** Git may not ignore what was copied: keep it out of commits. */
export async function copyUntracked(request: CopyRequest): Promise<Copied> {
  const { repositoryPath, worktreePath, patterns, limits, listTracked } = request;
  const result: Copied = { copied: [], bytes: 0, skipped: [] };
  const inside = patterns.filter((pattern) => !path.isAbsolute(pattern) && !pattern.split('/').includes('..'));
  for (const pattern of patterns)
    if (!inside.includes(pattern)) result.skipped.push({ path: pattern, reason: 'it leads out of the repository' });
  if (inside.length === 0) return result;
  const roots = { from: await realpath(repositoryPath), to: await realpath(worktreePath) };
  const found = await listMatches(roots.from, inside, (skipped) => result.skipped.push(skipped));
  const tracked = found.length ? await listTracked?.(found) : undefined;
  for (const relative of found) if (!tracked?.has(relative)) await copyNext(result, relative, { roots, limits });
  return result;
}

type OnSkip = (skipped: Copied['skipped'][number]) => void;

async function listMatches(root: string, patterns: readonly string[], onSkip: OnSkip): Promise<string[]> {
  const found = new Set<string>();
  for await (const match of glob(patterns, { cwd: root, exclude: isNeverEntered })) {
    const relative = path.normalize(match).replace(/\/$/, '');
    if (relative.split(path.sep).some((part) => neverEntered.has(part))) continue;
    const stat = await lstat(path.join(root, relative)).catch(ignoreMissing);
    if (stat?.isDirectory()) for (const file of await listFolder(root, relative, onSkip)) found.add(file);
    else if (stat) found.add(relative);
  }
  return [...found].sort();
}

/** Everything below a folder; links are told of, not followed. */
async function listFolder(root: string, relative: string, onSkip: OnSkip): Promise<string[]> {
  const entries = await readdir(path.join(root, relative), { withFileTypes: true }).catch(explainRefusal);
  if ('reason' in entries) {
    onSkip({ path: relative, ...entries });
    return [];
  }
  const lists = await Promise.all(
    entries
      .filter(({ name }) => !neverEntered.has(name))
      .map((entry) => {
        const place = path.join(relative, entry.name);
        return entry.isDirectory() ? listFolder(root, place, onSkip) : [place];
      }),
  );
  return lists.flat();
}

const isNeverEntered = (place: string): boolean => neverEntered.has(path.basename(place));

type Roots = { from: string; to: string };

async function copyNext(
  result: Copied,
  relative: string,
  { roots, limits }: { roots: Roots; limits: CopyLimits },
): Promise<void> {
  if (await lstat(path.join(roots.to, relative)).catch(ignoreMissing)) return; // what is there stays
  const room = {
    bytes: limits.totalMb * megabyte - result.bytes,
    fileBytes: limits.fileMb * megabyte,
    files: limits.files - result.copied.length,
  };
  const copied = await copyOne(relative, roots, room);
  if ('reason' in copied) result.skipped.push({ path: relative, reason: copied.reason });
  else {
    result.copied.push(relative);
    result.bytes += copied.bytes;
  }
}

async function copyOne(
  relative: string,
  roots: Roots,
  room: { bytes: number; fileBytes: number; files: number },
): Promise<{ bytes: number } | { reason: string }> {
  if (!(await isPlainPath(roots.from, relative))) return { reason: 'it is no regular file, or behind a link' };
  const from = await open(
    path.join(roots.from, relative),
    constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK,
  ).catch(explainRefusal);
  if ('reason' in from) return from;
  try {
    const { size, mode } = await from.stat();
    if (size > room.fileBytes) return { reason: `it has ${mb(size)}, more than copyLimits.fileMb allows` };
    if (size > room.bytes) return { reason: `with its ${mb(size)} it would be more than copyLimits.totalMb allows` };
    if (room.files <= 0) return { reason: 'there are more files than copyLimits.files allows' };
    if (!(await makeFolder(roots.to, path.dirname(relative))))
      return { reason: 'its folder is a link in the worktree' };
    const to = await open(path.join(roots.to, relative), 'wx', mode & 0o777);
    try {
      await to.writeFile(await from.readFile());
    } finally {
      await to.close();
    }
    return { bytes: size };
  } finally {
    await from.close();
  }
}

const mb = (bytes: number): string => `${(bytes / megabyte).toFixed(1)} MB`;

/** A regular file with no link on the way to it. */
async function isPlainPath(root: string, relative: string): Promise<boolean> {
  const place = path.join(root, relative);
  const stat = await lstat(place).catch(ignoreMissing);
  return stat?.isFile() === true && (await realpath(place)) === place;
}

function ignoreMissing(e: NodeJS.ErrnoException): undefined {
  if (e.code !== 'ENOENT' && e.code !== 'ENOTDIR') throw e;
}

function explainRefusal(e: NodeJS.ErrnoException): { reason: string } {
  if (e.code !== 'EACCES' && e.code !== 'EPERM') throw e;
  return { reason: `it cannot be read (${e.code})` };
}
