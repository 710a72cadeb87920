/**
 * `sentra.json` at a repository's root: every key optional, a wrong key or value refused with its path and the nearest
 * valid name. The schema is published at docs/sentra.schema.json.
 */

import { z } from 'zod';
import { AgentDefinition, explainKeys } from '#src/domain/agent-definition.ts';
import { BudgetLimits } from '#src/domain/budget.ts';
import { ForgeSettings } from '#src/domain/forge.ts';
import { HostRule } from '#src/domain/host-rule.ts';
import { isolationKinds, MergePolicy } from '#src/domain/task.ts';
import { PeerPorts } from '#src/domain/task-environment.ts';
import { wording } from '#src/domain/wording.ts';

const command = z.string().min(1);
const minutes = z.number().positive().max(1440);

const Agents = z
  .object({
    default: z.string().optional(),
    phases: z
      .strictObject({ plan: z.string(), code: z.string(), test: z.string(), review: z.string() })
      .partial()
      .optional(),
  })
  .catchall(AgentDefinition);

const globs = z.union([z.string().min(1), z.array(z.string().min(1)).max(50)]).transform((given) => [given].flat());

const TestSettings = z.strictObject({
  command: command.optional(),
  /** Report files that the command writes, as globs; the default is where the usual tools write them, then what it prints. */
  report: globs.optional(),
  /** Reports of coverage: lcov, Cobertura or Istanbul's JSON. */
  coverage: globs.optional(),
  /** Screenshots and videos that are kept. */
  artifacts: globs.optional(),
  /** A run that fails is tried once more: what passes then is flaky. */
  retry: z.boolean().default(true),
  /** The base's tests are run where that tells whether the task broke, dropped or skipped any. */
  base: z.boolean().default(true),
});
export type TestSettings = z.infer<typeof TestSettings>;

/** The command alone, or with what more is known of it. */
const Test = z.union([command.transform((line) => TestSettings.parse({ command: line })), TestSettings]);

/** `perTask`: each task gets its own on that PostgreSQL server; without `url` it is the DATABASE_URL of .env.local or .env. */
const Database = z.strictObject({
  url: z.string().optional(),
  perTask: z.enum(['database', 'schema']).optional(),
  template: z.string().min(1).max(63).optional(),
});

export const ProjectConfig = z.strictObject({
  $schema: z.string().optional(),
  baseBranch: z.string().optional(),
  setup: z
    .strictObject({
      install: z.union([z.literal('auto'), z.literal(false), command]).default('auto'),
      migrate: command.optional(),
      build: command.optional(),
      script: z.string().optional(),
      copy: z.array(z.string()).default(['.env', '.env.*']),
      /** Of what `copy` names: a larger file is left out, and all that come after too much. */
      copyLimits: z
        .strictObject({
          fileMb: z.number().positive().max(10_000).default(10),
          totalMb: z.number().positive().max(100_000).default(100),
          files: z.number().int().positive().max(100_000).default(1000),
        })
        .prefault({}),
      /** Of each step; the default is limits.phaseTimeoutMinutes. */
      timeoutMinutes: z
        .strictObject({ install: minutes, migrate: minutes, build: minutes, script: minutes })
        .partial()
        .default({}),
      buildCache: z.boolean().default(false),
      /** Of what is kept of a project's dependencies on this host; above it what was not used for longest goes. */
      cacheLimitGb: z.number().positive().max(10_000).default(20),
    })
    .prefault({}),
  test: Test.prefault({}),
  checks: z.record(z.string(), command).default({}),
  /** `strict`: a plan must name files, steps and tests; else one that names none of them fails. */
  plan: z.enum(['loose', 'strict']).default('loose'),
  ports: z.array(z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'a port is named like FRONTEND_PORT')).default([]),
  portStrategy: z.enum(['lease', 'deterministic']).default('lease'),
  peerPorts: PeerPorts.default('none'),
  dev: z
    .record(
      z
        .string()
        .regex(
          /^[a-z]([a-z0-9-]{0,30}[a-z0-9])?$/,
          'a dev server is named like frontend: small letters, digits, dashes',
        ),
      z.strictObject({
        command,
        port: z.string(),
        ready: z.union([z.literal(false), z.string().startsWith('/', 'a path begins with /')]).default('/'),
        readySeconds: z.number().positive().max(3600).default(120),
        when: z.enum(['ui', 'always', 'never']).default('ui'),
      }),
    )
    .default({}),
  agents: Agents.prefault({}),
  limits: z
    .strictObject({
      slots: z.number().int().min(1).max(1000).optional(),
      /** By the name of an agent. */
      agentSlots: z.record(z.string(), z.number().int().min(1).max(1000)).optional(),
      codeTestAttempts: z.number().int().min(1).max(20).default(3),
      reviewRounds: z.number().int().min(1).max(20).default(3),
      agentAttempts: z.number().int().min(1).max(20).default(3),
      phaseTimeoutMinutes: z.number().positive().max(1440).default(60),
      idleTimeoutMinutes: z.number().positive().max(1440).default(10),
      /** Of everything that is started in a room: an agent, a test command, an install, a dev server. The default is half of the host's. */
      memoryMb: z.number().positive().max(100_000_000).optional(),
      processes: z.number().int().min(10).max(1_000_000).default(1000),
      /** Of a task's worktree and private home together. */
      diskMb: z.number().positive().max(100_000_000).default(20_000),
    })
    .prefault({}),
  network: z
    .strictObject({
      /** Hosts that agents, installs, set-up and dev servers reach beside the package registries; ports 80 and 443 unless said otherwise. */
      allow: z.array(HostRule).max(200).default([]),
      /** The registries of the usual package managers (domain/registries.ts) are among them. */
      registries: z.boolean().default(true),
      /** Hosts that tests and checks reach; none, unless they are named. */
      test: z.array(HostRule).max(200).default([]),
    })
    .prefault({}),
  budget: BudgetLimits.default({}),
  merge: MergePolicy.default('manual'),
  forge: ForgeSettings.default({ kind: 'auto' }),
  /** How a task comes into the base: as a merge commit, as one commit, or commit by commit. */
  mergeStyle: z.enum(['merge', 'squash', 'rebase']).default('merge'),
  mergeQueue: z
    .strictObject({
      /** What the base would become is tested before it moves there. */
      test: z.boolean().default(true),
      /** Groups of pull requests that are tested at the same time, each on top of those before it. */
      atOnce: z.number().int().min(1).max(20).default(3),
      /** How often one that conflicts, or is red with the base, goes back to an agent by itself, with merge "auto". */
      agentRounds: z.number().int().min(0).max(10).default(2),
    })
    .prefault({}),
  /** A dependency in review is enough: the branch starts from that one's. */
  stacked: z.boolean().default(false),
  pool: z
    .strictObject({
      /** Worktrees prepared ahead; 0 switches it off. */
      size: z.number().int().min(0).max(50).default(3),
      /** `auto`: where the lockfile says what to install and no script of the project takes part. */
      install: z.union([z.literal('auto'), z.boolean()]).default('auto'),
    })
    .prefault({}),
  logs: z
    .strictObject({
      /** Of each task; and as much of what its programs wrote, compressed. The server's limit holds besides. */
      maxMbPerTask: z.number().positive().max(1_000_000).optional(),
      /** Logs of ended tasks go after so many days, and the oldest of them while all are larger than this. */
      keepDays: z.number().positive().max(36_500).default(180),
      keepMb: z.number().positive().max(100_000_000).default(20_000),
    })
    .prefault({}),
  worktreesDir: z.string().default('.sentra/worktrees'),
  isolation: z.enum(isolationKinds).default('shared'),
  database: Database.optional(),
});
export type ProjectConfig = z.infer<typeof ProjectConfig>;

/** The JSON Schema of `sentra.json`, as an editor reads it. */
export const projectConfigJsonSchema = () => z.toJSONSchema(ProjectConfig, { io: 'input', target: 'draft-2020-12' });

/**
 * Reads the text of a `sentra.json`; undefined text means no file.
 * Answers the configuration, or the list of problems, each with its path and the nearest valid name.
 */
export function parseProjectConfig(
  text: string | undefined,
): { ok: true; config: ProjectConfig } | { ok: false; problems: string[] } {
  let json: unknown = {};
  try {
    if (text !== undefined) json = JSON.parse(text);
  } catch (e) {
    return { ok: false, problems: [`sentra.json is not valid JSON: ${e instanceof Error ? e.message : String(e)}`] };
  }
  const parsed = ProjectConfig.safeParse(json, { error: wording });
  if (parsed.success) {
    const { data } = parsed;
    const problems = [portProblems, devPortProblems, databaseProblems, placeProblems].flatMap((find) => find(data));
    return problems.length ? { ok: false, problems } : { ok: true, config: parsed.data };
  }
  return { ok: false, problems: parsed.error.issues.flatMap((issue) => explain(issue, json)) };
}

const allPorts = ({ ports }: ProjectConfig): string[] => [...new Set(['FRONTEND_PORT', 'BACKEND_PORT', ...ports])];

const portsOfTask = 10;
/** A number in them breaks each program, or hides what Sentra sets. */
const takenNames =
  /^(PATH|HOME|PWD|SHELL|USER|CI|PORT|LANG|LC_.*|TMPDIR|LD_.*|NODE_.*|GIT_.*|SENTRA_.*|DATABASE_URL|PEER_PORTS|TASK_ID|ADW_ID|PHASE|ATTEMPT|WORKTREE_PATH)$/;

function portProblems(config: ProjectConfig): string[] {
  const names = allPorts(config);
  const taken = names.filter((name) => takenNames.test(name) && !name.endsWith('_PORT'));
  const tooMany = `ports: a task has ten ports, and with FRONTEND_PORT and BACKEND_PORT these are ${names.length}`;
  return [
    ...(names.length > portsOfTask ? [tooMany] : []),
    ...taken.map((name) => `ports: ${name} means something else to programs; call it ${name}_PORT`),
  ];
}

/** Every dev server needs a leased port of its own. */
function devPortProblems(config: ProjectConfig): string[] {
  const { dev } = config;
  const known = allPorts(config);
  const users = Map.groupBy(Object.entries(dev), ([, { port }]) => port);
  return Object.entries(dev).flatMap(([name, { port }]) => {
    if (!known.includes(port))
      return [`dev.${name}.port: there is no port ${port}; add it to "ports", or use one of ${known.join(', ')}`];
    const first = users.get(port)?.[0]?.[0];
    return first === name ? [] : [`dev.${name}.port: ${port} is the port of dev.${first}; add another to "ports"`];
  });
}

function databaseProblems({ database }: ProjectConfig): string[] {
  const { url, perTask, template } = database ?? {};
  if (template !== undefined && perTask !== 'database')
    return ['database.template: only a task\'s own database can be cloned; set "perTask": "database" beside it'];
  if (perTask && url !== undefined && !/^postgres(ql)?:\/\//.test(url))
    return ['database.url: perTask needs a PostgreSQL server, as in postgres://me@localhost:5432/app'];
  return [];
}

/** Absolute ones are fine: what lies there and is not Sentra's is never touched. */
function placeProblems({ worktreesDir }: ProjectConfig): string[] {
  const parts = worktreesDir.split('/').filter((part) => part !== '.' && part !== '');
  if (parts.length > 0 && !parts.includes('.git')) return [];
  return ['worktreesDir: name a folder of its own, not the root of the repository or one in .git'];
}

function explain(issue: z.core.$ZodIssue, json: unknown): string[] {
  const at = issue.path.map(String).join('.');
  if (issue.code === 'invalid_union') return [`${at}: ${explainUnion(issue)}`];
  if (issue.code === 'invalid_key') return [`${at}: ${issue.issues[0]?.message ?? issue.message}`];
  if (issue.code !== 'unrecognized_keys') return [`${at || 'sentra.json'}: ${issue.message}`];
  const definition = issue.path[0] === 'agents' ? (valueAt(json, issue.path) as { kind?: unknown }) : undefined;
  const ofAgent = explainKeys(definition?.kind, issue.keys);
  if (ofAgent) return ofAgent.map((problem) => `${at}: ${problem}`);
  const valid = validKeys(issue.path.map(String));
  const present = new Set(Object.keys(valueAt(json, issue.path) ?? {}));
  return issue.keys.map((key) => {
    const near = nearest(
      key,
      valid.filter((k) => !present.has(k)),
    );
    const path = at ? `${at}.${key}` : key;
    return `${path}: unknown key${near ? `, did you mean "${near}"?` : `; valid are ${valid.join(', ')}`}`;
  });
}

/** What each member of a union would have taken; or, where the kind of value was right, what is wrong with it. */
function explainUnion(issue: z.core.$ZodIssueInvalidUnion): string {
  if ('options' in issue && issue.options)
    return `expected ${issue.options.map((option) => JSON.stringify(option)).join(' or ')}`;
  const first = issue.errors.flatMap((issues) => issues.slice(0, 1));
  const closer = first.find(({ code }) => code !== 'invalid_type' && code !== 'invalid_value');
  if (closer) return closer.message;
  const wanted = first.flatMap((issue) =>
    issue.code === 'invalid_value'
      ? issue.values.map((value) => JSON.stringify(value))
      : issue.code === 'invalid_type'
        ? [issue.expected]
        : [],
  );
  const received =
    first.find(({ code }) => code === 'invalid_type')?.message.replace(/^.*, received/, ', received') ?? '';
  return `expected ${wanted.join(' or ')}${received}`;
}

function validKeys(path: readonly string[]): string[] {
  type Node = {
    properties?: Record<string, Node>;
    additionalProperties?: Node | boolean;
    anyOf?: Node[];
    oneOf?: Node[];
  };
  let node: Node | undefined = projectConfigJsonSchema() as Node;
  for (const key of path) {
    const more: Node | boolean | undefined = node?.additionalProperties;
    node = node?.properties?.[key] ?? (typeof more === 'object' ? more : undefined);
  }
  const nodes = [node, ...(node?.anyOf ?? []), ...(node?.oneOf ?? [])];
  return [...new Set(nodes.flatMap((n) => Object.keys(n?.properties ?? {})))];
}

const valueAt = (json: unknown, path: readonly PropertyKey[]): object | undefined =>
  path.reduce<unknown>((v, key) => (v as Record<PropertyKey, unknown> | undefined)?.[key], json) as object | undefined;

/** The candidate with the smallest edit distance, if it is near enough to be a slip of the fingers. */
export function nearest(word: string, candidates: readonly string[]): string | undefined {
  const scored = candidates.map((c) => ({ c, d: editDistance(word.toLowerCase(), c.toLowerCase()) }));
  const best = scored.sort((a, b) => a.d - b.d)[0];
  return best && best.d <= Math.max(2, Math.floor(word.length / 3)) ? best.c : undefined;
}

function editDistance(a: string, b: string): number {
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++)
      next[j] = Math.min(
        (row[j] ?? 0) + 1,
        (next[j - 1] ?? 0) + 1,
        (row[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1),
      );
    row = next;
  }
  return row[b.length] ?? 0;
}
