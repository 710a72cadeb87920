/** The state of a worktree as a tree object, made through an index of our own, so that nothing of the worktree changes. */
import { readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { SentraError } from '#src/errors.ts';
import { execGit, gitLine } from '#src/git/exec-git.ts';
import { addFiles, addNested } from '#src/git/nested.ts';

export type Snapshot = {
  tree: string;
  files: string[];
  /** Clones of other repositories inside the tree, which are not taken. */
  leftOut: string[];
  indexFile: string;
};

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
  const begin = async () => {
    const copy = await copyIndex(join(adminDir, 'index'), indexFile).catch(() => null);
    if (!copy) await execGit(['read-tree', parent], git);
    return copy;
  };
  const copy = await begin();
  // Git enters a repository inside the tree and would run what its configuration says.
  const links = copy && !mayHaveGitlinks(copy) ? [] : await gitlinks(git);
  const unwanted = withoutFiles(exclude);
  const specs = [...unwanted, ...links.map((path) => `:(exclude,literal)${path}`)];
  const leftOut = (await addAll(git, specs)) ? [] : await begin().then(() => addNested(git, specs, unwanted));
  if (include.length > 0)
    await execGit(['add', '-f', '--sparse', '--', ...include.map((path) => `:(literal)${path}`)], git);
  const [changes, tree] = await Promise.all([changesIn(git, parent), gitLine(['write-tree'], git)]);
  const refused = changes.filter((change) => change.newMode === '160000' || isEnvironmentFile(change.path));
  const files = changes.filter((change) => !refused.includes(change)).map((change) => change.path);
  if (refused.length === 0) return { tree, files, leftOut, indexFile };
  const input = refused.map(
    ({ oldMode, oldId, path }) => `${oldMode === '000000' ? '0' : oldMode} ${oldId}\t${path}\0`,
  );
  await execGit(['update-index', '-z', '--index-info'], { ...git, input: input.join('') });
  return { tree: await gitLine(['write-tree'], git), files, leftOut, indexFile };
}

type Git = { gitDir: string; workTree: string; indexFile: string; signal?: AbortSignal };

/** False when there are repositories inside the tree: then git gives up, or takes them for links. */
async function addAll(git: Git, specs: readonly string[]): Promise<boolean> {
  const met = /does not have a commit checked out|embedded git repository/;
  try {
    return !met.test((await addFiles(git, specs)).stderr);
  } catch (e) {
    if (e instanceof SentraError && met.test(e.message)) return false;
    throw e;
  }
}

/**
 * With the date of the original: git takes a file for unchanged that has the same size and second as its entry, unless the
 * index is not younger than that (gitformat-index(5), racy entries). A copy that looks younger would hide such a change.
 */
async function copyIndex(from: string, to: string): Promise<Buffer> {
  const { atime, mtime } = await stat(from);
  const index = await readFile(from);
  await writeFile(to, index);
  await utimes(to, atime, mtime);
  return index;
}

/** Every entry has its mode in 32 bits (gitformat-index(5)); with a `link` extension the entries are in another file. */
const mayHaveGitlinks = (index: Buffer): boolean =>
  index.includes(Buffer.from([0, 0, 0o160000 >> 8, 0])) || index.includes('link');

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
