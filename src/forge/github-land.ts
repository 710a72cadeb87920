/**
 * From a tested commit to GitHub's base branch. Where no rule guards the branch, the very commit that was tested is pushed by
 * compare-and-swap. Where one does, GitHub merges, with the head that was tested and only while the base is the one it was tested on; a
 * token that may pass over the rules must not do so unasked. The branch here follows the one there, never the other way round.
 */
import { SentraError } from '#src/errors.ts';
import type { Forge, ForgeProject, Landed, Landing } from '#src/forge/forge.ts';
import { type GitHubApi, isUnsure, statusOf } from '#src/forge/github-api.ts';
import type { GitHubPlace } from '#src/forge/place.ts';
import { isContained } from '#src/git/branch.ts';
import { treeOf } from '#src/git/compose-merge.ts';
import type { GitCredential } from '#src/git/credentials.ts';
import { advanceBase } from '#src/git/merge.ts';
import { fetchBranch, moveRemoteBranch, type Remote } from '#src/git/push.ts';
import { resolveCommit } from '#src/git/repository.ts';

type LandParts = {
  place: GitHubPlace;
  api: () => Promise<GitHubApi>;
  credential: () => Promise<GitCredential | undefined>;
  isGuarded: (branch: string) => Promise<boolean>;
};

export function createLanding(
  project: ForgeProject & { remote: string },
  { place, api, credential, isGuarded }: LandParts,
): Pick<Forge, 'tip' | 'land' | 'mergesAlone'> {
  const { remote } = project;
  const at = { owner: place.owner, repo: place.repository };

  async function reach(): Promise<Remote> {
    const own = await credential();
    return own ? { remote, credential: own } : { remote };
  }

  async function fetchBase(baseBranch: string): Promise<string> {
    const tip = await fetchBranch(project, { ...(await reach()), branchName: baseBranch }).catch((e) => {
      throw e instanceof SentraError ? new SentraError('forge_unavailable', e.message, { cause: e }) : e;
    });
    if (tip) return tip;
    throw new SentraError(
      'not_found',
      `${remote} has no branch ${baseBranch}. Push it, or set another base branch, then merge again.`,
    );
  }

  return {
    mergesAlone: isGuarded,
    async tip(baseBranch) {
      const tip = await fetchBase(baseBranch);
      await follow(project, baseBranch, tip);
      return tip;
    },
    async land(landing) {
      const asked = (await isGuarded(landing.baseBranch)) ? await merge(landing) : await push(landing);
      return asked.outcome === 'landed' ? withCheckout(project, landing, asked) : asked;
    },
  };

  async function push({ baseBranch, from, to: commit }: Landing): Promise<Moved> {
    const moved = await moveRemoteBranch(project, { ...(await reach()), branchName: baseBranch, from, commit });
    if (moved.outcome === 'moved') return { outcome: 'landed', commit };
    return moved.outcome === 'refused'
      ? { outcome: 'waits', failure: { code: 'push_refused', message: moved.message } }
      : moved;
  }

  async function merge({ baseBranch, from, tree, style, pulls }: Landing): Promise<Moved> {
    const [pull, more] = pulls;
    if (!pull?.number || more) throw new Error('GitHub merges one pull request at a time, and one that is open there');
    const before = await findMerged(pull.number);
    if (before) return { outcome: 'landed', commit: before };
    if ((await fetchBase(baseBranch)) !== from) return { outcome: 'base_moved' };
    const [title = '', ...lines] = pull.message.split('\n');
    const request = { ...at, pull_number: pull.number, sha: pull.headCommit, merge_method: style };
    const words = style === 'rebase' ? {} : { commit_title: title, commit_message: lines.join('\n').trim() };
    try {
      const { data } = await (await api()).request('PUT /repos/{owner}/{repo}/pulls/{pull_number}/merge', {
        ...request,
        ...words,
      });
      return await told(data.sha, { baseBranch, tree });
    } catch (e) {
      const done = isUnsure(e) ? await findMerged(pull.number) : null;
      if (done) return told(done, { baseBranch, tree });
      if (!(e instanceof SentraError)) throw e;
      if (statusOf(e) === 405 && (await isBehind(pull.number))) return bringUpToDate(pull.number, pull.headCommit);
      return statusOf(e) === 405 && /base branch was modified/i.test(e.message)
        ? { outcome: 'base_moved' }
        : { outcome: 'waits', failure: e.toFailure() };
    }
  }

  async function findMerged(number: number): Promise<string | null> {
    const { data } = await (await api()).request('GET /repos/{owner}/{repo}/pulls/{pull_number}', {
      ...at,
      pull_number: number,
    });
    return data.merged ? data.merge_commit_sha : null;
  }

  async function isBehind(number: number): Promise<boolean> {
    const { data } = await (await api()).request('GET /repos/{owner}/{repo}/pulls/{pull_number}', {
      ...at,
      pull_number: number,
    });
    return data.mergeable_state === 'behind';
  }

  /** A rule wants the base in the branch. GitHub merges it in; that commit is taken over here as anybody's, and tested. */
  async function bringUpToDate(number: number, expected_head_sha: string): Promise<Moved> {
    const asked = { ...at, pull_number: number, expected_head_sha };
    await (await api()).request('PUT /repos/{owner}/{repo}/pulls/{pull_number}/update-branch', asked);
    const message =
      'GitHub merges only what has the newest base: it works that into the branch now. It goes on by itself then.';
    return { outcome: 'waits', failure: { code: 'forge_refused', message } };
  }

  /** Somebody may have moved the base in the moment between: what is there then was not tested as it is. */
  async function told(commit: string, { baseBranch, tree }: Pick<Landing, 'baseBranch' | 'tree'>): Promise<Moved> {
    await fetchBase(baseBranch);
    if ((await treeOf(project, commit)) === tree) return { outcome: 'landed', commit };
    const note = `GitHub merged it onto another ${baseBranch} than the one that was tested: ${commit.slice(0, 10)} was not tested as it is. Require branches to be up to date there to rule this out.`;
    return { outcome: 'landed', commit, note };
  }
}

type Moved =
  | Exclude<Landed, { outcome: 'landed' | 'checkout_in_the_way' }>
  | { outcome: 'landed'; commit: string; note?: string };

async function withCheckout(
  project: ForgeProject,
  { baseBranch }: Landing,
  { commit, note }: { commit: string; note?: string },
): Promise<Landed> {
  const followed = await follow(project, baseBranch, commit);
  const notes = [note, followed.note].filter(Boolean).join(' ');
  return { outcome: 'landed', commit, checkout: followed.checkout, ...(notes ? { note: notes } : {}) };
}

type Followed = { checkout: 'updated' | 'not_checked_out' | 'behind'; note?: string };

/** Brings the branch here to where it is there, where that loses nothing. */
export async function follow(project: ForgeProject, baseBranch: string, commit: string): Promise<Followed> {
  const own = await resolveCommit(project, `refs/heads/${baseBranch}`);
  const behind = (why: string): Followed => ({
    checkout: 'not_checked_out',
    note: `${baseBranch} in ${project.path} did not follow: ${why}`,
  });
  if (!own) return behind('it is not there any more.');
  if (await isContained(project, own, commit)) return { checkout: 'not_checked_out' };
  if (!(await isContained(project, commit, own)))
    return behind(
      `it has commits that are not on the remote. Push or move them; tasks begin from ${own.slice(0, 10)} until then.`,
    );
  const what = `follow ${commit.slice(0, 10)}`;
  const advanced = await advanceBase(project, { baseBranch, from: own, to: commit, what });
  if (advanced.outcome === 'moved') return { checkout: advanced.checkout };
  return behind(advanced.outcome === 'base_moved' ? 'somebody moved it at that moment.' : advanced.message);
}
