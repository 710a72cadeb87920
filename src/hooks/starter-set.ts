/**
 * The starting set of `sentra init`: hooks and a command for `.claude/`, and a first `sentra.json`. What a person wrote is never
 * replaced unless they say so; settings are merged. Done again it changes nothing.
 */
import { lstat, mkdir, readFile, writeFile } from 'node:fs/promises';
import path from 'node:path';
import type { StarterFile, StarterReport } from '#src/domain/starter.ts';
import { SentraError } from '#src/errors.ts';
import { mergeSettings } from '#src/hooks/merge-settings.ts';

export type StarterRequest = {
  /** The root of the repository. */
  root: string;
  /** For `sentra.json`; undefined when none was found. */
  testCommand: string | undefined;
  /** Only says what would be done. */
  dryRun: boolean;
  /** Replaces files of the set that were changed. */
  force: boolean;
};

const source = path.join(import.meta.dirname, 'starter');
const copied: readonly [from: string, to: string][] = [
  ...['package.json', 'policy.ts', 'sentra.ts', 'security.ts', 'logging.ts', 'coordination.ts'].map(
    (name): [string, string] => [name, `.claude/hooks/${name}`],
  ),
  ['commands/sentra-plan.md', '.claude/commands/sentra-plan.md'],
];

export async function writeStarterSet(request: StarterRequest): Promise<StarterReport> {
  const { root } = request;
  for (const folder of ['.claude', '.claude/hooks', '.claude/commands']) await refuseLink(path.join(root, folder));
  const files: StarterFile[] = [];
  for (const [from, to] of copied) files.push(await copyOne(request, path.join(source, from), to));
  files.push(await settle(request));
  files.push(await begin(request));
  return { root, dryRun: request.dryRun, files };
}

/** What it leads to may be anybody's. */
async function refuseLink(folder: string): Promise<void> {
  const found = await lstat(folder).catch(() => undefined);
  if (found && !found.isDirectory())
    throw new SentraError('conflict', `${folder} is no folder of this repository; move it away, then run init again.`);
}

async function copyOne(request: StarterRequest, from: string, to: string): Promise<StarterFile> {
  const wanted = await readFile(from, 'utf8');
  const present = await findText(request.root, to);
  if (present === wanted) return { path: to, action: 'unchanged', note: null };
  if (present === undefined) return put(request, { path: to, action: 'created', note: null }, wanted);
  if (request.force) return put(request, { path: to, action: 'replaced', note: 'it was different' }, wanted);
  return { path: to, action: 'kept', note: 'it is different from the one of this version; --force replaces it' };
}

async function settle(request: StarterRequest): Promise<StarterFile> {
  const to = '.claude/settings.json';
  const ours = await readFile(path.join(source, 'settings.json'), 'utf8');
  const present = await findText(request.root, to);
  if (present === undefined) return put(request, { path: to, action: 'created', note: null }, ours);
  const merged = mergeSettings(present, ours);
  if (merged.problem !== undefined) return { path: to, action: 'kept', note: merged.problem };
  if (merged.added.length === 0) return { path: to, action: 'unchanged', note: null };
  const note = `hooks added at ${merged.added.join(', ')}; what was there stays`;
  return put(request, { path: to, action: 'merged', note }, merged.text);
}

async function begin(request: StarterRequest): Promise<StarterFile> {
  const to = 'sentra.json';
  if ((await findText(request.root, to)) !== undefined) return { path: to, action: 'unchanged', note: null };
  const { testCommand } = request;
  const note = testCommand ? `tests run by \`${testCommand}\`` : 'no test command was found: set "test"';
  const text = `${JSON.stringify({ ...(testCommand ? { test: testCommand } : {}), agents: { default: 'claude' }, merge: 'manual' }, null, 2)}\n`;
  return put(request, { path: to, action: 'created', note }, text);
}

async function put({ root, dryRun }: StarterRequest, file: StarterFile, text: string): Promise<StarterFile> {
  if (dryRun) return file;
  const target = path.join(root, file.path);
  await mkdir(path.dirname(target), { recursive: true });
  await writeFile(target, text);
  return file;
}

/** Undefined where there is nothing; a link counts as what is there, and is never written through. */
async function findText(root: string, file: string): Promise<string | undefined> {
  const target = path.join(root, file);
  const found = await lstat(target).catch(() => undefined);
  if (!found) return undefined;
  if (!found.isFile())
    throw new SentraError('conflict', `${target} is no plain file; move it away, then run init again.`);
  return readFile(target, 'utf8');
}
