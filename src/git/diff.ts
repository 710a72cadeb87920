import { showName } from '#src/domain/display.ts';
import type { Commit, DiffFile } from '#src/domain/pull-request.ts';
import { steersWhat } from '#src/domain/trust.ts';
import { SentraError } from '#src/errors.ts';
import { execGit } from '#src/git/exec-git.ts';
import type { Repository } from '#src/git/repository.ts';

type Places = Pick<Repository, 'gitDir'>;

const maxPatchBytes = 200 * 1024;
const flags = ['-r', '-M', '--no-ext-diff', '--no-textconv', '--ignore-submodules=none'];

/** What changed between two commits or trees, file by file. A patch over 200 KB is left out (`truncated`). */
export async function diffFiles(repo: Places, base: string, head: string): Promise<DiffFile[]> {
  const facts = ['diff-tree', ...flags, '-z', '--raw', '--numstat'];
  // One that is too long to take in fails: then the facts alone will do.
  const all = await execGit([...facts, '-p', '--full-index', base, head], repo).catch(() => null);
  const { files, rest } = parseFacts((all ?? (await execGit([...facts, base, head], repo))).stdout);
  const sections = rest.split(/^(?=diff --git )/m).filter((section) => section.startsWith('diff --git '));
  // A changed type (file to symlink) is two sections: one deletes, one creates.
  const expected = files.reduce((sum, file) => sum + sectionsOf(file), 0);
  const complete = sections.length === expected;
  let next = 0;
  return files.map((file) => {
    const mine = sections.slice(next, next + sectionsOf(file));
    next += mine.length;
    const patch = mine.map(hunksOf).join('');
    const tooLarge = !complete || Buffer.byteLength(patch) > maxPatchBytes;
    return { ...file, patch: tooLarge ? '' : patch, truncated: tooLarge && file.additions !== null };
  });
}

/** A diff for a prompt, at most `maxBytes`: all files with their counts, then as many whole patches as fit. */
export async function diffText(repo: Places, base: string, head: string, maxBytes: number): Promise<string> {
  const files = await diffFiles(repo, base, head);
  const listed = files.map(
    (file) => `${file.status} ${nameOf(file)} +${file.additions ?? '?'} -${file.deletions ?? '?'}`,
  );
  let text = `${listed.join('\n')}\n`;
  const leftOut: string[] = [];
  for (const file of files) {
    const patch = `\n--- ${nameOf(file)}\n${file.patch}`;
    const fits = file.patch !== '' && Buffer.byteLength(text) + Buffer.byteLength(patch) <= maxBytes - 200;
    if (fits) text += patch;
    else if (file.additions !== null && (file.patch !== '' || file.truncated)) leftOut.push(file.path);
  }
  if (leftOut.length > 0) text += `\nToo large to show here, read them in the worktree: ${leftOut.join(', ')}\n`;
  return Buffer.from(text)
    .subarray(0, maxBytes)
    .toString()
    .replace(/\uFFFD+$/, '');
}

/** The commits of a branch since it left `base`, oldest first; without those of `standsOn`, where it began on another branch. */
export async function listCommits(repo: Places, base: string, head: string, standsOn = base): Promise<Commit[]> {
  const format = '--format=%H%x1f%s%x1f%cI%x1f%(trailers:key=Phase,valueonly,separator=%x2C)';
  const args = ['log', '-z', '--reverse', '--no-show-signature', '--no-mailmap', format, '--end-of-options'];
  const { stdout } = await execGit([...args, head, `^${base}`, `^${standsOn}`], repo);
  return stdout
    .split('\0')
    .filter(Boolean)
    .map((line) => {
      const [hash = '', subject = '', date = '', phase = ''] = line.trim().split('\x1f');
      return { hash, subject, date, phase: phase || null };
    });
}

/** The commit where two branches parted, or null when they share none. */
export async function mergeBase(repo: Places, a: string, b: string): Promise<string | null> {
  const found = await execGit(['merge-base', '--end-of-options', a, b], { gitDir: repo.gitDir, okExitCodes: [0, 1] });
  return found.stdout.trim() || null;
}

const nameOf = ({ path, oldPath }: DiffFile) => (oldPath ? `${showName(oldPath)} → ${showName(path)}` : showName(path));
const sectionsOf = (file: DiffFile) => (file.status === 'type_changed' ? 2 : 1);

function hunksOf(section: string): string {
  const start = section.search(/^@@ /m);
  return start < 0 ? '' : section.slice(start);
}

const statuses = { A: 'added', C: 'added', M: 'modified', D: 'deleted', R: 'renamed', T: 'type_changed' } as const;

/**
 * First all raw records (`:modes ids status`, path, and for a rename the new path), then all counts in the same order, each part ending
 * with a zero byte; `rest` is what comes after them, the patches.
 */
function parseFacts(text: string): { files: DiffFile[]; rest: string } {
  const files: DiffFile[] = [];
  let at = 0;
  const take = () => {
    const end = text.indexOf('\0', at);
    const part = text.slice(at, end < 0 ? text.length : end);
    at = end < 0 ? text.length : end + 1;
    return part;
  };
  while (text[at] === ':') {
    const letter = take().split(' ').at(-1)?.charAt(0) as keyof typeof statuses;
    if (!statuses[letter]) throw new SentraError('bug', `Git gave a diff status ${letter} that Sentra does not know.`);
    const first = take();
    const moved = letter === 'R' || letter === 'C';
    const names = moved ? { path: take(), oldPath: first } : { path: first };
    const steers = steersWhat(names.path) ?? (names.oldPath && steersWhat(names.oldPath));
    const facts = { status: statuses[letter], additions: null, deletions: null, patch: '', truncated: false };
    files.push({ ...names, ...facts, ...(steers ? { steers } : {}) });
  }
  for (const file of files) {
    const [additions = '-', deletions = '-', path] = take().split('\t');
    if (path === '') {
      take(); // a rename names both paths in their own records
      take();
    }
    file.additions = additions === '-' ? null : Number(additions);
    file.deletions = deletions === '-' ? null : Number(deletions);
  }
  return { files, rest: text.slice(text[at] === '\0' ? at + 1 : at) };
}
