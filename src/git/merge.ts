/**
 * Moves a base branch to a commit that was made for it (compose-merge.ts), by compare-and-swap, and a checkout of the base
 * follows. A note beside the refs, written before the branch moves, lets the next merge finish a checkout
 * that a crash left behind.
 */
import { readFile, rename, rm, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { SentraError } from '#src/errors.ts';
import { listAdminDirs, readText } from '#src/git/admin-dir.ts';
import { isContained, moveBranch } from '#src/git/branch.ts';
import { advance, type Checkout, findCheckouts, findObstacle, type Obstacle } from '#src/git/checkout.ts';
import { type Repository, resolveCommit } from '#src/git/repository.ts';
import { withRepositoryLock } from '#src/git/repository-lock.ts';

export type Advance = {
  baseBranch: string;
  /** The commit that the base must be on. */
  from: string;
  to: string;
  /** For the branch's own log. */
  what: string;
};

export type Advanced =
  /** `behind`: a change came into the checkout at the very moment; its files are still the old ones, nothing is lost. */
  | { outcome: 'moved'; checkout: 'updated' | 'not_checked_out' | 'behind' }
  /** The base is elsewhere by now: nothing was changed. */
  | { outcome: 'base_moved' }
  | ({ outcome: 'checkout_in_the_way' } & Obstacle);

/** Doing it again when the base has `to` already is fine. Throws `not_found` when there is no such branch. */
export function advanceBase(repo: Repository, request: Advance): Promise<Advanced> {
  return withRepositoryLock(repo.gitDir, async () => {
    await finishInterrupted(repo);
    return advanceOnce(repo, request);
  });
}

/** The commit that a base branch is on; throws `not_found`. */
export async function tipOf(repo: Repository, baseBranch: string): Promise<string> {
  const tip = await resolveCommit(repo, `refs/heads/${baseBranch}`);
  if (tip) return tip;
  throw new SentraError(
    'not_found',
    `Branch ${baseBranch} is not in ${repo.path} any more. Set another base branch, then merge again.`,
  );
}

async function advanceOnce(repo: Repository, { baseBranch, from, to, what }: Advance): Promise<Advanced> {
  const ref = `refs/heads/${baseBranch}`;
  const tip = await tipOf(repo, baseBranch);
  const checkouts = await findCheckouts(repo, baseBranch);
  const checkout = checkouts.length > 0 ? 'updated' : 'not_checked_out';
  if (await isContained(repo, tip, to)) return { outcome: 'moved', checkout };
  if (tip !== from) return { outcome: 'base_moved' };
  const rebase = await findRebase(repo, ref);
  if (rebase) return { outcome: 'checkout_in_the_way', ...rebase };
  for (const one of checkouts) {
    const obstacle = await findObstacle(one, from, to);
    if (obstacle) return { outcome: 'checkout_in_the_way', ...obstacle };
  }
  await writeNote(repo, { baseBranch, from, to });
  const gitDir = checkouts[0]?.gitDir ?? repo.gitDir; // so that HEAD's own reflog tells of the merge
  const moved = await moveBranch(gitDir, { name: baseBranch, from, to, line: `sentra: ${what}` });
  if (moved.exitCode !== 0) {
    if ((await resolveCommit(repo, ref)) === from)
      throw new SentraError('git_failed', `${ref}: ${moved.stderr.trim()}`);
    return { outcome: 'base_moved' };
  }
  const followed = await follow(checkouts, from, to);
  if (followed) await rm(noteOf(repo), { force: true });
  return { outcome: 'moved', checkout: followed ? checkout : 'behind' };
}

async function follow(checkouts: Checkout[], from: string, to: string): Promise<boolean> {
  let all = true;
  for (const checkout of checkouts) all = (await advance(checkout, from, to)) && all;
  return all;
}

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
