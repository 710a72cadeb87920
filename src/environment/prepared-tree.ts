/** Looks at a freshly installed tree: may other worktrees have it too, and which parts of it must they not share? */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { findPackageJson, findText } from '#src/environment/manifest.ts';
import type { PackageManager } from '#src/environment/package-manager.ts';
import { type PreparedPlace, tool } from '#src/environment/prepared-place.ts';
import { isInHome, listRoots, placeOf, type Root, rewrittenNames } from '#src/environment/prepared-roots.ts';

/** `copied`: for each root the paths in it that each worktree gets for itself; `dropped`: those that none gets. */
export type Judged =
  | { fit: true; roots: (Root & { copied: string[]; dropped: string[] })[] }
  | { fit: false; why: string };

type Entry = { kind: string; path: string; target: string };

const packageScripts = ['preinstall', 'install', 'postinstall'];
const ownScripts = [...packageScripts, 'prepublish', 'preprepare', 'postprepare'];
/** They say where their worktree lies, and installers do without them. */
const placeFiles = ['.pnpm-workspace-state.json', '.pnpm-workspace-state-v1.json'];
/** At the top of a tree, with packages in them that are like any others. */
const packageFolders = ['.pnpm', '.bun', '.store'];

export async function judgeTree(
  place: PreparedPlace,
  how: PackageManager,
  homeBefore: ReadonlySet<string>,
): Promise<Judged> {
  const roots = await listRoots(place, how);
  if (roots.length === 0) return unfit('the install made nothing');
  const outside = isInHome(how) ? undefined : await judgeProject(place, how, homeBefore);
  if (outside !== undefined) return unfit(outside);
  const judged: (Root & { copied: string[]; dropped: string[] })[] = [];
  for (const root of roots) {
    const entries = await listTree(place, how, root);
    const odd = entries.find(({ kind }) => !'fdl'.includes(kind));
    if (odd) return unfit(`${odd.path} is neither file, folder nor link`);
    const linked = await judgeLinks(place, root, { entries, roots });
    if (linked !== undefined) return unfit(linked);
    const dropped = entries.map((entry) => entry.path).filter((name) => placeFiles.includes(name));
    const own = root.in === 'home' ? outermost(entries) : await ownParts(placeOf(place, root), entries);
    judged.push({ ...root, copied: own.filter((part) => !dropped.includes(part)), dropped });
  }
  return { fit: true, roots: judged };
}

const unfit = (why: string): Judged => ({ fit: false, why });

/** What the project itself does at an install happens in its own worktree alone. */
async function judgeProject(
  place: PreparedPlace,
  how: PackageManager,
  homeBefore: ReadonlySet<string>,
): Promise<string | undefined> {
  const own = await ownScriptOf(place.worktreePath, ownScripts);
  if (own !== undefined) return `the project's own script "${own}" takes part in its install`;
  const left = [...(await listHome(place.homePath))].filter((name) => !homeBefore.has(name));
  if (left.length > 0) return `the install left ${left[0]} in the home folder`;
  if (how.manager === 'npm' || !(await hasWorkspaces(place.worktreePath))) return undefined; // npm: its links say which
  for (const file of await listManifests(place)) {
    if (file === 'package.json') continue;
    const script = await ownScriptOf(path.join(place.worktreePath, path.dirname(file)), [...ownScripts, 'prepare']);
    if (script !== undefined) return `the script "${script}" of ${path.dirname(file)} takes part in the install`;
  }
  return undefined;
}

async function hasWorkspaces(folder: string): Promise<boolean> {
  if (existsSync(path.join(folder, 'pnpm-workspace.yaml'))) return true;
  return (await findPackageJson(folder))?.workspaces !== undefined;
}

/** Every manifest outside of installed packages: workspaces, and folders that a `file:` dependency names. */
export async function listManifests(place: PreparedPlace, name = 'package.json'): Promise<string[]> {
  const skipped = ['(', '-name', 'node_modules', '-o', '-name', '.git', ')', '-prune', '-o'];
  const wanted = ['-type', 'f', '-name', name, '-printf', '%P\\0'];
  const found = await tool(place, ['find', '.', ...skipped, ...wanted], place.worktreePath);
  return found.toString('utf8').split('\0').filter(Boolean).sort();
}

/** What lies in the home folder and its cache; the installers' own working folders do not count. */
export async function listHome(homePath: string): Promise<Set<string>> {
  const names: string[] = [];
  const open = (await readdir(homePath).catch(() => [])).filter((name) => !workingFolders.includes(name));
  for (const name of open) {
    if (!sharedFolders.includes(name)) names.push(name);
    else names.push(...(await readdir(path.join(homePath, name)).catch(() => [])).map((below) => `${name}/${below}`));
  }
  return new Set(names.filter((name) => !workingFolders.includes(name)));
}

const sharedFolders = ['.cache', '.local', '.config', '.local/share', '.local/state'];
const workingFolders = [
  ...['tmp', '.npm', '.cache/node-gyp', '.yarn', '.yarnrc', '.bun', '.cache/yarn'],
  ...['.cache/pnpm', '.local/share/pnpm', '.local/state/pnpm', '.config/pnpm', '.config/yarn'],
];

/** What there is to judge: links and odd things, manifests, the dot files at the top, names that tools rewrite. Ordinary files are too many to read here. */
async function listTree(place: PreparedPlace, how: PackageManager, root: Root): Promise<Entry[]> {
  const special = ['!', '-type', 'f', '!', '-type', 'd'];
  const node = ['-o', '-type', 'f', '-name', 'package.json', '-o', '-path', './.*', '!', '-path', './*/*'];
  const names = root.in === 'home' ? rewrittenNames(how).flatMap((name) => ['-o', '-name', name]) : node;
  const printed = ['-printf', '%y\\0%P\\0%l\\0'];
  const search = ['find', '.', '-mindepth', '1', '(', ...special, ...names, ')', ...printed];
  const fields = (await tool(place, search, placeOf(place, root))).toString('utf8').split('\0');
  const entries: Entry[] = [];
  for (let i = 0; i + 2 < fields.length; i += 3)
    entries.push({ kind: fields[i] ?? '', path: fields[i + 1] ?? '', target: fields[i + 2] ?? '' });
  return entries;
}

/** Links may lead to a workspace of the worktree, which is in every other one too; says what is wrong with them. */
async function judgeLinks(
  place: PreparedPlace,
  root: Root,
  { entries, roots }: { entries: readonly Entry[]; roots: readonly Root[] },
): Promise<string | undefined> {
  const tree = placeOf(place, root);
  const limit = root.in === 'home' ? tree : place.worktreePath;
  const trees = roots.map((other) => placeOf(place, other));
  for (const link of entries.filter(({ kind }) => kind === 'l')) {
    const target = path.resolve(tree, path.dirname(link.path), link.target);
    if (path.isAbsolute(link.target) || !isWithin(target, limit)) return `${link.path} leads out of the worktree`;
    if (trees.some((other) => isWithin(target, other)) || path.basename(path.dirname(link.path)) === '.bin') continue;
    const script = await ownScriptOf(target, [...ownScripts, 'prepare']);
    if (script !== undefined) return `the script "${script}" of ${link.path} takes part in the install`;
  }
  return undefined;
}

const isWithin = (place: string, folder: string): boolean => place.startsWith(`${folder}${path.sep}`);

async function ownScriptOf(folder: string, names: readonly string[]): Promise<string | undefined> {
  if (existsSync(path.join(folder, 'binding.gyp'))) return 'install'; // npm builds it without being told
  const scripts = (await findPackageJson(folder))?.scripts;
  return names.find((name) => scripts?.[name] !== undefined);
}

/** True when the project has a script for the installer to run after each install, which changes nothing of the tree's packages. */
export async function hasPrepareScript(worktreePath: string): Promise<boolean> {
  const scripts = (await findPackageJson(worktreePath))?.scripts;
  return scripts?.prepare !== undefined && !(await findText(worktreePath, '.npmrc'))?.includes('ignore-scripts');
}

/** Packages that run a script when they are installed may write into themselves later; managers write into their dot files. */
async function ownParts(tree: string, entries: readonly Entry[]): Promise<string[]> {
  const tops = entries.filter((entry) => entry.path.startsWith('.') && !entry.path.includes('/'));
  const parts = tops.filter((entry) => !packageFolders.includes(entry.path));
  const isManifest = /^(?:.+\/node_modules\/)?(?:@[^/]+\/)?[^/.][^/]*\/package\.json$/;
  for (const entry of entries.filter(({ kind, path: file }) => kind === 'f' && isManifest.test(file))) {
    const folder = path.dirname(entry.path);
    if (parts.some((part) => isWithin(folder, part.path))) continue;
    if ((await ownScriptOf(path.join(tree, folder), packageScripts)) !== undefined)
      parts.push({ ...entry, path: folder });
  }
  return outermost(parts);
}

const outermost = (entries: readonly Entry[]): string[] =>
  entries
    .filter(({ kind, path: part }) => kind !== 'l' && !entries.some((other) => isWithin(part, other.path)))
    .map((entry) => entry.path)
    .sort();

/** One hash over name, kind, size, time, inode and rights of each file of a prepared entry. */
export async function fingerprint(place: PreparedPlace, entry: string): Promise<string> {
  // Folders that nothing touched are read in the same order again; another order costs one install.
  const facts = "find linked copied ! -type d -printf '%y %s %T@ %i %m %l %p\\0' | sha256sum";
  const hashed = await tool(place, ['/bin/sh', '-c', facts], entry);
  return hashed.toString('utf8').slice(0, 64);
}

/** Some files spread over the whole, by content: a change that hid its traces, or a failing disk, may show. */
export async function sampleFiles(place: PreparedPlace, entry: string, count = 32): Promise<string[]> {
  const listed = await tool(place, ['find', 'linked', 'copied', '-type', 'f', '-print0'], entry);
  const files = listed.toString('utf8').split('\0').filter(Boolean);
  const stride = Math.max(1, files.length / count);
  return Array.from({ length: Math.min(count, files.length) }, (_, i) => files[Math.floor(i * stride)] ?? '');
}

export async function digestOf(place: PreparedPlace, entry: string, files: readonly string[]): Promise<string> {
  if (files.length === 0) return '';
  const sums = await tool(place, ['sha256sum', '--zero', '--', ...files], entry);
  return createHash('sha256').update(sums).digest('hex');
}
