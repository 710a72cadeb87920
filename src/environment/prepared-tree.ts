/** Looks at a freshly installed tree: may other worktrees have it too, and which parts of it must they not share? */
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import path from 'node:path';
import { findPackageJson, findText } from '#src/environment/manifest.ts';
import { type PreparedPlace, tool } from '#src/environment/prepared-place.ts';

/** `copied`: paths in the tree that each worktree gets for itself. */
export type Judged = { fit: true; copied: string[] } | { fit: false; why: string };

type Entry = { kind: string; path: string; target: string };

const packageScripts = ['preinstall', 'install', 'postinstall'];
const ownScripts = [...packageScripts, 'prepublish', 'preprepare', 'postprepare'];

export async function judgeTree(place: PreparedPlace, homeBefore: ReadonlySet<string>): Promise<Judged> {
  const own = await ownScriptOf(place.worktreePath, ownScripts);
  if (own !== undefined) return unfit(`the project's own script "${own}" takes part in its install`);
  const left = [...(await listHome(place.homePath))].filter((name) => !homeBefore.has(name));
  if (left.length > 0) return unfit(`the install left ${left[0]} in the home folder`);
  const entries = await listTree(place);
  const odd = entries.find(({ kind }) => !'fdl'.includes(kind));
  if (odd) return unfit(`${odd.path} is neither file, folder nor link`);
  const linked = await judgeLinks(place.worktreePath, entries);
  if (linked !== undefined) return unfit(linked);
  return { fit: true, copied: await ownParts(place.worktreePath, entries) };
}

const unfit = (why: string): Judged => ({ fit: false, why });

/** What lies in the home folder and its cache; the installer's own working folders do not count. */
export async function listHome(homePath: string): Promise<Set<string>> {
  const top = await readdir(homePath).catch(() => []);
  const cached = await readdir(path.join(homePath, '.cache')).catch(() => []);
  const names = [...top.filter((name) => name !== '.cache'), ...cached.map((name) => `.cache/${name}`)];
  return new Set(names.filter((name) => !['tmp', '.npm', '.cache/node-gyp'].includes(name)));
}

/** What there is to judge: links and odd things, manifests, and the dot files at the top. Ordinary files are too many to read here. */
async function listTree({ worktreePath, ...place }: PreparedPlace): Promise<Entry[]> {
  const tree = path.join(worktreePath, 'node_modules');
  const special = ['!', '-type', 'f', '!', '-type', 'd', '-o', '-type', 'f', '-name', 'package.json'];
  const topDots = ['-o', '-path', './.*', '!', '-path', './*/*'];
  const printed = ['-printf', '%y\\0%P\\0%l\\0'];
  const listed = await tool(place, ['find', '.', '-mindepth', '1', '(', ...special, ...topDots, ')', ...printed], tree);
  const fields = listed.toString('utf8').split('\0');
  const entries: Entry[] = [];
  for (let i = 0; i + 2 < fields.length; i += 3)
    entries.push({ kind: fields[i] ?? '', path: fields[i + 1] ?? '', target: fields[i + 2] ?? '' });
  return entries;
}

/** Links may lead to a workspace of the worktree, which is in every other one too; says what is wrong with them. */
async function judgeLinks(worktreePath: string, entries: readonly Entry[]): Promise<string | undefined> {
  const tree = path.join(worktreePath, 'node_modules');
  for (const link of entries.filter(({ kind }) => kind === 'l')) {
    const target = path.resolve(tree, path.dirname(link.path), link.target);
    if (path.isAbsolute(link.target) || !target.startsWith(`${worktreePath}${path.sep}`))
      return `${link.path} leads out of the worktree`;
    if (target.startsWith(`${tree}${path.sep}`) || path.basename(path.dirname(link.path)) === '.bin') continue;
    if (existsSync(path.join(target, 'node_modules'))) return `${link.path} has dependencies of its own`;
    const script = await ownScriptOf(target, [...ownScripts, 'prepare']);
    if (script !== undefined) return `the script "${script}" of ${link.path} takes part in the install`;
  }
  return undefined;
}

async function ownScriptOf(folder: string, names: readonly string[]): Promise<string | undefined> {
  if (existsSync(path.join(folder, 'binding.gyp'))) return 'install'; // npm builds it without being told
  const scripts = (await findPackageJson(folder))?.scripts;
  return names.find((name) => scripts?.[name] !== undefined);
}

/** True when the project has a script for npm to run after each install, which changes nothing of the tree's packages. */
export async function hasPrepareScript(worktreePath: string): Promise<boolean> {
  const scripts = (await findPackageJson(worktreePath))?.scripts;
  return scripts?.prepare !== undefined && !(await findText(worktreePath, '.npmrc'))?.includes('ignore-scripts');
}

/** Packages that run a script when they are installed may write into themselves later; npm writes into its dot files. */
async function ownParts(worktreePath: string, entries: readonly Entry[]): Promise<string[]> {
  const parts = entries.filter((entry) => entry.path.startsWith('.') && !entry.path.includes('/')).map((e) => e.path);
  const isManifest = /^(?:.+\/node_modules\/)?(?:@[^/]+\/)?[^/.][^/]*\/package\.json$/;
  for (const { path: file } of entries.filter((entry) => entry.kind === 'f' && isManifest.test(entry.path))) {
    const folder = path.dirname(file);
    if (parts.some((part) => folder.startsWith(`${part}/`))) continue;
    if ((await ownScriptOf(path.join(worktreePath, 'node_modules', folder), packageScripts)) !== undefined)
      parts.push(folder);
  }
  return parts.filter((part) => !parts.some((other) => part.startsWith(`${other}/`))).sort();
}

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
