/**
 * The only place that runs git. A repository's own configuration, attributes and hooks are written by people and agents,
 * so no call may let them start a program: hooks, fsmonitor, external diffs, filters and merge drivers are all switched off,
 * system and personal configuration is not read, and nothing ever asks a question. Settings travel in the environment
 * (GIT_CONFIG_COUNT), because a hostile name that contains "=" would break out of `-c name=value`.
 * A call that talks to a remote (`asUser`) keeps the person's own configuration, so that their credentials work.
 */
import { existsSync } from 'node:fs';
import { SentraError } from '#src/errors.ts';
import {
  type ConfigEntry,
  credentialEntries,
  type GitCredential,
  helpersToUse,
  listHelpers,
} from '#src/git/credentials.ts';
import { driverOverrides, hasInheritance } from '#src/git/driver-overrides.ts';
import { gentle } from '#src/process/gentle.ts';
import { run } from '#src/process.ts';

export type GitOptions = {
  /** The repository's git directory, or the administration folder of one worktree. */
  gitDir?: string;
  workTree?: string;
  indexFile?: string;
  /** The default is the work tree, else the git directory. */
  cwd?: string;
  input?: string | Uint8Array;
  env?: Record<string, string>;
  /** With the configuration and credentials of the person who runs Sentra; for fetch, push and ls-remote only. */
  asUser?: boolean;
  /** Beside `asUser`: what that server is answered when it asks who calls, instead of the person's own credentials. */
  credential?: GitCredential;
  /** Gives way to everything else on the host. */
  gentle?: boolean;
  /** The default is two minutes. */
  timeoutMs?: number;
  /** Exit codes that are answers; the default is only 0. `any` never throws for an exit code or a time limit. */
  okExitCodes?: readonly number[] | 'any';
  signal?: AbortSignal;
};

export type GitResult = { exitCode: number; stdout: string; stderr: string };

const settings: Readonly<Record<string, string>> = {
  'core.fsmonitor': 'false',
  'core.hooksPath': '/dev/null',
  'core.splitIndex': 'false',
  'core.ignoreStat': 'false',
  'core.quotePath': 'false',
  'core.alternateRefsCommand': 'true', // a program that says nothing
  'commit.gpgsign': 'false',
  'log.showSignature': 'false',
  'diff.external': '',
  'diff.ignoreSubmodules': 'all',
  'submodule.recurse': 'false',
  'push.recurseSubmodules': 'no',
  'push.gpgSign': 'false',
  'fetch.recurseSubmodules': 'false',
  'gc.auto': '0',
  'maintenance.auto': 'false',
  'i18n.commitEncoding': 'utf-8',
  'i18n.logOutputEncoding': 'utf-8',
  'protocol.ext.allow': 'never',
  'safe.bareRepository': 'explicit',
  // Registering a repository is the consent that git asks for here, and nothing in it can run.
  'safe.directory': '*',
};

const neutral = {
  HOME: '/nonexistent',
  LC_ALL: 'C',
  GIT_CONFIG_NOSYSTEM: '1',
  GIT_CONFIG_GLOBAL: '/dev/null',
  GIT_ATTR_NOSYSTEM: '1',
};

const unattended = {
  GIT_TERMINAL_PROMPT: '0',
  GIT_ASKPASS: '',
  SSH_ASKPASS: '',
  GIT_PROXY_COMMAND: '', // empty: core.gitProxy does not count
  GIT_OPTIONAL_LOCKS: '0',
  GIT_NO_LAZY_FETCH: '1',
};

/** What credential helpers, SSH agents and proxies need of a person's environment. */
const personal = [
  'HOME',
  'USER',
  'LOGNAME',
  'LANG',
  'TMPDIR',
  'SSH_AUTH_SOCK',
  'XDG_CONFIG_HOME',
  'XDG_CACHE_HOME',
  'XDG_RUNTIME_DIR',
  'DBUS_SESSION_BUS_ADDRESS',
  'GH_TOKEN',
  'GITHUB_TOKEN',
  'GH_CONFIG_DIR',
  'HTTP_PROXY',
  'HTTPS_PROXY',
  'NO_PROXY',
  'http_proxy',
  'https_proxy',
  'no_proxy',
  'SSL_CERT_FILE',
  'SSL_CERT_DIR',
  'GIT_SSL_CAINFO',
];

let userEnv: Readonly<Record<string, string | undefined>> = {};

/** Tells once, at start, the environment of the person who runs Sentra: `PATH` for every call, the rest for `asUser`. */
export function setGitUserEnvironment(env: Readonly<Record<string, string | undefined>>): void {
  userEnv = env;
}

export async function execGit(args: readonly string[], options: GitOptions): Promise<GitResult> {
  const { stdout, ...ended } = await runHardened(args, options);
  return { ...ended, stdout: stdout.toString() };
}

/** What a call that must succeed writes, as it is. */
export async function gitBytes(args: readonly string[], options: GitOptions): Promise<Buffer> {
  return (await runHardened(args, options)).stdout;
}

async function runHardened(args: readonly string[], options: GitOptions) {
  if (!options.gitDir) return runGit(args, options, { config: settings });
  const { overrides, helperKeys } = await driverOverrides(options.gitDir, readConfigNames);
  const helpers = options.asUser ? await trustedHelpers(options.gitDir, helperKeys) : [];
  return runGit(args, options, { config: { ...settings, ...overrides }, helpers });
}

/** What the person's own configuration and the repository's say of helpers is asked only where the repository says anything. */
async function trustedHelpers(gitDir: string, keys: readonly string[]): Promise<ConfigEntry[]> {
  if (keys.length === 0) return [];
  const { stdout } = await runGit(listHelpers, { gitDir, asUser: true, okExitCodes: [0, 1] }, { config: {} });
  return helpersToUse(keys, stdout.toString());
}

/** Trimmed output of a call that must succeed. */
export async function gitLine(args: readonly string[], options: GitOptions): Promise<string> {
  return (await execGit(args, options)).stdout.trim();
}

/** Whether a new worktree of the repository gets more from it than branches and objects. */
export const inheritsSettings = (gitDir: string): Promise<boolean> => hasInheritance(gitDir, readConfigNames);

const readConfigNames = async (gitDir: string, pattern: string) =>
  (
    await runGit(
      ['config', '--includes', '--name-only', '-z', '--get-regexp', pattern],
      { gitDir, okExitCodes: [0, 1] },
      { config: settings },
    )
  ).stdout
    .toString()
    .split('\0')
    .filter(Boolean);

type Configured = { config: Readonly<Record<string, string>>; helpers?: readonly ConfigEntry[] };

async function runGit(args: readonly string[], options: GitOptions, configured: Configured) {
  const cwd = options.cwd ?? options.workTree ?? options.gitDir ?? '/';
  if (options.gitDir && !existsSync(options.gitDir)) throw missing(options.gitDir);
  const call = options.gentle ? gentle('git', args) : { command: 'git', args };
  const outcome = await run(
    { ...call, cwd, env: environment(options, configured), outlives: true },
    {
      timeoutMs: options.timeoutMs ?? 120_000,
      keepBytes: 64 * 1024 * 1024,
      ...(options.input === undefined ? {} : { input: options.input }),
      ...(options.signal ? { signal: options.signal } : {}),
    },
  );
  const stderr = withoutPasswords(outcome.stderr.toString());
  const exitCode = outcome.endedBy === 'exit' ? (outcome.exitCode ?? -1) : -1;
  options.signal?.throwIfAborted();
  const accepted = options.okExitCodes ?? [0];
  if (accepted !== 'any' && (!accepted.includes(exitCode) || outcome.truncated))
    throw failure(args, cwd, { ...outcome, stderr });
  return { exitCode, stdout: outcome.stdout, stderr };
}

function environment(options: GitOptions, { config, helpers = [] }: Configured): Record<string, string> {
  const known = (names: readonly string[]) =>
    Object.fromEntries(names.flatMap((name) => (userEnv[name] ? [[name, userEnv[name]]] : [])));
  const entries = [...Object.entries(config), ...helpers, ...credentialEntries(options.credential)];
  return {
    PATH: userEnv.PATH ?? '/usr/local/bin:/usr/bin:/bin:/opt/homebrew/bin',
    ...(options.asUser ? { ...known(personal), LC_ALL: 'C', GIT_SSH_COMMAND: 'ssh -oBatchMode=yes' } : neutral),
    ...unattended,
    GIT_CONFIG_COUNT: String(entries.length),
    ...Object.fromEntries(
      entries.flatMap(([key, value], i) => [
        [`GIT_CONFIG_KEY_${i}`, key],
        [`GIT_CONFIG_VALUE_${i}`, value],
      ]),
    ),
    ...(options.gitDir ? { GIT_DIR: options.gitDir } : {}),
    ...(options.workTree ? { GIT_WORK_TREE: options.workTree } : {}),
    ...(options.indexFile ? { GIT_INDEX_FILE: options.indexFile } : {}),
    ...(options.credential ? { SENTRA_GIT_SECRET: options.credential.secret } : {}),
    ...options.env,
  };
}

function failure(args: readonly string[], cwd: string, outcome: Ended): SentraError {
  const said = lastLines(outcome.stderr) || 'it said nothing';
  const how =
    outcome.endedBy === 'timeout'
      ? 'took too long and was ended'
      : `failed (exit ${outcome.exitCode ?? 'by a signal'})`;
  const code = /No space left on device|Read-only file system|Disk quota/.test(said)
    ? 'storage_unwritable'
    : 'git_failed';
  return new SentraError(code, `git ${args[0]} ${how} in ${cwd}: ${said}`, {
    details: { args: args.map((arg) => withoutPasswords(arg).slice(0, 300)).slice(0, 30) },
  });
}

type Ended = { endedBy: string; exitCode: number | null; stderr: string };

/** The last lines that git wrote, as one line for people. */
export const lastLines = (stderr: string): string => stderr.trim().split('\n').slice(-5).join(' · ');

const withoutPasswords = (text: string) => text.replace(/(\w+:\/\/)[^\s/@]+@/g, '$1***@');

const missing = (gitDir: string) =>
  new SentraError(
    'repository_missing',
    `The repository at ${gitDir} is not there any more. Put it back, or remove the project from Sentra.`,
  );
