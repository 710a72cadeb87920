/**
 * `sentra.json` at a repository's root: every key optional, a wrong key or value refused with its path and the nearest
 * valid name. The schema is published at docs/sentra.schema.json.
 */
import { z } from 'zod';
import { isolationKinds, MergePolicy } from '#src/domain/task.ts';

const command = z.string().min(1);

export const AgentDefinition = z.discriminatedUnion('kind', [
  z.strictObject({
    kind: z.literal('claude'),
    model: z.string().optional(),
    maxTurns: z.number().int().positive().optional(),
  }),
  z.strictObject({ kind: z.literal('command'), command: z.array(z.string()).min(1) }),
]);
export type AgentDefinition = z.infer<typeof AgentDefinition>;

const Agents = z
  .object({
    default: z.string().optional(),
    phases: z
      .strictObject({ plan: z.string(), code: z.string(), test: z.string(), review: z.string() })
      .partial()
      .optional(),
  })
  .catchall(AgentDefinition);

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
      buildCache: z.boolean().default(false),
    })
    .prefault({}),
  test: command.optional(),
  checks: z.record(z.string(), command).default({}),
  ports: z.array(z.string().regex(/^[A-Z][A-Z0-9_]*$/, 'a port is named like FRONTEND_PORT')).default([]),
  portStrategy: z.enum(['lease', 'deterministic']).default('lease'),
  dev: z
    .record(
      z.string(),
      z.strictObject({
        command,
        port: z.string(),
        ready: z.string().default('/'),
        when: z.enum(['ui', 'always', 'never']).default('ui'),
      }),
    )
    .default({}),
  agents: Agents.prefault({}),
  limits: z
    .strictObject({
      slots: z.number().int().min(1).max(1000).optional(),
      codeTestAttempts: z.number().int().min(1).max(20).default(3),
      reviewRounds: z.number().int().min(1).max(20).default(3),
      agentAttempts: z.number().int().min(1).max(20).default(3),
      phaseTimeoutMinutes: z.number().positive().max(1440).default(60),
      idleTimeoutMinutes: z.number().positive().max(1440).default(10),
    })
    .prefault({}),
  budget: z.strictObject({ taskUsd: z.number().positive(), monthUsd: z.number().positive() }).partial().default({}),
  merge: MergePolicy.default('manual'),
  worktreesDir: z.string().default('.sentra/worktrees'),
  isolation: z.enum(isolationKinds).default('shared'),
  database: z.strictObject({ url: z.string() }).optional(),
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
  const parsed = ProjectConfig.safeParse(json);
  if (parsed.success) return { ok: true, config: parsed.data };
  return { ok: false, problems: parsed.error.issues.flatMap((issue) => explain(issue, json)) };
}

function explain(issue: z.core.$ZodIssue, json: unknown): string[] {
  const at = issue.path.map(String).join('.');
  if (issue.code !== 'unrecognized_keys') return [`${at || 'sentra.json'}: ${issue.message}`];
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
