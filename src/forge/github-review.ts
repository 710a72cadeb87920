/**
 * What a person decided in Sentra becomes a review at GitHub, once: it has a mark, and is looked for first. GitHub lets nobody approve or
 * send back what they opened, and takes remarks only on lines of the diff: then it is told in the nearest way that GitHub takes.
 */
import type { NewComment } from '#src/domain/pull-request.ts';
import { isSigned, signed } from '#src/forge/body.ts';
import type { Spoken } from '#src/forge/forge.ts';
import { type GitHubApi, statusOf } from '#src/forge/github-api.ts';
import type { GitHubPlace } from '#src/forge/place.ts';

type Told = 'review' | 'comment';
type Event = 'APPROVE' | 'REQUEST_CHANGES' | 'COMMENT';

export async function tellReview(
  api: GitHubApi,
  { owner, repository: repo }: Pick<GitHubPlace, 'owner' | 'repository'>,
  number: number,
  said: Spoken,
): Promise<Told> {
  const of = { owner, repo, pull_number: number };
  const before = await find();
  if (before) return before;
  const event = said.verdict === 'approved' ? 'APPROVE' : 'REQUEST_CHANGES';
  const inline = said.comments.filter(isInline);
  for (const isOwn of [false, true])
    for (const lines of inline.length > 0 ? [inline, []] : [[]])
      if (await post(isOwn ? 'COMMENT' : event, lines)) return isOwn ? 'comment' : 'review';
  await api.request('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
    owner,
    repo,
    issue_number: number,
    body: textOf(said, { isOwn: true, rest: said.comments }),
  });
  return 'comment';

  /** A request that got no answer may have been done. */
  async function find(): Promise<Told | null> {
    const reviews = await api.paginate('GET /repos/{owner}/{repo}/pulls/{pull_number}/reviews', {
      ...of,
      per_page: 100,
    });
    const review = reviews.find(({ body }) => isSigned(body ?? '', said.key));
    if (review) return review.state === 'COMMENTED' ? 'comment' : 'review';
    const comments = await api.paginate('GET /repos/{owner}/{repo}/issues/{issue_number}/comments', {
      owner,
      repo,
      issue_number: number,
      per_page: 100,
    });
    return comments.some(({ body }) => isSigned(body ?? '', said.key)) ? 'comment' : null;
  }

  /** False when GitHub does not take it in this form. */
  async function post(event: Event, lines: readonly InlineComment[]): Promise<boolean> {
    const rest = said.comments.filter((comment) => !lines.some((line) => line === comment));
    try {
      await api.request('POST /repos/{owner}/{repo}/pulls/{pull_number}/reviews', {
        ...of,
        event,
        commit_id: said.commit,
        body: textOf(said, { isOwn: event === 'COMMENT', rest }),
        comments: lines.map(({ path, line, body }) => ({ path, line, body, side: 'RIGHT' })),
      });
      return true;
    } catch (e) {
      if (statusOf(e) === 422) return false;
      throw e;
    }
  }
}

type InlineComment = NewComment & { path: string; line: number };
const isInline = (comment: NewComment): comment is InlineComment =>
  comment.path !== undefined && comment.line !== undefined;

/** `isOwn`: what GitHub does not count as a verdict says why. */
function textOf({ verdict, key }: Spoken, { isOwn, rest }: { isOwn: boolean; rest: readonly NewComment[] }): string {
  const decided = verdict === 'approved' ? 'Approved in Sentra.' : 'Changes are asked for in Sentra.';
  const why =
    'GitHub takes no review of this pull request from the account whose token Sentra has, such as the one that opened it: this is a comment.';
  const remarks = rest.map(({ path, line, body }) => (path ? `\`${path}${line ? `:${line}` : ''}\`: ${body}` : body));
  return signed([isOwn ? `${decided} ${why}` : decided, ...remarks].join('\n\n').slice(0, 60_000), key);
}
