/** Pull requests on GitHub, github.com or a server of one's own. */
import { messageOf, SentraError } from '#src/errors.ts';
import { signed, unaddressed } from '#src/forge/body.ts';
import type { Forge, ForgeProject, OpenedPull, WantedPull } from '#src/forge/forge.ts';
import { connect, type GitHubApi, isUnsure, statusOf } from '#src/forge/github-api.ts';
import { orGone, readCheckLog } from '#src/forge/github-checks.ts';
import { createLanding } from '#src/forge/github-land.ts';
import { readPull, readRules } from '#src/forge/github-read.ts';
import { tellReview } from '#src/forge/github-review.ts';
import type { GitHubPlace } from '#src/forge/place.ts';
import type { Tokens } from '#src/forge/token.ts';
import { isContained } from '#src/git/branch.ts';
import type { GitCredential } from '#src/git/credentials.ts';
import { deleteRemoteBranch } from '#src/git/push.ts';
import { findRemoteUrl } from '#src/git/repository.ts';

export function createGitHubForge(
  project: ForgeProject & { remote: string },
  place: GitHubPlace,
  tokens: Tokens,
): Forge {
  const { owner, repository: repo } = place;
  const at = { owner, repo };
  const api = createConnection(place, tokens);
  const credential = async () => findCredential(project, place, await tokens.find(place.host));
  const findOpen = async (headBranch: string): Promise<OpenedPull | undefined> => {
    const query = { ...at, head: `${owner}:${headBranch}`, state: 'open' as const };
    const { data } = await (await api()).request('GET /repos/{owner}/{repo}/pulls', query);
    const [found] = data;
    return found && { number: found.number, url: found.html_url, isNew: false };
  };
  return {
    kind: 'github',
    credential,
    async open(pull) {
      const found =
        (await findOpen(pull.headBranch)) ??
        (await reopen(pull.earlier ?? null)) ??
        (await create(pull).catch(lookAgain(() => findOpen(pull.headBranch))));
      return { ...found, refused: await decorate(await api(), place, found.number) };
    },
    async update(number, { title, text }) {
      await (await api()).request('PATCH /repos/{owner}/{repo}/pulls/{pull_number}', {
        ...at,
        pull_number: number,
        ...fitting({ title, text }),
      });
    },
    read: async (number, baseBranch) => readPull(await api(), place, number, baseBranch),
    review: async (number, said) => tellReview(await api(), place, number, said),
    readLog: async (check) => readCheckLog(await api(), place, check),
    async isAhead(branchName, commit) {
      const basehead = `${commit}...${branchName}`;
      const asked = (await api()).request('GET /repos/{owner}/{repo}/compare/{basehead}', { ...at, basehead });
      const { data } = await asked.catch(orGone);
      return data?.status === 'ahead' || data?.status === 'identical';
    },
    ...createLanding(project, {
      place,
      api,
      credential,
      isGuarded: async (branch) => (await readRules(await api(), place, branch)).isGuarded,
    }),
    /** Squashed or rebased, its commits are not in the base, and GitHub could not know that they came there. */
    async publish({ to, pulls }) {
      for (const { number, headCommit } of pulls)
        if (number !== null && !(await isContained(project, to, headCommit)))
          await close(number, `Merged as ${to}, as it was tested.`);
      return null;
    },
    close,
    async deleteBranch(branchName, commit) {
      const { remote } = project;
      const own = await credential();
      const reach = own ? { remote, credential: own } : { remote };
      const gone = await deleteRemoteBranch(project, { branchName, commit, ...reach });
      return gone.outcome === 'refused' ? gone.message : null;
    },
  };

  async function close(number: number, why: string): Promise<void> {
    const client = await api();
    const { data: pull } = await client.request('GET /repos/{owner}/{repo}/pulls/{pull_number}', {
      ...at,
      pull_number: number,
    });
    if (pull.state !== 'open') return;
    await client.request('PATCH /repos/{owner}/{repo}/pulls/{pull_number}', {
      ...at,
      pull_number: number,
      state: 'closed',
    });
    await client.request('POST /repos/{owner}/{repo}/issues/{issue_number}/comments', {
      ...at,
      issue_number: number,
      body: signed(why),
    });
  }

  /** Undefined where GitHub does not: its branch had another history when it was closed, or it is merged. */
  async function reopen(number: number | null): Promise<OpenedPull | undefined> {
    if (number === null) return undefined;
    const asked = (await api()).request('PATCH /repos/{owner}/{repo}/pulls/{pull_number}', {
      ...at,
      pull_number: number,
      state: 'open',
    });
    const again = await asked.catch((e) => {
      if (statusOf(e) === 422 || statusOf(e) === 404) return null;
      throw e;
    });
    return again ? { number, url: again.data.html_url, isNew: false } : undefined;
  }

  async function create({ title, text, headBranch, baseBranch }: WantedPull): Promise<OpenedPull> {
    const wanted = { ...at, ...fitting({ title, text }), head: headBranch, base: baseBranch };
    const { data } = await (await api()).request('POST /repos/{owner}/{repo}/pulls', wanted);
    return { number: data.number, url: data.html_url, isNew: true };
  }
}

/** A request that failed may have been carried out, and 422 says that there is one already: whoever finds it needs no second. */
const lookAgain =
  (find: () => Promise<OpenedPull | undefined>) =>
  async (thrown: unknown): Promise<OpenedPull> => {
    const found = isUnsure(thrown) || statusOf(thrown) === 422 ? await find() : undefined;
    if (found) return found;
    throw thrown;
  };

/** GitHub takes 256 and 65,536 characters; the end has the mark. */
const fitting = ({ title, text }: Pick<WantedPull, 'title' | 'text'>) => ({
  title: title.slice(0, 250),
  body: unaddressed(
    text.length <= 60_000
      ? text
      : `${text.slice(0, 58_000)}\n\n… (cut; all of it is in Sentra)\n\n${text.slice(-1_500)}`,
  ),
});

/**
 * Labels and reviewers as sentra.json names them, a team as `owner/team`. Each is asked for by itself, because GitHub refuses all when it
 * does not know one. Answers what it refused: that holds nothing up.
 */
async function decorate(
  api: GitHubApi,
  { owner, repository: repo, labels, reviewers }: GitHubPlace,
  number: number,
): Promise<string[]> {
  const at = { owner, repo };
  const refused: string[] = [];
  const ask = async (what: string, asking: Promise<unknown>) => {
    await asking.catch((e) => {
      if (![403, 404, 422].includes(statusOf(e) ?? 0)) throw e;
      refused.push(`GitHub does not take ${what} of forge in sentra.json: ${messageOf(e)}`);
    });
  };
  if (labels.length)
    await ask(
      `the labels ${labels.join(', ')}`,
      api.request('POST /repos/{owner}/{repo}/issues/{issue_number}/labels', {
        ...at,
        issue_number: number,
        labels: [...labels],
      }),
    );
  for (const reviewer of reviewers) {
    const [team] = reviewer.split('/').slice(1);
    await ask(
      `the reviewer ${reviewer}`,
      api.request('POST /repos/{owner}/{repo}/pulls/{pull_number}/requested_reviewers', {
        ...at,
        pull_number: number,
        ...(team ? { team_reviewers: [team] } : { reviewers: [reviewer] }),
      }),
    );
  }
  return refused;
}

/** One client for each token, so that its limits and ETags are kept. */
function createConnection(place: GitHubPlace, tokens: Tokens): () => Promise<GitHubApi> {
  let current: { token: string; api: GitHubApi } | undefined;
  return async () => {
    const token = await tokens.find(place.host);
    if (!token) throw noToken(place);
    if (current?.token !== token) current = { token, api: connect(place, token) };
    return current.api;
  };
}

const noToken = ({ host }: GitHubPlace) =>
  new SentraError(
    'forge_auth',
    host === 'github.com'
      ? 'There is no token for github.com: set GITHUB_TOKEN, or log in with "gh auth login", and start Sentra again. Or set "forge": "local" in sentra.json.'
      : `There is no token for ${host}: set GH_HOST=${host} and GH_ENTERPRISE_TOKEN, or log in with "gh auth login --hostname ${host}", and start Sentra again.`,
  );

/** For pushes over HTTPS to that very server; an SSH remote has its keys. */
async function findCredential(
  project: ForgeProject & { remote: string },
  { host }: GitHubPlace,
  secret: string | null,
): Promise<GitCredential | undefined> {
  const url = await findRemoteUrl(project, project.remote);
  if (!secret || !url || !/^https?:/.test(url) || !URL.canParse(url)) return undefined;
  const { origin, host: server, protocol, hostname } = new URL(url);
  const isSafe = protocol === 'https:' || hostname === '127.0.0.1' || hostname === 'localhost';
  return server === host && isSafe ? { origin, secret } : undefined;
}
