/** What this host has and lacks for Sentra, each with the way out: `sentra doctor`. Works with and without a server. */
import { accessSync, constants, existsSync } from 'node:fs';
import path from 'node:path';
import { createAgents } from '#src/agents/registry.ts';
import type { Check } from '#src/cli/parts.ts';
import { createClient } from '#src/client/client.ts';
import type { Config } from '#src/config.ts';
import { modelScriptPath } from '#src/demo/demo.ts';
import type { AgentInfo } from '#src/domain/agent-info.ts';
import { describeNetwork } from '#src/domain/confinement.ts';
import { messageOf } from '#src/errors.ts';
import { reachGitHub } from '#src/forge/reach.ts';
import { createTokens } from '#src/forge/token.ts';
import { findServer, findToken, prepareHome } from '#src/home.ts';
import { countUncollected } from '#src/process/reaper.ts';
import { run } from '#src/process.ts';
import { explainLimits } from '#src/sandbox/limits.ts';
import { createSandbox } from '#src/sandbox/wall.ts';
import { findPostgresUser, preparePlace } from '#src/store/postgres-user.ts';

export async function examine(config: Config): Promise<{ ok: boolean; checks: Check[] }> {
  const sandbox = createSandbox({ stateDir: config.home });
  const missing = await sandbox.unavailable();
  const checks = [
    checkNode(),
    await checkGit(config),
    checkHome(config),
    await checkDatabase(config),
    check(
      'confinement',
      missing,
      `agents, tests, installs and dev servers are confined by bubblewrap; ${describeNetwork(config.operator.network)}; ${explainLimits()}`,
      'warning',
    ),
    ...checkUnconfined(config),
    ...(await checkAgents(config, sandbox)),
    ...(await checkForges(config)),
    checkPage(config),
    ...checkReaper(),
    await checkServer(config),
  ];
  await sandbox.close();
  return { ok: checks.every((c) => c.state !== 'problem'), checks };
}

const check = (
  name: string,
  problem: string | undefined,
  good: string,
  state: 'warning' | 'problem' = 'problem',
): Check => (problem ? { name, state, message: problem } : { name, state: 'ok', message: good });

/** Said wherever somebody looks whether all is well: it is no wall for these. */
function checkUnconfined({ operator: { unconfined } }: Config): Check[] {
  if (unconfined.length === 0) return [];
  const which = unconfined === 'all' ? 'every project' : unconfined.join(', ');
  return [
    check('no wall', `SENTRA_ALLOW_UNCONFINED lets ${which} run agents and tests with your own rights.`, '', 'warning'),
  ];
}

/** A few are there for a moment at any time. */
const mostUncollected = 50;

function checkReaper(): Check[] {
  const left = countUncollected();
  if (left <= mostUncollected) return [];
  const way = 'start the container with an init (`docker run --init`), or with `sentra` itself as its command';
  return [check('process 1', `${left} ended processes were never collected by process 1: ${way}.`, '', 'warning')];
}

function checkNode(): Check {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  const old = major < 22 || (major === 22 && minor < 18);
  return check(
    'node',
    old ? `Node ${process.versions.node} is too old: 22.18 or newer is needed.` : undefined,
    `Node ${process.versions.node}`,
  );
}

async function checkGit(config: Config): Promise<Check> {
  try {
    const { stdout } = await run({
      command: 'git',
      args: ['--version'],
      cwd: '/',
      env: { PATH: config.userEnv.PATH ?? '' },
    });
    const version = stdout.toString().replace('git version', '').trim();
    const [major = 0, minor = 0] = version.split('.').map(Number);
    const old = major < 2 || (major === 2 && minor < 38);
    return check(
      'git',
      old ? `git ${version} is too old: 2.38 or newer is needed for merge-tree.` : undefined,
      `git ${version}`,
    );
  } catch {
    return check('git', 'git is not installed: get it from your system (`apt-get install git`).', '');
  }
}

function checkHome(config: Config): Check {
  try {
    prepareHome(config.home);
    accessSync(config.home, constants.W_OK);
    return check('home', undefined, `${config.home} can be written`);
  } catch (e) {
    return check('home', messageOf(e), '');
  }
}

async function checkDatabase(config: Config): Promise<Check> {
  if (config.databaseUrl) return check('database', undefined, `DATABASE_URL at ${new URL(config.databaseUrl).host}`);
  try {
    return check(
      'database',
      undefined,
      `embedded PostgreSQL, data in ${await preparePlace(config.home, await findPostgresUser())}`,
    );
  } catch (e) {
    return check('database', messageOf(e), '');
  }
}

async function checkAgents(config: Config, sandbox: ReturnType<typeof createSandbox>): Promise<Check[]> {
  const agents = createAgents({
    sandbox,
    model: config.model,
    demoScriptPath: modelScriptPath,
    hostEnv: config.userEnv,
    logins: config.agentLogins,
  });
  const found = await agents.list();
  await agents.close();
  const isKnown = ({ source, installed }: AgentInfo) => source !== 'preset' || installed;
  const absent = found.filter((agent) => !isKnown(agent)).map(({ name }) => name);
  return [
    ...found
      .filter(isKnown)
      .map((agent) => check(`agent ${agent.name}`, agent.reason ?? undefined, say(agent), 'warning')),
    check('other agents', undefined, absent.length ? `not installed: ${absent.join(', ')}` : 'all are installed'),
  ];
}

/** Nothing is said of a login that only the agent itself could know of. */
const say = ({ version, loggedIn, capabilities }: AgentInfo): string =>
  [
    version ? `version ${version}` : 'can be started',
    ...(loggedIn ? ['logged in'] : []),
    capabilities.messages === 'none' ? 'hears no messages while it works' : 'hears messages while it works',
    ...(capabilities.gateway ? ['the key stays with Sentra'] : []),
  ].join(', ');

async function checkForges({ userEnv }: Config): Promise<Check[]> {
  const tokens = createTokens(userEnv);
  const hosts = [...new Set(['github.com', ...(userEnv.GH_HOST ? [userEnv.GH_HOST] : [])])];
  return Promise.all(
    hosts.map(async (host) => {
      const { problem, message } = await reachGitHub(tokens, host);
      return check('github', problem ?? undefined, message, 'warning');
    }),
  );
}

function checkPage(config: Config): Check {
  const built = existsSync(path.join(config.root, 'dist', 'index.html'));
  return check(
    'dashboard',
    built ? undefined : 'The page is not built: `npm run build`, or `npm start`, which does it.',
    'built',
    'warning',
  );
}

async function checkServer(config: Config): Promise<Check> {
  const server = findServer(config.home);
  const token = findToken(config.home);
  if (!server || !token) return check('server', 'No server runs with this home: `npx sentra up`.', '', 'warning');
  try {
    await createClient({ url: server.url, token }).listProjects();
    return check('server', undefined, `answers at ${server.url}`);
  } catch (e) {
    return check('server', messageOf(e), '', 'warning');
  }
}
