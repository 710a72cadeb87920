/** What an installed tree depends on, as one name: two worktrees with the same key get the same dependencies. */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir, realpath, stat } from 'node:fs/promises';
import path from 'node:path';
import { findPackageJson, findText } from '#src/environment/manifest.ts';
import type { PackageManager } from '#src/environment/package-manager.ts';
import { readPlain } from '#src/environment/plain-path.ts';
import type { PreparedPlace } from '#src/environment/prepared-place.ts';
import { listManifests } from '#src/environment/prepared-tree.ts';

/** Files that decide what is installed, and folders of such files. */
const settings = [
  ...['package-lock.json', 'npm-shrinkwrap.json', 'pnpm-lock.yaml', 'yarn.lock', 'bun.lock', 'bun.lockb'],
  ...['.npmrc', '.yarnrc', '.yarnrc.yml', 'bunfig.toml', 'pnpm-workspace.yaml', '.pnpmfile.cjs', '.pnpmfile.mjs'],
  ...['go.mod', 'go.sum', 'go.work', 'go.work.sum', 'Cargo.lock', 'rust-toolchain', 'rust-toolchain.toml'],
  ...['.cargo/config.toml', '.cargo/config', '.mvn/maven.config', '.mvn/extensions.xml', '.mvn/jvm.config'],
];
const settingFolders = ['patches', '.yarn/patches', '.yarn/plugins', '.yarn/releases'];
/** What stands for the manifests of a stack, wherever it lies in the worktree. */
const manifestNames: Partial<Record<PackageManager['manager'], string>> = {
  cargo: 'Cargo.toml',
  maven: 'pom.xml',
  go: 'go.mod',
};

/**
 * Undefined where dependencies must not be taken over from another worktree: only an install by a lockfile says beforehand
 * what it makes. Maven has none, but its released versions do not change.
 */
export async function preparedKey(place: PreparedPlace, how: PackageManager): Promise<string | undefined> {
  if (!how.locked) return undefined;
  const program = await identify(how.command[0] ?? '', place);
  if (program === undefined) return undefined;
  const hash = createHash('sha256');
  const add = (...parts: string[]) => hash.update(JSON.stringify(parts));
  add(how.manager, how.command.join(' '), program);
  add(process.version, process.versions.modules, process.platform, process.arch, libc());
  for (const name of settings) add(name, await digest(place, name));
  for (const folder of settingFolders)
    for (const name of await namesIn(path.join(place.worktreePath, folder)))
      add(folder, name, await digest(place, path.join(folder, name)));
  for (const file of await listManifests(place, manifestNames[how.manager])) add(file, await digest(place, file));
  return hash.digest('hex');
}

/** Of a file as bytes (a lockfile may be binary); empty where there is none. */
async function digest({ worktreePath }: PreparedPlace, file: string): Promise<string> {
  const bytes = await readPlain(worktreePath, file, maxBytes);
  return bytes === undefined ? '' : createHash('sha256').update(bytes).digest('hex');
}

const maxBytes = 256 * 1024 * 1024;

const namesIn = async (folder: string): Promise<string[]> => ((await readdir(folder).catch(ignoreAbsent)) ?? []).sort();

function ignoreAbsent(e: NodeJS.ErrnoException): undefined {
  if (!['ENOENT', 'ENOTDIR', 'EISDIR'].includes(e.code ?? '')) throw e;
}

/** Asking a program for its version takes longer than all of the rest; what its files say is as good. */
async function identify(program: string, place: PreparedPlace): Promise<string | undefined> {
  const real = await findProgram(program, place);
  if (real === undefined) return undefined;
  const { size, mtimeMs } = await stat(real);
  return JSON.stringify([real, size, mtimeMs, await packageOf(real)]);
}

async function findProgram(program: string, place: PreparedPlace): Promise<string | undefined> {
  const folders = program.includes('/') ? [place.worktreePath] : place.searchPath.split(':');
  const found = folders.map((folder) => path.join(folder, program));
  const file = found.find((candidate) => path.isAbsolute(candidate) && existsSync(candidate));
  return file === undefined ? undefined : realpath(file);
}

/** The manifest of the package that a program belongs to. */
const packageOf = async (real: string): Promise<string> =>
  (await findText(path.dirname(real), 'package.json')) ??
  (await findText(path.join(real, '../..'), 'package.json')) ??
  '';

const firstWithStore = 12; // the first whose installs can do with a store that they must not write

/** Whether this pnpm links out of a store that several worktrees share, and may be kept from writing it. */
export async function hasSharedStore(place: PreparedPlace): Promise<boolean> {
  const declared = /^pnpm@(\d+)/.exec((await findPackageJson(place.worktreePath))?.packageManager ?? '')?.[1];
  if (declared !== undefined) return Number(declared) >= firstWithStore;
  const real = await findProgram('pnpm', place);
  const manifest = real === undefined ? '' : await packageOf(real);
  const version = /"name":\s*"pnpm"/.test(manifest) ? /"version":\s*"(\d+)\./.exec(manifest)?.[1] : undefined;
  return Number(version ?? 0) >= firstWithStore;
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
