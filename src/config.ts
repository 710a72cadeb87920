/** The only reader of the environment. Everything else gets what it needs as an argument. */
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import type { Operator } from '#src/domain/confinement.ts';
import { HostRule } from '#src/domain/host-rule.ts';
import { parseReserve, type Reserve } from '#src/domain/reserve.ts';
import { SentraError } from '#src/errors.ts';
import { homePath } from '#src/home-path.ts';

export type LogLevelName = 'debug' | 'info' | 'warn' | 'error' | 'silent';

export type Config = {
  /** Absolute; database, token, caches and the demo live here. */
  home: string;
  databaseUrl: string | undefined;
  host: string;
  /** 0 picks one. */
  port: number;
  /** For clients; undefined means: from `home`. */
  url: string | undefined;
  token: string | undefined;
  /** Runs at once on this worker; undefined: what the host carries (domain/slots.ts). */
  slots: number | undefined;
  /** What must stay free on every disk that work is written to, and of memory, before anything new starts. */
  minDisk: Reserve;
  minMemory: Reserve;
  /** Test commands at once on this host. */
  testSlots: number;
  /** Most worktrees that are prepared ahead on this host. */
  pool: number;
  /** Megabytes of a task's log, and as many of what its programs wrote, that are kept. */
  logMb: number;
  /** Between looks at a forge while something is under way there. */
  forgePollMs: number;
  /** Signs the webhooks of a forge; undefined: none is taken. */
  webhookSecret: string | undefined;
  logLevel: LogLevelName;
  /** Where traces of runs are sent, and as what; null: nowhere. */
  traces: { url: string; headers: Record<string, string> } | null;
  serviceName: string;
  model: {
    baseUrl: string;
    credential: { kind: 'api_key' | 'auth_token' | 'oauth'; secret: string } | null;
  };
  /** What only who starts the server may say about confinement. */
  operator: Operator;
  /** Variables and files (`~/…`) that a project's sentra.json may give to the agents that it defines. */
  agentLogins: readonly string[];
  /** What a process of the user's own would see, for git's credentials on push. Agents get of it what their logins name. */
  userEnv: Record<string, string>;
  version: string;
  /** The checkout or package that this program runs from. */
  root: string;
};

const levels: readonly LogLevelName[] = ['debug', 'info', 'warn', 'error', 'silent'];

/** Reads the environment. Throws `invalid` naming the variable and what it accepts. */
export function readConfig(env: NodeJS.ProcessEnv = process.env): Config {
  const root = path.resolve(import.meta.dirname, '..');
  const level = (env.SENTRA_LOG_LEVEL ?? 'warn') as LogLevelName;
  if (!levels.includes(level))
    throw new SentraError('invalid', `SENTRA_LOG_LEVEL is "${level}"; use one of ${levels.join(', ')}.`);
  const relative = list(env.SENTRA_TOOLS).find((place) => !path.isAbsolute(place));
  if (relative !== undefined)
    throw new SentraError(
      'invalid',
      `SENTRA_TOOLS has "${relative}"; it takes absolute paths separated by commas, as in /home/ada/tools,/home/ada/bin.`,
    );
  return {
    home: homePath(env),
    databaseUrl: env.DATABASE_URL || undefined,
    host: env.SENTRA_HOST || '127.0.0.1',
    port: wholeNumber(env, 'SENTRA_PORT', 4400, 0, 65_535),
    url: env.SENTRA_URL?.replace(/\/+$/, '') || undefined,
    token: env.SENTRA_TOKEN || undefined,
    slots: env.SENTRA_SLOTS ? wholeNumber(env, 'SENTRA_SLOTS', 1, 1, 1000) : undefined,
    minDisk: reserve(env, 'SENTRA_MIN_DISK', { bytes: 1e9, percent: 5, percentAtMost: 20e9 }),
    minMemory: reserve(env, 'SENTRA_MIN_MEMORY', { bytes: 200e6, percent: 5, percentAtMost: 1e9 }),
    testSlots: wholeNumber(env, 'SENTRA_TEST_SLOTS', os.availableParallelism(), 1, 1000),
    pool: wholeNumber(env, 'SENTRA_POOL', 12, 0, 1000),
    logMb: wholeNumber(env, 'SENTRA_LOG_MB', 1000, 1, 1_000_000),
    forgePollMs: wholeNumber(env, 'SENTRA_FORGE_POLL_MS', 15_000, 100, 3_600_000),
    webhookSecret: env.SENTRA_WEBHOOK_SECRET || undefined,
    logLevel: level,
    traces: traces(env),
    serviceName: env.OTEL_SERVICE_NAME || 'sentra',
    model: { baseUrl: env.ANTHROPIC_BASE_URL || 'https://api.anthropic.com', credential: credential(env) },
    operator: operator(env),
    agentLogins: list(env.SENTRA_AGENT_LOGINS),
    userEnv: personal(env),
    version: (JSON.parse(readFileSync(path.join(root, 'package.json'), 'utf8')) as { version: string }).version,
    root,
  };
}

/** A folder of PATH that depends on where a program stands would be one of a repository: its `git` is not the person's. */
function personal(env: NodeJS.ProcessEnv): Record<string, string> {
  const known = Object.entries(env).filter((e): e is [string, string] => e[1] !== undefined);
  const whole = (places: string) => places.split(path.delimiter).filter((place) => path.isAbsolute(place));
  return Object.fromEntries(
    known.map(([name, value]) => [name, name === 'PATH' ? whole(value).join(path.delimiter) : value]),
  );
}

/** SENTRA_OTLP_URL, else what OpenTelemetry's own variables say (opentelemetry.io/docs/specs/otel/protocol/exporter). */
function traces(env: NodeJS.ProcessEnv): Config['traces'] {
  const name = ['SENTRA_OTLP_URL', 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT', 'OTEL_EXPORTER_OTLP_ENDPOINT'].find(
    (n) => env[n],
  );
  if (!name) return null;
  const url = URL.canParse(env[name] ?? '') ? new URL(env[name] ?? '') : undefined;
  if (!url || !/^https?:$/.test(url.protocol) || url.username || url.password)
    throw new SentraError(
      'invalid',
      `${name} is no address that traces can be sent to; it takes one like http://127.0.0.1:4318, without a name or password: keys go into OTEL_EXPORTER_OTLP_HEADERS.`,
    );
  const isWhole = name === 'OTEL_EXPORTER_OTLP_TRACES_ENDPOINT' || url.pathname.endsWith('/v1/traces');
  if (!isWhole) url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/traces`;
  return { url: url.href, headers: headers(env.OTEL_EXPORTER_OTLP_TRACES_HEADERS || env.OTEL_EXPORTER_OTLP_HEADERS) };
}

/** As `key=value,other=value`, percent-encoded. What is no such pair is left out. */
function headers(text = ''): Record<string, string> {
  const pairs = text.split(',').map((pair) => pair.split(/=(.*)/s, 2).map((part) => part.trim()));
  return Object.fromEntries(pairs.flatMap(([key, value]) => (key && value ? [[key, decode(value)]] : [])));
}

function decode(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text; // a percent sign that encodes nothing
  }
}

function operator(env: NodeJS.ProcessEnv): Operator {
  const network = env.SENTRA_NETWORK || 'listed';
  if (network !== 'listed' && network !== 'open')
    throw new SentraError('invalid', `SENTRA_NETWORK is "${network}"; use listed or open.`);
  const hosts = list(env.SENTRA_ALLOW_HOSTS);
  const wrong = hosts.find((host) => !HostRule.safeParse(host).success);
  if (wrong !== undefined)
    throw new SentraError(
      'invalid',
      `SENTRA_ALLOW_HOSTS has "${wrong}"; it takes hosts as in registry.corp.example,*.example.com:8443,10.0.0.0/8.`,
    );
  const unconfined = list(env.SENTRA_ALLOW_UNCONFINED);
  return { network, hosts, unconfined: unconfined.includes('all') ? 'all' : unconfined };
}

const list = (text = ''): string[] =>
  text
    .split(',')
    .map((word) => word.trim())
    .filter(Boolean);

function credential(env: NodeJS.ProcessEnv): Config['model']['credential'] {
  if (env.ANTHROPIC_API_KEY) return { kind: 'api_key', secret: env.ANTHROPIC_API_KEY };
  if (env.ANTHROPIC_AUTH_TOKEN) return { kind: 'auth_token', secret: env.ANTHROPIC_AUTH_TOKEN };
  if (env.CLAUDE_CODE_OAUTH_TOKEN) return { kind: 'oauth', secret: env.CLAUDE_CODE_OAUTH_TOKEN };
  return null;
}

function reserve(env: NodeJS.ProcessEnv, name: string, fallback: Reserve): Reserve {
  const text = env[name];
  if (!text) return fallback;
  const parsed = parseReserve(text);
  if (parsed) return parsed;
  throw new SentraError('invalid', `${name} is "${text}"; it takes a size, a percentage, or both: 2GB, 10%, 2GB,10%.`);
}

function wholeNumber(env: NodeJS.ProcessEnv, name: string, fallback: number, min: number, max: number): number {
  const text = env[name];
  if (text === undefined || text === '') return fallback;
  const value = Number(text);
  if (Number.isInteger(value) && value >= min && value <= max) return value;
  throw new SentraError('invalid', `${name} is "${text}"; it takes a whole number from ${min} to ${max}.`);
}
