/**
 * An installed tree that is moved to another folder. Tools write down where they are: links, scripts of virtual environments,
 * shims and state files of pnpm. The place has a name of its own that nothing else can contain, so all of that is found by
 * searching for it; texts and links are rewritten after the move, and a tree with the name in anything else is not to be moved.
 */
import { lstat, readFile, readlink, rename, rm, stat, symlink, utimes, writeFile } from 'node:fs/promises';
import path from 'node:path';
import { type PreparedPlace, tool } from '#src/environment/prepared-place.ts';
import { gentle } from '#src/process/gentle.ts';

/** `named`: links and texts, relative to the folder, that `rename` is to be called with after the move. */
export type Movability = { movable: true; named: string[] } | { movable: false; why: string };

const mostFiles = 20_000;
const mostBytes = 4 * 1024 * 1024;

/** Looks through a whole worktree for `name`, the last part of its path. */
export async function judgeMove(
  place: Pick<PreparedPlace, 'worktreePath' | 'searchPath' | 'signal'>,
  name: string,
): Promise<Movability> {
  const texts = await list(place, `grep -rlZF --exclude=.git -e "$0" . || [ $? -eq 1 ]`, name);
  const [entry] = await list(place, `find . -name "*$0*" -print0`, name);
  if (entry) return { movable: false, why: `${entry} is called after its place` };
  const links = await list(place, `find . -type l -lname "*$0*" -print0`, name);
  if (texts.length + links.length > mostFiles) return { movable: false, why: `${texts.length} files name their place` };
  const named = links;
  for (const file of texts) {
    if (file.endsWith('.pyc')) continue; // Python puts the place of a module right when it loads it
    const why = await judgeText(path.join(place.worktreePath, file));
    if (why) return { movable: false, why: `${file} names its place and ${why}` };
    named.push(file);
  }
  return { movable: true, named: named.sort() };
}

async function list(
  place: Pick<PreparedPlace, 'worktreePath' | 'searchPath' | 'signal'>,
  script: string,
  name: string,
): Promise<string[]> {
  const { command, args } = gentle('/bin/sh', ['-c', script, name]);
  const found = await tool(place, [command, ...args], place.worktreePath);
  return found
    .toString('utf8')
    .split('\0')
    .filter(Boolean)
    .map((file) => file.replace(/^\.\//, ''));
}

async function judgeText(file: string): Promise<string | undefined> {
  const { nlink, size } = await stat(file);
  if (nlink > 1) return 'is shared with other folders';
  if (size > mostBytes) return 'is large';
  return (await readFile(file)).includes(0) ? 'is no text' : undefined;
}

/** Writes the new name in the place of the old one. Doing it again changes nothing. */
export async function renamePlace(
  folder: string,
  named: readonly string[],
  { from, to }: { from: string; to: string },
): Promise<void> {
  for (const file of named) await renameIn(path.join(folder, file), from, to);
}

async function renameIn(file: string, from: string, to: string): Promise<void> {
  const found = await lstat(file).catch(() => null);
  if (!found) return; // somebody removed it: then nothing reads it
  const draft = `${file}.sentra`;
  await rm(draft, { recursive: true, force: true }); // what an install put there may be a link that leads out of the tree
  if (found.isSymbolicLink()) await symlink((await readlink(file)).replaceAll(from, to), draft);
  else if (found.isFile()) {
    const text = await readFile(file, 'latin1'); // byte by byte, whatever its encoding
    await writeFile(draft, text.replaceAll(from, to), { encoding: 'latin1', mode: found.mode, flag: 'wx' });
    await utimes(draft, found.atime, found.mtime);
  } else return;
  await rename(draft, file);
}
