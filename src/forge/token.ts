/**
 * Which token goes to which server. The address of a forge can come from a file of the repository, so a token goes only where its
 * owner has said that it belongs: GITHUB_TOKEN to github.com, another server's only to the one that GH_HOST names, else
 * what `gh` itself keeps for that server.
 */
import { run } from '#src/process.ts';

export type Tokens = {
  /** Null when there is none for that server. */
  find(host: string): Promise<string | null>;
};

type Environment = Readonly<Record<string, string | undefined>>;

export function createTokens(env: Environment): Tokens {
  const kept = new Map<string, string>();
  return {
    async find(host) {
      const given = fromEnvironment(env, host);
      if (given) return given;
      const known = kept.get(host) ?? (await fromGh(env, host));
      if (known) kept.set(host, known);
      return known;
    },
  };
}

function fromEnvironment(env: Environment, host: string): string | null {
  if (host === 'github.com') return env.GH_TOKEN || env.GITHUB_TOKEN || null;
  return env.GH_HOST === host ? env.GH_ENTERPRISE_TOKEN || env.GITHUB_ENTERPRISE_TOKEN || null : null;
}

/** What gh needs to find what it keeps. */
const forGh = ['PATH', 'HOME', 'GH_CONFIG_DIR', 'XDG_CONFIG_HOME', 'XDG_RUNTIME_DIR', 'DBUS_SESSION_BUS_ADDRESS'];

async function fromGh(env: Environment, host: string): Promise<string | null> {
  const own = Object.fromEntries(forGh.flatMap((name) => (env[name] ? [[name, env[name]]] : [])));
  const command = { command: 'gh', args: ['auth', 'token', '--hostname', host], cwd: '/', env: own };
  const told = await run(command, { timeoutMs: 10_000 }).catch(() => null); // it is not installed
  return told?.exitCode === 0 ? told.stdout.toString().trim() || null : null;
}
