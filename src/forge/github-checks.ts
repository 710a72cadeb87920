/** Checks of a commit at GitHub, whoever runs them: Actions, other apps, or a plain status; and what a failing one says. */
import type { SeenPull } from '#src/domain/forge.ts';
import { type GitHubApi, orNone, statusOf } from '#src/forge/github-api.ts';
import type { GitHubPlace } from '#src/forge/place.ts';

type Where = Pick<GitHubPlace, 'owner' | 'repository'>;
type SeenCheck = SeenPull['checks'][number];

const passing = new Set(['success', 'neutral', 'skipped']);
const actions = 'github-actions';

export async function readChecks(
  api: GitHubApi,
  { owner, repository: repo }: Where,
  ref: string,
  required: ReadonlySet<string>,
): Promise<SeenCheck[]> {
  const of = { owner, repo, ref, per_page: 100 };
  const runs = await api
    .paginate('GET /repos/{owner}/{repo}/commits/{ref}/check-runs', { ...of, filter: 'latest' })
    .catch(orNone);
  const statuses = await api.paginate('GET /repos/{owner}/{repo}/commits/{ref}/statuses', of).catch(orNone);
  const newest = [...new Map(statuses.toReversed().map((status) => [status.context, status])).values()];
  const found: SeenCheck[] = [
    ...runs.map((run) => {
      const isJob = run.app?.slug === actions;
      return {
        name: run.name,
        state: run.status !== 'completed' ? ('pending' as const) : stateOf(passing.has(run.conclusion ?? '')),
        required: required.has(run.name),
        url: pageOf((isJob ? null : run.details_url) ?? run.html_url),
        jobId: isJob ? Number(run.id) : null, // a job has the number of its check
        runId: Number(run.id),
        said: null,
      };
    }),
    ...newest.map(({ context, state, target_url, description }) => ({
      name: context,
      state: state === 'pending' ? ('pending' as const) : stateOf(state === 'success'),
      required: required.has(context),
      url: pageOf(target_url),
      jobId: null,
      runId: null,
      said: description,
    })),
  ];
  const missing = [...required].filter((name) => !found.some((check) => check.name === name));
  const awaited = { state: 'pending' as const, required: true, url: null, jobId: null, runId: null, said: null };
  return [...found, ...missing.map((name) => ({ name, ...awaited }))];
}

const stateOf = (passed: boolean) => (passed ? ('passed' as const) : ('failed' as const));

/** Anybody who may report a status names its page: nothing that a browser would run. */
const pageOf = (url: string | null): string | null => (url && /^https?:\/\//.test(url) ? url : null);

const mostLog = 64_000;

/** The log of a job; else what its app says of it, or the one sentence of a status. Empty when nothing is to be had. */
export async function readCheckLog(
  api: GitHubApi,
  { owner, repository: repo }: Where,
  { jobId, runId, said }: SeenCheck,
): Promise<string> {
  if (jobId) {
    const asked = api.request('GET /repos/{owner}/{repo}/actions/jobs/{job_id}/logs', { owner, repo, job_id: jobId });
    const { data } = await asked.catch(orGone);
    if (data) return String(data).slice(-mostLog);
  }
  return runId ? readOutput(api, { owner, repo, check_run_id: runId }) : (said ?? '');
}

type RunAddress = { owner: string; repo: string; check_run_id: number };
const most = { summary: 4_000, text: 6_000, annotations: 4_000 };

async function readOutput(api: GitHubApi, of: RunAddress): Promise<string> {
  const { data: run } = await api.request('GET /repos/{owner}/{repo}/check-runs/{check_run_id}', of).catch(orGone);
  if (!run) return '';
  const { title, summary, text, annotations_count: count } = run.output;
  const annotations = count > 0 ? await readAnnotations(api, of) : [];
  return [
    title,
    summary?.slice(0, most.summary),
    text?.slice(0, most.text),
    annotations.join('\n').slice(0, most.annotations),
  ]
    .filter(Boolean)
    .join('\n\n');
}

/** As compilers print them. */
async function readAnnotations(api: GitHubApi, of: RunAddress): Promise<string[]> {
  const asked = api.request('GET /repos/{owner}/{repo}/check-runs/{check_run_id}/annotations', {
    ...of,
    per_page: 100,
  });
  const { data } = await asked.catch(orGone);
  return (data ?? []).map(
    ({ path, start_line, annotation_level, title, message }) =>
      `${path}:${start_line}: ${annotation_level ?? 'notice'}: ${title ? `${title}: ` : ''}${message ?? ''}`,
  );
}

export const orGone = (e: unknown): { data: null } => {
  if (statusOf(e) === 404 || statusOf(e) === 410) return { data: null };
  throw e;
};
