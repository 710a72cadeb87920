/**
 * What in a repository steers agents, or the programs that Sentra starts there. Agents load settings, hooks, MCP servers and
 * instructions of a repository only after a person has trusted exactly that content; see docs/decisions/2026-11-21-trust.md.
 */
import { z } from 'zod';
import { ProjectId } from '#src/domain/ids.ts';

export const steeringKinds = ['instructions', 'settings', 'mcp', 'reference'] as const;
export type SteeringKind = (typeof steeringKinds)[number];

/** One file that agents would load, or that such a file names. `id`: SHA-256 of its bytes; of a link, of where it leads. */
export const SteeringFile = z.object({
  path: z.string(),
  kind: z.enum(steeringKinds),
  mode: z.enum(['100644', '100755', '120000']),
  bytes: z.number().int(),
  id: z.string(),
});
export type SteeringFile = z.infer<typeof SteeringFile>;

export const FileChange = z.object({ path: z.string(), change: z.enum(['added', 'changed', 'removed']) });
export type FileChange = z.infer<typeof FileChange>;

export const trustStates = ['nothing', 'untrusted', 'trusted', 'refused'] as const;

/** What agents would load from the newest commit of a project's base branch, and whether a person trusts it. */
export const Trust = z
  .object({
    projectId: ProjectId,
    /** `nothing`: there is no such file. `refused`: some of it cannot be trusted by anybody, `problems` says why. */
    state: z.enum(trustStates),
    commit: z.string(),
    /** What is trusted is this: paths, modes and bytes of all files. */
    hash: z.string(),
    files: z.array(SteeringFile.extend({ text: z.string().nullable() })),
    problems: z.array(z.string()),
    /** Against what was trusted last; empty when nothing ever was. */
    changed: z.array(FileChange),
    trustedAt: z.string().nullable(),
  })
  .meta({ id: 'Trust' });
export type Trust = z.infer<typeof Trust>;

/** What agents make of a file by its name alone; undefined for all others. */
export function steeringKind(path: string): SteeringKind | undefined {
  const names = path.split('/');
  const name = (names.at(-1) ?? '').toLowerCase();
  if (names.some((part) => part.toLowerCase() === '.claude')) return 'settings';
  if (name === '.mcp.json') return 'mcp';
  return ['claude.md', 'claude.local.md', 'agents.md'].includes(name) ? 'instructions' : undefined;
}

/** Files of the tree that a steering file names: what a hook or an MCP server runs, what an instruction brings in by `@path`. */
export function referencesIn(
  file: { path: string; kind: SteeringKind; text: string },
  isFile: (path: string) => boolean,
): string[] {
  const onlyImports = file.path.toLowerCase().endsWith('.md');
  const text = file.text.replace(/\$\{?\w+\}?/g, ''); // $CLAUDE_PROJECT_DIR stands for the root
  const words = text.match(onlyImports ? /@[\w./-]+/g : /[\w./-]+/g) ?? [];
  const folder = file.path.includes('/') ? file.path.slice(0, file.path.lastIndexOf('/') + 1) : '';
  const found = words.flatMap((word) => {
    const named = word.replace(/^@/, '').replace(/[.]+$/, '');
    return [normalize(named), normalize(folder + named)];
  });
  return [...new Set(found)].filter((path) => path !== undefined && path !== file.path && isFile(path)) as string[];
}

/** Within the tree, without `.` and `..`; undefined when it leads out. */
export function normalize(path: string): string | undefined {
  const kept: string[] = [];
  for (const part of path.split('/')) {
    if (part === '' || part === '.') continue;
    if (part !== '..') kept.push(part);
    else if (kept.pop() === undefined) return undefined;
  }
  return kept.join('/');
}

export function changesBetween(before: readonly SteeringFile[], now: readonly SteeringFile[]): FileChange[] {
  const old = new Map(before.map((file) => [file.path, file]));
  const added = now.flatMap((file): FileChange[] => {
    const was = old.get(file.path);
    old.delete(file.path);
    if (!was) return [{ path: file.path, change: 'added' }];
    return was.id === file.id && was.mode === file.mode ? [] : [{ path: file.path, change: 'changed' }];
  });
  return [...added, ...[...old.keys()].map((path): FileChange => ({ path, change: 'removed' }))];
}

const packageManagers =
  /^(\.npmrc|\.yarnrc(\.yml)?|\.pnpmfile\.[cm]?js|pnpm-workspace\.yaml|bunfig\.toml|pip\.conf|uv\.toml|gradlew(\.bat)?|mvnw(\.cmd)?)$|^\.pnp\./;
const buildTools = /(^|\/)(\.cargo\/config(\.toml)?|\.mvn\/.+|gradle\/wrapper\/.+|\.yarn\/(releases|plugins)\/.+)$/;

/**
 * What a change of this file changes beside code, in words for whoever reviews it; undefined for the rest. A manifest (package.json)
 * is left out: it changes with every dependency, and its scripts run in the room like all of the project's code.
 */
export function steersWhat(path: string): string | undefined {
  const name = path.slice(path.lastIndexOf('/') + 1);
  const kind = steeringKind(path);
  if (kind === 'mcp') return 'MCP servers of agents';
  if (kind) return kind === 'instructions' ? 'instructions of agents' : 'settings of agents';
  if (path === 'sentra.json') return 'commands and agents of Sentra';
  if (packageManagers.test(name) || buildTools.test(path)) return 'what a package manager runs';
  return name === '.gitattributes' || name === '.gitmodules' ? 'how git treats files' : undefined;
}
