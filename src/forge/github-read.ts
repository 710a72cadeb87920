/** What GitHub shows of a pull request, in the words of the contract. */
import type { Review, Said, SeenPull } from '#src/domain/forge.ts';
import { isOurs } from '#src/forge/body.ts';
import { type GitHubApi, statusOf } from '#src/forge/github-api.ts';
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

/** An older server has no such address, and a token may not be allowed to read it. */
const orNone = (e: unknown): never[] => {
  if (statusOf(e) === 404 || statusOf(e) === 403) return [];
  throw e;
};

/** Anybody who may report a status names its page: nothing that a browser would run. */
const pageOf = (url: string | null): string | null => (url && /^https?:\/\//.test(url) ? url : null);

const passing = new Set(['success', 'neutral', 'skipped']);

async function readChecks(
  api: GitHubApi,
  { owner, repository: repo }: Where,
  ref: string,
  required: ReadonlySet<string>,
): Promise<SeenPull['checks']> {
  const runs = await api
    .paginate('GET /repos/{owner}/{repo}/commits/{ref}/check-runs', {
      owner,
      repo,
      ref,
      per_page: 100,
      filter: 'latest',
    })
    .catch(orNone);
  const statuses = await api
    .paginate('GET /repos/{owner}/{repo}/commits/{ref}/statuses', { owner, repo, ref, per_page: 100 })
    .catch(orNone);
  const newest = [...new Map(statuses.toReversed().map((status) => [status.context, status])).values()];
  const found: SeenPull['checks'] = [
    ...runs.map((run) => ({
      name: run.name,
      state:
        run.status !== 'completed'
          ? ('pending' as const)
          : passing.has(run.conclusion ?? '')
            ? ('passed' as const)
            : ('failed' as const),
      required: required.has(run.name),
      url: pageOf(run.html_url),
      jobId: run.app?.slug === 'github-actions' ? Number(run.id) : null, // a job has the number of its check
    })),
    ...newest.map(({ context, state, target_url }) => ({
      name: context,
      state:
        state === 'success' ? ('passed' as const) : state === 'pending' ? ('pending' as const) : ('failed' as const),
      required: required.has(context),
      url: pageOf(target_url),
      jobId: null,
    })),
  ];
  const missing = [...required].filter((name) => !found.some((check) => check.name === name));
  return [
    ...found,
    ...missing.map((name) => ({ name, state: 'pending' as const, required: true, url: null, jobId: null })),
  ];
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
      .filter(({ state }) => state !== 'PENDING')
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
