/** What GitHub shows of a pull request, in the words of the contract. */
import type { Review, Said, SeenPull } from '#src/domain/forge.ts';
import { isOurs } from '#src/forge/body.ts';
import { type GitHubApi, orNone } from '#src/forge/github-api.ts';
import { readChecks } from '#src/forge/github-checks.ts';
import type { GitHubPlace } from '#src/forge/place.ts';

type Where = Pick<GitHubPlace, 'owner' | 'repository'>;

export async function readPull(api: GitHubApi, place: Where, number: number, baseBranch: string): Promise<SeenPull> {
  const at = { owner: place.owner, repo: place.repository };
  const { data: pull } = await api.request('GET /repos/{owner}/{repo}/pulls/{pull_number}', {
    ...at,
    pull_number: number,
  });
  const state = pull.merged ? 'merged' : pull.state;
  const { required } = await readRules(api, place, baseBranch);
  return {
    state,
    head: pull.head.sha,
    mergeCommit: pull.merged ? pull.merge_commit_sha : null,
    mergeable: mergeableOf(pull.draft ? 'draft' : pull.mergeable_state),
    checks: state === 'open' ? await readChecks(api, place, pull.head.sha, required) : [],
    ...(await readWords(api, place, number)),
    endedBy: pull.merged_by?.login ?? null,
  };
}

const mergeableOf = (state: string): SeenPull['mergeable'] => {
  if (state === 'unstable' || state === 'has_hooks') return 'clean'; // what failed is not required
  return state === 'clean' || state === 'dirty' || state === 'blocked' || state === 'behind' || state === 'draft'
    ? state
    : 'unknown';
};

/** `isGuarded`: rules say who or what may move the branch, so GitHub itself must merge. */
export async function readRules(
  api: GitHubApi,
  { owner, repository: repo }: Where,
  branch: string,
): Promise<{ isGuarded: boolean; required: ReadonlySet<string> }> {
  const { data: known } = await api.request('GET /repos/{owner}/{repo}/branches/{branch}', { owner, repo, branch });
  const rules = await api
    .paginate('GET /repos/{owner}/{repo}/rules/branches/{branch}', { owner, repo, branch, per_page: 100 })
    .catch(orNone);
  const ofRules = rules.flatMap((rule) =>
    rule.type === 'required_status_checks'
      ? (rule.parameters?.required_status_checks ?? []).map((one) => one.context)
      : [],
  );
  const ofProtection = known.protection?.required_status_checks?.contexts ?? [];
  return { isGuarded: known.protected || rules.length > 0, required: new Set([...ofRules, ...ofProtection]) };
}

async function readWords(
  api: GitHubApi,
  { owner, repository: repo }: Where,
  number: number,
): Promise<Pick<SeenPull, 'reviews' | 'comments'>> {
  const of = { owner, repo, pull_number: number, per_page: 100 };
  const reviews = await api.paginate('GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews', of);
  const inline = await api.paginate('GET /repos/{owner}/{repo}/pulls/{pull_number}/comments', of);
  const general = await api.paginate('GET /repos/{owner}/{repo}/issues/{issue_number}/comments', {
    owner,
    repo,
    issue_number: number,
    per_page: 100,
  });
  const lines = inline.map((one) => ({
    review: one.pull_request_review_id,
    said: { ...toSaid('line', one), path: one.path, ...lineOf(one.line ?? one.original_line) },
  }));
  return {
    reviews: reviews
      .filter(({ state, body }) => state !== 'PENDING' && !isOurs(body ?? ''))
      .map((review) => ({
        ...toSaid('review', review),
        verdict: verdictOf(review.state),
        commit: review.commit_id,
        comments: lines.filter((line) => line.review === review.id).map(({ said }) => said),
      })),
    comments: general.filter(({ body }) => !isOurs(body ?? '')).map((one) => toSaid('comment', one)),
  };
}

const lineOf = (line: number | null | undefined) => (line ? { line } : {});

type Remark = {
  id: number | bigint;
  body?: string | null | undefined;
  user: { login: string; type?: string } | null;
  author_association?: string;
};

const toSaid = (kind: string, { id, body, user, author_association }: Remark): Said => ({
  id: `${kind}-${id}`,
  author: user?.login ?? 'ghost',
  body: body ?? '',
  trusted: user?.type !== 'Bot' && ['OWNER', 'MEMBER', 'COLLABORATOR'].includes(author_association ?? ''),
});

/** One that was dismissed counts no more. */
const verdictOf = (state: string): Review['verdict'] =>
  state === 'APPROVED' ? 'approved' : state === 'CHANGES_REQUESTED' ? 'changes_requested' : 'commented';
