/** The state of a worktree as a tree object, made through an index of our own, so that nothing of the worktree changes. */
import { copyFile, rm, stat, utimes } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { execGit, gitLine } from '#src/git/exec-git.ts';

export type Snapshot = { tree: string; files: string[]; indexFile: string };

/** Files that hold ports and secrets of one machine: never committed, whatever .gitignore says, and never deleted either. */
export const environmentFiles = ['**/.env.local', '**/.ports.env', '**/.env.*.local'];
const isEnvironmentFile = (path: string) => /^(\.env\.local|\.ports\.env|\.env\..*\.local)$/.test(basename(path));

/** Pathspecs that leave out the environment files and `exclude` (git globs). */
export const withoutFiles = (exclude: readonly string[]): string[] =>
  [...environmentFiles, ...exclude].map((glob) => `:(exclude,glob)${glob}`);

export async function snapshot(
  adminDir: string,
  worktreePath: string,
  {
    parent,
    exclude = [],
    include = [],
    signal,
  }: { parent: string; exclude?: readonly string[]; include?: readonly string[]; signal?: AbortSignal },
): Promise<Snapshot> {
  const indexFile = join(adminDir, 'index.sentra');
  const git = { gitDir: adminDir, workTree: worktreePath, indexFile, ...(signal ? { signal } : {}) };
  await rm(`${indexFile}.lock`, { force: true }); // ours alone: only a killed Sentra can have left it
  // The worktree's own index knows which files did not change, which saves reading them all.
  await copyIndex(join(adminDir, 'index'), indexFile).catch(() => execGit(['read-tree', parent], git));
  // Git enters a repository inside the tree and would run what its configuration says.
  const links = (await gitlinks(git)).map((path) => `:(exclude,literal)${path}`);
  await execGit(['add', '-A', '--', '.', ...withoutFiles(exclude), ...links], git);
  if (include.length > 0) await execGit(['add', '-f', '--', ...include.map((path) => `:(literal)${path}`)], git);
  const changes = await changesIn(git, parent);
  const refused = changes.filter((change) => change.newMode === '160000' || isEnvironmentFile(change.path));
  if (refused.length > 0)
    await execGit(['update-index', '-z', '--index-info'], {
      ...git,
      input: refused
        .map(({ oldMode, oldId, path }) => `${oldMode === '000000' ? '0' : oldMode} ${oldId}\t${path}\0`)
        .join(''),
    });
  const files = changes.filter((change) => !refused.includes(change)).map((change) => change.path);
  return { tree: await gitLine(['write-tree'], git), files, indexFile };
}

/**
 * With the date of the original: git takes a file for unchanged that has the same size and second as its entry, unless the
 * index is not younger than that (gitformat-index(5), racy entries). A copy that looks younger would hide such a change.
 */
async function copyIndex(from: string, to: string): Promise<void> {
  await copyFile(from, to);
  const { atime, mtime } = await stat(from);
  await utimes(to, atime, mtime);
}

async function gitlinks(git: { gitDir: string; indexFile: string }): Promise<string[]> {
  const entries = (await execGit(['ls-files', '-s', '-z'], git)).stdout.split('\0');
  return entries.filter((entry) => entry.startsWith('160000 ')).map((entry) => entry.slice(entry.indexOf('\t') + 1));
}

type Change = { oldMode: string; newMode: string; oldId: string; path: string };

async function changesIn(git: { gitDir: string; indexFile: string }, parent: string): Promise<Change[]> {
  const args = [
    'diff-index',
    '--cached',
    '--raw',
    '-z',
    '--no-abbrev',
    '--no-renames',
    '--ignore-submodules=none',
    parent,
  ];
  const parts = (await execGit(args, git)).stdout.split('\0');
  const changes: Change[] = [];
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const [oldMode = '', newMode = '', oldId = ''] = parts[i]?.slice(1).split(' ') ?? [];
    changes.push({ oldMode, newMode, oldId, path: parts[i + 1] ?? '' });
  }
  return changes;
}
