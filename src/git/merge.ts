/**
 * Merges without a working tree: the merge commit is made of objects, the base branch moves by compare-and-swap, and a checkout
 * of the base follows. A note beside the refs, written before the branch moves, lets the next merge finish a checkout
 * that a crash left behind.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SentraError } from '#src/errors.ts';
import { listAdminDirs, readText } from '#src/git/admin-dir.ts';
import { moveBranch } from '#src/git/branch.ts';
import { advance, type Checkout, findCheckouts, findObstacle, type Obstacle } from '#src/git/checkout.ts';
import { commitTree, type Identity } from '#src/git/commit.ts';
import { execGit, lastLines } from '#src/git/exec-git.ts';
import { type Repository, resolveCommit } from '#src/git/repository.ts';
import { withRepositoryLock } from '#src/git/repository-lock.ts';

export type MergeRequest = {
  baseBranch: string;
  /** The commit to merge. */
  head: string;
  message: string;
  identity: Identity;
  /** ISO 8601. */
  date: string;
};

export type MergeOutcome =
  /** `behind`: a change came into the checkout at the very moment; its files are still the old ones, nothing is lost. */
  | { outcome: 'merged'; commit: string; checkout: 'updated' | 'not_checked_out' | 'behind' }
  | { outcome: 'conflict'; paths: string[] }
  | ({ outcome: 'checkout_in_the_way' } & Obstacle);

/** Always a merge commit. Merging what is merged already gives that merge again. */
export function mergeCommit(repo: Repository, request: MergeRequest): Promise<MergeOutcome> {
  return withRepositoryLock(repo.gitDir, async () => {
    await finishInterrupted(repo);
    for (let attempt = 1; attempt <= 10; attempt++) {
      const merged = await mergeOnce(repo, request);
      if (merged) return merged;
    }
    throw new SentraError(
      'base_moved',
      `Branch ${request.baseBranch} keeps moving while it is merged into. Merge again.`,
    );
  });
}

/** Null when the base moved meanwhile. */
async function mergeOnce(repo: Repository, request: MergeRequest): Promise<MergeOutcome | null> {
  const { baseBranch, head } = request;
  const ref = `refs/heads/${baseBranch}`;
  const base = await resolveCommit(repo, ref);
  if (!base)
    throw new SentraError(
      'not_found',
      `Branch ${baseBranch} is not in ${repo.path} any more. Set another base branch, then merge again.`,
    );
  const checkouts = await findCheckouts(repo, baseBranch);
  const checkout = checkouts.length > 0 ? 'updated' : 'not_checked_out';
  const earlier = await findMerge(repo, base, head);
  if (earlier) return { outcome: 'merged', commit: earlier, checkout };
  const tree = await mergeTrees(repo, base, head);
  if (typeof tree !== 'string') return { outcome: 'conflict', paths: tree };
  const commit = await commitTree(repo.gitDir, { ...request, tree, parents: [base, head] });
  const rebase = await findRebase(repo, ref);
  if (rebase) return { outcome: 'checkout_in_the_way', ...rebase };
  for (const one of checkouts) {
    const obstacle = await findObstacle(one, base, commit);
    if (obstacle) return { outcome: 'checkout_in_the_way', ...obstacle };
  }
  await writeNote(repo, { baseBranch, from: base, to: commit });
  const gitDir = checkouts[0]?.gitDir ?? repo.gitDir; // so that HEAD's own reflog tells of the merge
  const move = { name: baseBranch, from: base, to: commit, line: `sentra: merge ${head.slice(0, 10)}` };
  const moved = await moveBranch(gitDir, move);
  if (moved.exitCode !== 0) {
    if ((await resolveCommit(repo, ref)) === base)
      throw new SentraError('git_failed', `${ref}: ${moved.stderr.trim()}`);
    return null;
  }
  const followed = await follow(checkouts, base, commit);
  if (followed) await rm(noteOf(repo), { force: true });
  return { outcome: 'merged', commit, checkout: followed ? checkout : 'behind' };
}

async function follow(checkouts: Checkout[], from: string, to: string): Promise<boolean> {
  let all = true;
  for (const checkout of checkouts) all = (await advance(checkout, from, to)) && all;
  return all;
}

/** The merge commit on the base that brought `head`, or `head` itself when the base got it in another way. */
async function findMerge(repo: Repository, base: string, head: string): Promise<string | null> {
  const { gitDir } = repo;
  const contained = await execGit(['merge-base', '--is-ancestor', head, base], { gitDir, okExitCodes: [0, 1] });
  if (contained.exitCode === 1) return null;
  const merges = await execGit(['rev-list', '--merges', '--parents', `${head}..${base}`], { gitDir });
  const line = merges.stdout.split('\n').find((one) => one.split(' ')[2] === head);
  return line?.split(' ')[0] ?? head;
}

/** The merged tree, or the paths that conflict. */
async function mergeTrees(repo: Repository, base: string, head: string): Promise<string | string[]> {
  const args = ['merge-tree', '--write-tree', '-z', '--name-only', '--no-messages', base, head];
  const merged = await execGit(args, { gitDir: repo.gitDir, okExitCodes: [0, 1, 128] });
  if (merged.exitCode === 128) throw unmergeable(repo, merged.stderr);
  const [tree = '', ...paths] = merged.stdout.split('\0');
  return merged.exitCode === 0 ? tree.trim() : [...new Set(paths.filter(Boolean))];
}

const unmergeable = (repo: Repository, said: string) =>
  /unrelated histories/.test(said)
    ? new SentraError(
        'base_moved',
        `The base branch of ${repo.path} was rewritten: it shares no commit with this work any more. Retry the task from PLAN, or put the work on the new base yourself ("git rebase --onto").`,
      )
    : new SentraError('git_failed', `git merge-tree failed in ${repo.path}: ${lastLines(said)}`);

/** A rebase ends by putting its branch where it was going, and refuses when the branch has moved: that work would be left without a name. */
async function findRebase(repo: Repository, ref: string): Promise<Obstacle | null> {
  for (const gitDir of [repo.gitDir, ...(await listAdminDirs(repo.gitDir))])
    for (const kind of ['rebase-merge', 'rebase-apply'])
      if ((await readText(join(gitDir, kind, 'head-name'))) === ref) {
        const link = await readText(join(gitDir, 'gitdir'));
        const path = link ? dirname(link) : repo.path;
        const branch = ref.replace('refs/heads/', '');
        const message = `${branch} is being rebased in ${path}. End it ("git rebase --continue" or "--abort"), then merge again. Nothing was changed.`;
        return { path, paths: [], message };
      }
  return null;
}

type Note = { baseBranch: string; from: string; to: string };

const noteOf = (repo: Repository) => join(repo.gitDir, 'sentra-merge.json');

async function writeNote(repo: Repository, note: Note): Promise<void> {
  await writeFile(`${noteOf(repo)}.new`, JSON.stringify(note));
  await rename(`${noteOf(repo)}.new`, noteOf(repo));
}

/** The branch moved but its checkout may not have: bring it there, if the branch is still where that merge left it. */
async function finishInterrupted(repo: Repository): Promise<void> {
  const text = await readFile(noteOf(repo), 'utf8').catch(() => null);
  if (!text) return;
  const note = JSON.parse(text) as Note;
  if ((await resolveCommit(repo, `refs/heads/${note.baseBranch}`)) === note.to)
    for (const checkout of await findCheckouts(repo, note.baseBranch))
      if (!(await findObstacle(checkout, note.from, note.to))) await advance(checkout, note.from, note.to);
  await rm(noteOf(repo), { force: true });
}
