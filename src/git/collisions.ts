/** What two branches would come to: their merge on paper, as `git merge-tree` makes it. */
import { availableParallelism } from 'node:os';
import { type Branch, type Collision, pairsToCheck, type WatchedBranch } from '#src/domain/collisions.ts';
import { createTurns } from '#src/domain/turns.ts';
import { SentraError } from '#src/errors.ts';
import { mergeTrees } from '#src/git/compose-merge.ts';
import { execGit } from '#src/git/exec-git.ts';
import type { Repository } from '#src/git/repository.ts';

/** More at once than processors only get into each other's way. */
const inTurns = createTurns(availableParallelism());

export type Scan = {
  /** Branches of which something new is to be kept. */
  changed: Branch[];
  /** Pairs that conflict, of which at least one changed. */
  collisions: Collision[];
  /** How many pairs git was asked about. */
  asked: number;
};

/** Looks at branches that moved since they were last seen, and at all that share a path with one of these. */
export async function scanBranches(repo: Repository, watched: readonly WatchedBranch[]): Promise<Scan> {
  const heads = await listHeads(repo);
  const branches: Branch[] = [];
  const changed: Branch[] = [];
  const read = async ({ taskId, branchName, base, known }: WatchedBranch) => {
    const head = heads.get(branchName);
    if (!head) return;
    const isKnown = known?.head === head;
    const branch = isKnown ? known : { taskId, head, paths: await listChangedPaths(repo, base, head) };
    branches.push(branch);
    if (!isKnown) changed.push(branch);
  };
  await Promise.all(watched.map(read));
  const pairs = pairsToCheck(branches, new Set(changed.map(({ taskId }) => taskId)));
  const checked = await Promise.all(
    pairs.map(async ([a, b]): Promise<Collision> => {
      return { taskId: a.taskId, otherId: b.taskId, paths: await findCollision(repo, a.head, b.head) };
    }),
  );
  return { changed, collisions: checked.filter(({ paths }) => paths.length > 0), asked: pairs.length };
}

/** Commits of branches by name: one call for all of them. */
async function listHeads(repo: Repository): Promise<Map<string, string>> {
  const args = ['for-each-ref', '--format=%(objectname) %(refname:lstrip=2)', 'refs/heads'];
  const { stdout } = await execGit(args, { gitDir: repo.gitDir });
  const lines = stdout.split('\n').filter(Boolean);
  return new Map(lines.map((line) => [line.slice(line.indexOf(' ') + 1), line.slice(0, line.indexOf(' '))]));
}

/** Paths that a branch changed since it left `base`, renamed ones under both names. */
async function listChangedPaths(repo: Repository, base: string, head: string): Promise<string[]> {
  if (base === head) return [];
  const args = ['diff-tree', '-r', '-z', '--name-only', '--no-renames', '--no-ext-diff', base, head];
  const { stdout } = await inTurns(() => execGit(args, { gitDir: repo.gitDir }));
  return stdout.split('\0').filter(Boolean);
}

/** Paths in which two commits conflict; none where they merge, or share no history. */
async function findCollision(repo: Repository, a: string, b: string): Promise<string[]> {
  try {
    return (await inTurns(() => mergeTrees(repo, a, b))).paths;
  } catch (e) {
    if (e instanceof SentraError && e.code === 'base_moved') return [];
    throw e;
  }
}
