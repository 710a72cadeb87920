/**
 * GitHub's REST API: Octokit, with what Sentra needs of it. What was read before is asked for again with its ETag, which costs nothing
 * of the limit; a limit is remembered, and until it is over no request is sent; nothing is tried again by itself, because only who
 * asked knows how to look whether it was done (docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api).
 */
import { Octokit } from '@octokit/core';
import { paginateRest } from '@octokit/plugin-paginate-rest';
import { SentraError } from '#src/errors.ts';
import type { GitHubPlace } from '#src/forge/place.ts';

const Client = Octokit.plugin(paginateRest);
export type GitHubApi = InstanceType<typeof Client>;

/** `unsure`: it may have been done, as after a timeout or a 502. */
export type ForgeDetails = { status: number | null; until?: string; unsure?: boolean };

const timeoutMs = 20_000;
/** Answers kept for their ETags; the oldest goes. */
const mostKept = 500;

export function connect({ apiUrl, host }: Pick<GitHubPlace, 'apiUrl' | 'host'>, token: string): GitHubApi {
  const quiet = { debug() {}, info() {}, warn() {}, error() {} };
  const octokit = new Client({ auth: token, baseUrl: apiUrl, userAgent: 'sentra', log: quiet });
  const kept = new Map<string, { etag: string; answer: Answer }>();
  let limitedUntil = 0;
  octokit.hook.wrap('request', async (request, options) => {
    if (Date.now() < limitedUntil) throw limited(host, limitedUntil);
    const key = options.method === 'GET' ? JSON.stringify([options.url, options]) : '';
    const before = kept.get(key);
    // Changed in place: a hook's request is bound to these options, and takes no others.
    options.headers = { ...options.headers, ...(before ? { 'if-none-match': before.etag } : {}) };
    options.request = { ...options.request, signal: AbortSignal.timeout(timeoutMs) };
    try {
      const answer = await request(options);
      if (key && answer.headers.etag)
        remember(kept, key, { etag: answer.headers.etag, answer: structuredClone(answer) });
      return answer;
    } catch (e) {
      const { status } = e as Partial<Refusal>;
      if (status === 304 && before) return structuredClone(before.answer); // who gets it changes it
      limitedUntil = Math.max(limitedUntil, endOfLimit(e as Partial<Refusal>) ?? 0);
      throw explain(host, e as Partial<Refusal>, limitedUntil, options.method !== 'GET');
    }
  });
  return octokit;
}

type Answer = Awaited<ReturnType<GitHubApi['request']>>;
type Refusal = Error & { status: number; response?: { headers: Record<string, string | undefined>; data?: unknown } };

function remember<T>(kept: Map<string, T>, key: string, value: T): void {
  kept.delete(key);
  kept.set(key, value);
  const [oldest] = kept.keys();
  if (kept.size > mostKept && oldest !== undefined) kept.delete(oldest);
}

/** Milliseconds since 1970; undefined when it is no limit that was met. */
function endOfLimit({ status, response, message = '' }: Partial<Refusal>): number | undefined {
  if (status !== 403 && status !== 429) return undefined;
  const {
    'retry-after': after,
    'x-ratelimit-remaining': remaining,
    'x-ratelimit-reset': reset,
  } = response?.headers ?? {};
  if (after && Number.isFinite(Number(after))) return Date.now() + Number(after) * 1000;
  if (remaining === '0' && reset) return Number(reset) * 1000;
  return status === 429 || /rate limit/i.test(message) ? Date.now() + 60_000 : undefined;
}

const limited = (host: string, until: number) =>
  new SentraError(
    'forge_limited',
    `${host} lets Sentra ask nothing more until ${new Date(until).toISOString()}: its rate limit. It goes on by itself then.`,
    { details: { status: null, until: new Date(until).toISOString() } satisfies ForgeDetails },
  );

function explain(host: string, refusal: Partial<Refusal>, limitedUntil: number, isWrite: boolean): SentraError {
  const { status = 500, response, message = '' } = refusal;
  if (Date.now() < limitedUntil) return limited(host, limitedUntil);
  const details: ForgeDetails = { status: response ? status : null, unsure: isWrite && (status >= 500 || !response) };
  const said = message.split(' - http')[0]?.slice(0, 500) || 'it said nothing';
  if (status === 401)
    return new SentraError(
      'forge_auth',
      `${host} does not accept the token. Give a valid one as GITHUB_TOKEN, or log in with "gh auth login", and start Sentra again.`,
      { details },
    );
  if (!response || status >= 500) {
    const what = response ? `answers with ${status}` : `does not answer (${said})`;
    return new SentraError('forge_unavailable', `${host} ${what}. Sentra tries again by itself.`, { details });
  }
  const way = status === 403 || status === 404 ? ' Check that the token may read and write this repository.' : '';
  return new SentraError('forge_refused', `${host} refuses: ${said} (${status}).${way}`, { details });
}

/** Of an error that a call here threw; null for any other. */
export const statusOf = (e: unknown): number | null =>
  e instanceof SentraError && e.code.startsWith('forge_')
    ? ((e.details as ForgeDetails | undefined)?.status ?? null)
    : null;

/** Whether a write may have been done although it failed. */
export const isUnsure = (e: unknown): boolean =>
  e instanceof SentraError &&
  e.code === 'forge_unavailable' &&
  (e.details as ForgeDetails | undefined)?.unsure === true;

/** An older server has no such address, and a token may not be allowed to read it. */
export const orNone = (e: unknown): never[] => {
  if (statusOf(e) === 404 || statusOf(e) === 403) return [];
  throw e;
};
