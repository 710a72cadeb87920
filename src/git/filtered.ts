/**
 * Files that a filter of the project turns into something else on their way into a commit: pointers of LFS, secrets that git-crypt
 * encrypts. Sentra runs no filter, so such a file would be committed as it is, a secret in plain text.
 */
import { constants } from 'node:fs';
import { lstat, open, rm } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execGit } from '#src/git/exec-git.ts';

export type Filtered = { path: string; filter: string };

type Place = { adminDir: string; worktreePath: string; indexFile: string; parent: string };

/** What a file looks like that the filter has been through already, for instance a pointer that only got another name. */
const rawForms: readonly { name: RegExp; start: string }[] = [
  { name: /^lfs$/, start: 'version https://git-lfs.github.com/spec/v1\n' },
  { name: /^git-crypt(-.+)?$/, start: '\0GITCRYPT\0' },
  { name: /^crypt$/, start: 'U2FsdGVkX1' }, // transcrypt
];

/** Those of the changed files that must not be committed without their filter. A filter that its owner did not call required may be missing. */
export async function findUnfiltered(place: Place, files: readonly string[]): Promise<Filtered[]> {
  const filtered = await listFiltered(place, files);
  if (filtered.length === 0) return [];
  const required = await listRequired(place.adminDir);
  const found: Filtered[] = [];
  for (const one of filtered) {
    const form = rawForms.find(({ name }) => name.test(one.filter));
    if (!form && !required.has(one.filter)) continue;
    const file = join(place.worktreePath, one.path);
    if (!(await lstat(file).catch(() => null))?.isFile()) continue; // deleted, or a link: git filters neither
    if (!form || !(await startsWith(file, form.start))) found.push(one);
  }
  return found;
}

async function listFiltered({ adminDir, indexFile, parent }: Place, files: readonly string[]): Promise<Filtered[]> {
  if (files.length === 0) return [];
  const now = await askAttributes({ gitDir: adminDir, indexFile }, files);
  if (!files.some((file) => basename(file) === '.gitattributes')) return now;
  // An agent may have taken the attribute away: what counted before it counts as well.
  const before = join(adminDir, `index.${crypto.randomUUID()}`);
  try {
    await execGit(['read-tree', parent], { gitDir: adminDir, indexFile: before });
    const then = await askAttributes({ gitDir: adminDir, indexFile: before }, files);
    return [...then, ...now.filter((one) => !then.some(({ path }) => path === one.path))];
  } finally {
    await rm(before, { force: true });
  }
}

async function askAttributes(git: { gitDir: string; indexFile: string }, files: readonly string[]) {
  const args = ['check-attr', '--cached', '--stdin', '-z', 'filter'];
  const parts = (await execGit(args, { ...git, input: files.map((file) => `${file}\0`).join('') })).stdout.split('\0');
  const found: Filtered[] = [];
  for (let i = 0; i + 2 < parts.length; i += 3) {
    const [path = '', filter = ''] = [parts[i], parts[i + 2]];
    if (!['unspecified', 'set', 'unset'].includes(filter)) found.push({ path, filter });
  }
  return found;
}

/** Read as the person, whose own configuration is where `git lfs install` writes. */
async function listRequired(gitDir: string): Promise<Set<string>> {
  const args = ['config', '--includes', '-z', '--bool', '--get-regexp', '^filter\\..*\\.required$'];
  const { stdout } = await execGit(args, { gitDir, asUser: true, okExitCodes: [0, 1, 128] });
  const entries = stdout.split('\0').filter((entry) => entry.endsWith('\ntrue'));
  return new Set(entries.map((entry) => entry.slice('filter.'.length, -'.required\ntrue'.length)));
}

async function startsWith(file: string, start: string): Promise<boolean> {
  const handle = await open(file, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(start.length), 0, start.length, 0);
    return buffer.subarray(0, bytesRead).toString('latin1') === start;
  } finally {
    await handle.close();
  }
}
