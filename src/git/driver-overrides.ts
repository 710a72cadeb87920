/**
 * Filters and merge drivers are commands named in a repository's configuration; git knows no wildcard to switch them off, so each
 * configured name is overridden. A filter becomes the identity; a merge driver becomes `false`, so that its files conflict
 * rather than silently keep one side. So it is with what makes a push or fetch give a password away.
 */
import { readFile, stat } from 'node:fs/promises';
import { join, resolve } from 'node:path';

type ReadNames = (gitDir: string, pattern: string) => Promise<string[]>;

const known = new Map<string, { stamp: string; names: string[] }>();
const wanted =
  '^(filter|merge|include|includeif|extensions)\\.|^core\\.(sparsecheckout|sharedrepository)$|^credential\\.(.*\\.)?helper$|^http\\.(.*\\.)?(savecookies|sslverify)$';

/** `helperKeys`: where the repository itself names programs that know passwords. */
export type Overrides = { overrides: Record<string, string>; helperKeys: string[] };

export async function driverOverrides(gitDir: string, readNames: ReadNames): Promise<Overrides> {
  const names = await configuredNames(gitDir, readNames);
  const helperKeys = [...new Set(names.filter((name) => /^credential\.(.*\.)?helper$/s.test(name)))];
  return { overrides: Object.fromEntries(names.flatMap(overridesOf)), helperKeys };
}

/** Whether new worktrees inherit more than branches and objects: settings, formats or rights that only git itself hands on. */
export async function hasInheritance(gitDir: string, readNames: ReadNames): Promise<boolean> {
  const harmless = /^extensions\.(objectformat|partialclone|preciousobjects)$/;
  const names = await configuredNames(gitDir, readNames);
  return names.some((name) => /^(extensions|core)\./.test(name) && !harmless.test(name));
}

function overridesOf(key: string): [string, string][] {
  if (/^http\..*savecookies$/s.test(key)) return [[key, 'false']]; // into a file that the repository names
  if (/^http\..*sslverify$/s.test(key)) return [[key, 'true']]; // or a proxy that it names reads the person's password
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

async function configuredNames(gitDir: string, readNames: ReadNames): Promise<string[]> {
  const { key, stamp } = await stampOf(gitDir);
  const cached = known.get(key);
  if (cached?.stamp === stamp) return cached.names;
  const names = await readNames(gitDir, wanted);
  // The time stamps do not cover files that the configuration includes.
  if (!names.some((name) => name.startsWith('include'))) known.set(key, { stamp, names });
  return names;
}

/** Worktrees without settings of their own share what is known of their repository. */
async function stampOf(gitDir: string): Promise<{ key: string; stamp: string }> {
  const own = await stampFile(join(gitDir, 'config.worktree'));
  const link = await readFile(join(gitDir, 'commondir'), 'utf8').catch(() => '.');
  const commonDir = resolve(gitDir, link.trim());
  const shared = await stampFile(join(commonDir, 'config'));
  return { key: own ? gitDir : commonDir, stamp: `${own}|${shared}` };
}

const stampFile = (file: string): Promise<string> =>
  stat(file, { bigint: true }).then(
    (s) => `${s.ino}:${s.mtimeNs}:${s.ctimeNs}:${s.size}`,
    () => '',
  );
