/** Brings saved work (`saveWork`) back into a clean worktree, as changes that are not committed: all of it, or none. */
import { rm } from 'node:fs/promises';
import { join } from 'node:path';
import { findBlocker } from '#src/git/checkout.ts';
import { execGit, gitLine, lastLines } from '#src/git/exec-git.ts';

export type Applied =
  | { outcome: 'applied'; files: string[] }
  /** Nothing was changed. `said`: git's own words. */
  | { outcome: 'conflict'; paths: string[]; said: string };

export async function applyWork(place: { path: string; adminDir: string }, file: string): Promise<Applied> {
  const { path, adminDir } = place;
  const own = { gitDir: adminDir, workTree: path };
  const indexFile = join(adminDir, `index.${crypto.randomUUID()}`);
  const git = { ...own, indexFile };
  try {
    await execGit(['read-tree', 'HEAD'], git);
    const args = ['apply', '--cached', '--3way', '--whitespace=nowarn', '--', file];
    const applied = await execGit(args, { ...git, okExitCodes: [0, 1, 128] });
    if (applied.exitCode !== 0)
      return { outcome: 'conflict', paths: await refusedPaths(git, applied.stderr), said: lastLines(applied.stderr) };
    const files = await listNames(git, ['diff-index', '--cached', '-z', '--name-only', '--no-renames', 'HEAD']);
    const added = await listNames(git, ['diff-index', '--cached', '-z', '--name-only', '--diff-filter=A', 'HEAD']);
    const inTheWay = await listBlocked(path, added, new Set(files)); // by ignored files, which git would overwrite without a word
    if (inTheWay.length > 0) return { outcome: 'conflict', paths: inTheWay, said: 'these files are there already' };
    await execGit(['read-tree', '-m', '-u', 'HEAD', await gitLine(['write-tree'], git)], own);
    await execGit(['reset', '-q'], own);
    await showIgnored(own, added);
    return { outcome: 'applied', files };
  } finally {
    await rm(indexFile, { force: true });
    await rm(`${indexFile}.lock`, { force: true });
  }
}

/** The plan of a task among them: nobody would see that they are there, and the next save would leave them out. */
async function showIgnored(git: Omit<Git, 'indexFile'>, added: readonly string[]): Promise<void> {
  if (added.length === 0) return;
  const input = `${added.join('\0')}\0`;
  const found = await execGit(['check-ignore', '-z', '--stdin'], { ...git, input, okExitCodes: [0, 1] });
  if (found.stdout === '') return;
  const listed = { ...git, input: found.stdout };
  const args = ['--literal-pathspecs', 'add', '--intent-to-add', '--force', '--sparse'];
  await execGit([...args, '--pathspec-from-file=-', '--pathspec-file-nul'], listed);
}

type Git = { gitDir: string; workTree: string; indexFile: string };

const listNames = async (git: Git, args: string[]): Promise<string[]> =>
  (await execGit(args, git)).stdout.split('\0').filter(Boolean);

async function refusedPaths(git: Git, said: string): Promise<string[]> {
  const entries = await listNames(git, ['ls-files', '-u', '-z']);
  const unmerged = entries.map((entry) => entry.slice(entry.indexOf('\t') + 1));
  const named = [
    ...said.matchAll(/^error: (.+): (?:patch does not apply|does not exist in index|already exists in index)/gm),
  ];
  return [...new Set([...unmerged, ...named.map((match) => match[1] ?? '')])];
}

/** `changed`: a file among them that is in the way gives way. */
async function listBlocked(root: string, paths: readonly string[], changed: ReadonlySet<string>): Promise<string[]> {
  const blocked: string[] = [];
  for (const path of paths) {
    const blocker = await findBlocker(root, path);
    if (blocker === path || (blocker && !changed.has(blocker))) blocked.push(path);
  }
  return blocked;
}
