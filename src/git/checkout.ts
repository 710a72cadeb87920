/** Moving a person's checkout from one commit to the next without ever losing a change of theirs. */
import { existsSync } from 'node:fs';
import { lstat, realpath } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { messageOf, SentraError } from '#src/errors.ts';
import { branchOf, listAdminDirs, readText } from '#src/git/admin-dir.ts';
import { execGit, lastLines } from '#src/git/exec-git.ts';
import { despiteRaces, isRace } from '#src/git/races.ts';
import type { Repository } from '#src/git/repository.ts';

/** A working tree that has the branch checked out; `gitDir` is its administration folder. */
export type Checkout = { path: string; gitDir: string };
export type Obstacle = { path: string; paths: string[]; message: string };

export async function findCheckouts(repo: Repository, branch: string): Promise<Checkout[]> {
  const found: Checkout[] = (await branchOf(repo.gitDir)) === branch ? [{ path: repo.path, gitDir: repo.gitDir }] : [];
  for (const adminDir of await listAdminDirs(repo.gitDir)) {
    const link = (await branchOf(adminDir)) === branch ? await readText(join(adminDir, 'gitdir')) : null;
    const path = link && (await realpath(dirname(link)).catch(() => null));
    if (path) found.push({ path, gitDir: adminDir });
  }
  return found;
}

/** What in the checkout would be overwritten by going from `from` to `to`; null when nothing would. Changes nothing. */
export async function findObstacle(checkout: Checkout, from: string, to: string): Promise<Obstacle | null> {
  const git = { gitDir: checkout.gitDir, workTree: checkout.path };
  if (await staysLocked(join(checkout.gitDir, 'index.lock'))) return busy(checkout);
  await execGit(['update-index', '-q', '--refresh'], { ...git, okExitCodes: [0, 1, 128] });
  const changes = await listChanges(checkout, from, to);
  const untracked = await untrackedIn(checkout, changes);
  const tried = await execGit(['read-tree', '-m', '-u', '-n', from, to], { ...git, okExitCodes: [0, 128] });
  if (tried.exitCode === 0 && untracked.length === 0) return null;
  if (tried.stderr.includes('index.lock')) return busy(checkout);
  const touched = await listNames(checkout, ['diff-index', '-z', '--name-only', '--ignore-submodules=all', from]);
  const staged = await listNames(checkout, ['diff-index', '--cached', '-z', '--name-only', from]);
  const inTheWay = changes.filter(({ path }) => touched.has(path) || untracked.includes(path));
  const settled: Change[] = [];
  for (const change of inTheWay)
    if (!staged.has(change.path) && (await hasContent(checkout, change))) settled.push(change);
  const paths = inTheWay.filter((change) => !settled.includes(change)).map((change) => change.path);
  if (paths.length > 0 || settled.length === 0) return obstacle(checkout, paths, tried.stderr);
  // The files have the new content already (a merge was interrupted here): tell the index, then they are in nobody's way.
  await execGit(['update-index', '-z', '--index-info'], { ...git, input: settled.map(indexEntry).join('') });
  const again = await execGit(['read-tree', '-m', '-u', '-n', from, to], { ...git, okExitCodes: [0, 128] });
  return again.exitCode === 0 ? null : obstacle(checkout, [], again.stderr);
}

/** Call `findObstacle` first. False when a change came in between: then nothing was overwritten. */
export async function advance(checkout: Checkout, from: string, to: string): Promise<boolean> {
  const git = { gitDir: checkout.gitDir, workTree: checkout.path };
  const move = async () => {
    const moved = await execGit(['read-tree', '-m', '-u', from, to], { ...git, okExitCodes: [0, 128] });
    if (moved.exitCode !== 0 && isRace(moved.stderr)) throw new SentraError('git_failed', moved.stderr);
    return moved.exitCode === 0;
  };
  return despiteRaces(move).catch((e) => {
    if (isRace(messageOf(e))) return false;
    throw e;
  });
}

/** A person's git holds it for as long as it works on the index, mostly for a moment. */
async function staysLocked(lock: string): Promise<boolean> {
  for (const startedAt = Date.now(); existsSync(lock); await delay(50)) if (Date.now() - startedAt > 2_000) return true;
  return false;
}

type Change = { path: string; newMode: string; newId: string };

async function listChanges(checkout: Checkout, from: string, to: string): Promise<(Change & { added: boolean })[]> {
  const args = ['diff-tree', '-r', '-z', '--raw', '--no-abbrev', '--no-renames', '--ignore-submodules=none', from, to];
  const parts = (await execGit(args, { gitDir: checkout.gitDir })).stdout.split('\0');
  const changes = [];
  for (let i = 0; i + 1 < parts.length; i += 2) {
    const [, newMode = '', , newId = '', status] = parts[i]?.split(' ') ?? [];
    changes.push({ path: parts[i + 1] ?? '', newMode, newId, added: status === 'A' });
  }
  return changes;
}

/** Files where the merge puts new ones or their folders, ignored files among them: `read-tree` would overwrite those without a word. */
async function untrackedIn(checkout: Checkout, changes: { path: string; added: boolean }[]): Promise<string[]> {
  const blocked: { path: string; by: string }[] = [];
  for (const { path, added } of changes) {
    const by = added ? await findInTheWay(checkout, path) : null;
    if (by) blocked.push({ path, by });
  }
  if (blocked.length === 0) return [];
  const tracked = await listNames(checkout, ['ls-files', '-z']);
  return blocked.filter(({ by }) => !tracked.has(by)).map(({ path }) => path);
}

/** A folder gives way when git knows all that is in it: then the merge deletes that. */
async function findInTheWay(checkout: Checkout, path: string): Promise<string | null> {
  const blocker = await findBlocker(checkout.path, path);
  if (blocker !== path || !(await lstat(join(checkout.path, path))).isDirectory()) return blocker;
  const others = await listNames(checkout, ['ls-files', '-z', '--others', '--', `:(literal)${path}`]);
  return others.size > 0 ? path : null;
}

/** What is where a file is to be made: itself, or a file or link in place of one of its folders. */
export async function findBlocker(root: string, path: string): Promise<string | null> {
  for (let end = path.indexOf('/'); end >= 0; end = path.indexOf('/', end + 1)) {
    const above = path.slice(0, end);
    const found = await lstat(join(root, above)).catch(() => null);
    if (!found?.isDirectory()) return found && above;
  }
  return (await lstat(join(root, path)).catch(() => null)) && path;
}

async function listNames(checkout: Checkout, args: string[]): Promise<Set<string>> {
  const { stdout } = await execGit(args, { gitDir: checkout.gitDir, workTree: checkout.path });
  return new Set(stdout.split('\0').filter(Boolean));
}

async function hasContent(checkout: Checkout, { path, newMode, newId }: Change): Promise<boolean> {
  const file = join(checkout.path, path);
  const found = await lstat(file).catch(() => null);
  if (newMode === '000000') return found === null;
  if (!found?.isFile() || !newMode.startsWith('100')) return false;
  const hashed = await execGit(['hash-object', '--no-filters', '--', file], { gitDir: checkout.gitDir });
  return hashed.stdout.trim() === newId;
}

const indexEntry = ({ path, newMode, newId }: Change) => `${newMode === '000000' ? '0' : newMode} ${newId}\t${path}\0`;

function obstacle({ path }: Checkout, paths: string[], said: string): Obstacle {
  const what =
    paths.length > 0
      ? `has changes of yours in files that the merge touches: ${paths.slice(0, 10).join(', ')}${paths.length > 10 ? ` and ${paths.length - 10} more` : ''}`
      : `cannot take the merge (${lastLines(said)})`;
  return {
    path,
    paths,
    message: `The checkout at ${path} ${what}. Commit, stash or move them, then merge again. Nothing was changed.`,
  };
}

const busy = ({ path, gitDir }: Checkout): Obstacle => ({
  path,
  paths: [],
  message: `Another git command is at work in ${path}. Merge again when it has ended; if none is running, delete ${join(gitDir, 'index.lock')}.`,
});
