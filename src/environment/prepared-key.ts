/** What an installed tree depends on, as one name: two worktrees with the same key get the same dependencies. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readFile, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { findText } from '#src/environment/manifest.ts';
import type { PackageManager } from '#src/environment/package-manager.ts';
import { type PreparedPlace, tool } from '#src/environment/prepared-place.ts';

const settings = ['package-lock.json', 'npm-shrinkwrap.json', '.npmrc'];

/**
 * Undefined where a tree must not be taken over from another worktree: only a locked npm install says beforehand what it
 * makes, and only where the project's own scripts have no part in it.
 */
export async function preparedKey(place: PreparedPlace, how: PackageManager): Promise<string | undefined> {
  if (how.manager !== 'npm' || !how.command.includes('ci')) return undefined;
  const npm = await identify('npm', place.searchPath);
  if (npm === undefined) return undefined;
  const hash = createHash('sha256');
  const add = (...parts: string[]) => hash.update(JSON.stringify(parts));
  add(how.command.join(' '), npm, process.version, process.versions.modules, process.platform, process.arch, libc());
  for (const name of settings) add(name, (await findText(place.worktreePath, name)) ?? '');
  for (const file of await manifestsIn(place)) add(file, await readFile(path.join(place.worktreePath, file), 'utf8'));
  return hash.digest('hex');
}

/** Asking a program for its version takes longer than all of the rest; what its files say is as good. */
async function identify(program: string, searchPath: string): Promise<string | undefined> {
  const found = searchPath.split(':').map((folder) => path.join(folder, program));
  const file = found.find((candidate) => path.isAbsolute(candidate) && existsSync(candidate));
  if (file === undefined) return undefined;
  const real = await realpath(file);
  const { size, mtimeMs } = await stat(real);
  const manifest = await findText(path.join(path.dirname(real), '..'), 'package.json');
  return JSON.stringify([real, size, mtimeMs, manifest ?? '']);
}

/** Every package.json outside of installed packages: workspaces, and folders that a `file:` dependency names. */
async function manifestsIn(place: PreparedPlace): Promise<string[]> {
  const skipped = ['(', '-name', 'node_modules', '-o', '-name', '.git', ')', '-prune', '-o'];
  const wanted = ['-type', 'f', '-name', 'package.json', '-printf', '%P\\0'];
  const found = await tool(place, ['find', '.', ...skipped, ...wanted], place.worktreePath);
  return found.toString('utf8').split('\0').filter(Boolean).sort();
}

let knownLibc: string | undefined;

/** The version of glibc; empty with another C library. */
function libc(): string {
  if (knownLibc !== undefined) return knownLibc;
  const report = process.report as NodeJS.ProcessReport & { excludeNetwork: boolean };
  report.excludeNetwork = true; // it would ask the name server
  const { header } = report.getReport() as { header?: { glibcVersionRuntime?: string } };
  knownLibc = header?.glibcVersionRuntime ?? '';
  return knownLibc;
}
