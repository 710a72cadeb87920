/**
 * Filters and merge drivers are commands named in a repository's configuration; git knows no wildcard to switch them off, so each
 * configured name is overridden. A filter becomes the identity; a merge driver becomes `false`, so that its files conflict
 * rather than silently keep one side.
 */
import { stat } from 'node:fs/promises';
import { join } from 'node:path';

type ReadNames = (gitDir: string, pattern: string) => Promise<string[]>;

const known = new Map<string, { stamp: string; overrides: Record<string, string> }>();

export async function driverOverrides(gitDir: string, readNames: ReadNames): Promise<Record<string, string>> {
  const stamp = await stampOf(gitDir);
  const cached = known.get(gitDir);
  if (cached?.stamp === stamp) return cached.overrides;
  const names = await readNames(gitDir, '^(filter|merge|include|includeif)\\.');
  const overrides = Object.fromEntries(names.flatMap(overridesOf));
  // The time stamps do not cover files that the configuration includes.
  if (!names.some((name) => name.startsWith('include'))) known.set(gitDir, { stamp, overrides });
  return overrides;
}

function overridesOf(key: string): [string, string][] {
  const [, kind, name] = /^(filter|merge)\.(.+)\.[^.]+$/s.exec(key) ?? [];
  if (kind === 'merge') return key.endsWith('.driver') ? [[key, 'false']] : [];
  if (kind !== 'filter') return [];
  return [
    [`filter.${name}.clean`, ''],
    [`filter.${name}.smudge`, ''],
    [`filter.${name}.process`, ''],
    [`filter.${name}.required`, 'false'],
  ];
}

/** `gitDir` may be a worktree's administration folder: the shared configuration is then two folders up. */
async function stampOf(gitDir: string): Promise<string> {
  const files = ['config', 'config.worktree', '../../config', '../../config.worktree'];
  const stamps = files.map((file) =>
    stat(join(gitDir, file), { bigint: true }).then(
      (s) => `${s.ino}:${s.mtimeNs}:${s.ctimeNs}:${s.size}`,
      () => '',
    ),
  );
  return (await Promise.all(stamps)).join('|');
}
