/**
 * What a test command leaves in a worktree: reports, coverage, screenshots and videos. Only files that it wrote just now, that
 * are plain files and lie inside; an agent may have put anything there.
 */
import { constants } from 'node:fs';
import { glob, lstat, open, realpath } from 'node:fs/promises';
import path from 'node:path';

/** Where the usual tools write; the first line with a file that fits is taken. */
export const usualReports = [
  ['.vitest/junit/*.xml'],
  ['.vitest/json/*.json'],
  ['junit.xml', 'junit/*.xml'],
  ['{test-results,test-reports,reports,report}/**/*.xml'],
  ['{test-results,test-reports,test-report}.xml'],
  ['{jest-results,test-results,vitest-results}.json'],
  ['{.,*,*/*}/target/surefire-reports/TEST-*.xml'],
  ['{.,*,*/*}/build/test-results/**/*.xml'],
] as const;

export const usualCoverage = [
  ['coverage/lcov.info', 'lcov.info', '*/*/coverage/lcov.info'],
  ['coverage/coverage-final.json', '*/*/coverage/coverage-final.json'],
  ['coverage/cobertura-coverage.xml', 'coverage.xml', 'cobertura.xml'],
] as const;

const pictures = '*.{png,jpg,jpeg,webp,gif,webm,mp4}';
export const usualArtifacts = [
  [
    `{test-results,playwright-report}/**/${pictures}`,
    `cypress/{screenshots,videos}/**/${pictures}`,
    `{screenshots,videos}/**/${pictures}`,
  ],
] as const;

export type FreshFile = { path: string; bytes: number };
type Wanted = { sinceMs: number; most: number; maxBytes: number };

/** Time stamps of files come from a coarse clock. */
const slackMs = 50;

/** Paths below the worktree, sorted; nothing of `.git` and `node_modules`. */
export async function findFresh(
  worktreePath: string,
  patterns: readonly string[],
  { sinceMs, most, maxBytes }: Wanted,
): Promise<FreshFile[]> {
  const root = await realpath(worktreePath);
  const found = new Map<string, FreshFile>();
  const exclude = (name: string) => /(^|\/)(node_modules|\.git)$/.test(name);
  const inside = patterns.filter((pattern) => !path.isAbsolute(pattern) && !pattern.split(/[\\/]/).includes('..'));
  for await (const name of glob([...inside], { cwd: root, exclude })) {
    if (found.size >= most) break;
    const file = path.join(root, name);
    const facts = await lstat(file).catch(() => null);
    if (!facts?.isFile() || facts.size > maxBytes || facts.mtimeMs < sinceMs - slackMs) continue;
    if ((await realpath(path.dirname(file)).catch(() => '')) !== path.dirname(file)) continue; // by a link, maybe out
    found.set(name, { path: path.normalize(name), bytes: facts.size });
  }
  return [...found.values()].sort((a, b) => (a.path < b.path ? -1 : 1));
}

/** The bytes of a plain file; undefined when it is none any more. Nothing is followed. */
export async function readFresh(worktreePath: string, name: string, maxBytes: number): Promise<Buffer | undefined> {
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const file = await open(path.join(worktreePath, name), flags).catch(() => undefined);
  try {
    const facts = await file?.stat();
    if (!file || !facts?.isFile() || facts.size > maxBytes) return undefined;
    const { buffer, bytesRead } = await file.read(Buffer.alloc(facts.size), 0, facts.size, 0);
    return buffer.subarray(0, bytesRead);
  } finally {
    await file?.close();
  }
}

const maxTextBytes = 16 * 1024 * 1024;

/** The first of `groups` whose files say something to `read`. */
export async function readFirst<T>(
  worktreePath: string,
  groups: readonly (readonly string[])[],
  { sinceMs, read }: { sinceMs: number; read: (text: string) => T | undefined },
): Promise<T[]> {
  for (const patterns of groups) {
    const files = await findFresh(worktreePath, patterns, { sinceMs, most: 500, maxBytes: maxTextBytes });
    const results: T[] = [];
    for (const file of files) {
      const bytes = await readFresh(worktreePath, file.path, maxTextBytes);
      const result = bytes && read(bytes.toString('utf8'));
      if (result !== undefined) results.push(result);
    }
    if (results.length > 0) return results;
  }
  return [];
}
