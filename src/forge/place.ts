/** Which forge a project has: what its sentra.json says, else what the address of its remote says. Pure. */
import type { ForgeSettings } from '#src/domain/forge.ts';
import { SentraError } from '#src/errors.ts';

export type GitHubPlace = {
  /** Without a slash at its end. */
  apiUrl: string;
  /** Of the server, with its port: what a token belongs to. */
  host: string;
  owner: string;
  repository: string;
  labels: readonly string[];
  reviewers: readonly string[];
};
export type ForgePlace = { kind: 'local' } | ({ kind: 'github' } & GitHubPlace);

/** Throws `invalid_config` where GitHub is asked for and nothing says which repository, or the address is not safe for a token. */
export function findPlace(settings: ForgeSettings, remoteUrl: string | null): ForgePlace {
  const found = remoteUrl ? readAddress(remoteUrl) : null;
  if (settings.kind === 'local') return { kind: 'local' };
  if (settings.kind === 'auto')
    return found?.host === 'github.com'
      ? { ...placeOf('https://api.github.com', found), kind: 'github' }
      : { kind: 'local' };
  const named = settings.repository?.split('/');
  const owner = named?.[0] ?? found?.owner;
  const repository = named?.[1] ?? found?.repository;
  const apiUrl = settings.apiUrl ?? (found ? apiOf(found.host) : undefined);
  if (!owner || !repository || !apiUrl)
    throw new SentraError(
      'invalid_config',
      'forge: the remote is no address of a GitHub repository; name it: {"kind": "github", "repository": "owner/name", "apiUrl": "https://api.github.com"}.',
    );
  const { labels, reviewers } = settings;
  return { ...placeOf(apiUrl, { owner, repository }), labels, reviewers, kind: 'github' };
}

function placeOf(apiUrl: string, { owner, repository }: { owner: string; repository: string }): GitHubPlace {
  const { protocol, hostname, host } = new URL(apiUrl);
  if (protocol !== 'https:' && !isLoopback(hostname))
    throw new SentraError(
      'invalid_config',
      `forge.apiUrl: ${apiUrl} is not encrypted, and the token would be; use https.`,
    );
  const server = host === 'api.github.com' ? 'github.com' : host;
  return { apiUrl: apiUrl.replace(/\/+$/, ''), host: server, owner, repository, labels: [], reviewers: [] };
}

const apiOf = (host: string) => {
  if (host === 'github.com') return 'https://api.github.com';
  return `${isLoopback(new URL(`http://${host}`).hostname) ? 'http' : 'https'}://${host}/api/v3`;
};

const isLoopback = (hostname: string) => /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);

/** `https://host/owner/name.git`, `ssh://git@host:22/owner/name`, `git@host:owner/name.git`. */
function readAddress(url: string): { host: string; owner: string; repository: string } | null {
  const short = /^(?:[\w.-]+@)?([\w.-]+):([^/].*)$/.exec(url);
  const [host, path] = URL.canParse(url)
    ? [hostOf(new URL(url)), new URL(url).pathname]
    : short
      ? [short[1], `/${short[2]}`]
      : [];
  const [, owner, repository] = /^\/+([\w.-]+)\/([\w.-]+?)(?:\.git)?\/?$/.exec(path ?? '') ?? [];
  return host && owner && repository ? { host: host.toLowerCase(), owner, repository } : null;
}

/** GitHub serves SSH on ssh.github.com:443 as well. */
const hostOf = ({ protocol, hostname, host }: URL): string =>
  hostname === 'ssh.github.com' ? 'github.com' : protocol === 'ssh:' ? hostname : host;
