/**
 * Which files of a commit, or of a worktree as it lies on disk, steer agents, and what they are as a whole: one hash. Both ways of
 * reading give the same for the same content. Nothing is followed, entered or run.
 */
import { createHash } from 'node:crypto';
import { constants } from 'node:fs';
import { lstat, open, readdir, readlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { normalize, referencesIn, type SteeringFile, type SteeringKind, steeringKind } from '#src/domain/trust.ts';
import { execGit, gitBytes } from '#src/git/exec-git.ts';

export type SteeringContent = {
  hash: string;
  /** `text`: null for what is no text. */
  files: (SteeringFile & { text: string | null })[];
  /** Why nobody can trust it, for people. */
  problems: string[];
};

type Mode = SteeringFile['mode'] | '160000' | 'special';
type Tree = {
  paths: ReadonlySet<string>;
  modeOf(path: string): Promise<Mode | undefined>;
  /** Undefined for what is too large, or there no more. */
  read(path: string): Promise<Buffer | undefined>;
};

const maxFileBytes = 512 * 1024;
const maxFiles = 500;

export const readCommitted = async (gitDir: string, commit: string): Promise<SteeringContent> =>
  contentOf(await committedTree(gitDir, commit));

/** With files that git does not know or ignores: an install may have put them there. */
export const readOnDisk = async (place: { path: string; adminDir: string }): Promise<SteeringContent> =>
  contentOf(await treeOnDisk(place));

async function contentOf(tree: Tree): Promise<SteeringContent> {
  const files: SteeringContent['files'] = [];
  const problems: string[] = [];
  const waiting = new Map<string, SteeringKind>();
  for (const path of tree.paths) {
    const kind = steeringKind(path);
    if (kind) waiting.set(path, kind);
  }
  for (const [path, kind] of waiting) {
    if (files.length + problems.length >= maxFiles) {
      problems.push(`there are more than ${maxFiles} of these files`);
      break;
    }
    const read = await readOne(tree, path, kind);
    if ('problem' in read) {
      problems.push(`${path} ${read.problem}`);
      continue;
    }
    files.push(read.file);
    for (const other of read.names) if (!waiting.has(other)) waiting.set(other, 'reference'); // the loop comes to it
  }
  const sorted = files.sort((a, b) => (a.path < b.path ? -1 : 1));
  const facts = sorted.map(({ path, mode, id }) => [path, mode, id]);
  return { hash: sha256(JSON.stringify(facts)), files: sorted, problems };
}

type One = { file: SteeringContent['files'][number]; names: string[] } | { problem: string };

async function readOne(tree: Tree, path: string, kind: SteeringKind): Promise<One> {
  const mode = await tree.modeOf(path);
  if (mode === '160000') return { problem: 'is another repository' };
  if (mode === 'special' || mode === undefined) return { problem: 'is no plain file' };
  const bytes = await tree.read(path);
  if (!bytes) return { problem: `has more than ${maxFileBytes / 1024} KB, or cannot be read` };
  const text = bytes.includes(0) ? null : bytes.toString();
  const file = { path, kind, mode, bytes: bytes.length, id: sha256(bytes), text };
  if (mode !== '120000')
    return { file, names: referencesIn({ path, kind, text: text ?? '' }, (one) => tree.paths.has(one)) };
  const target = text?.startsWith('/') ? undefined : normalize(join(dirname(path), text ?? ''));
  if (target === undefined || !tree.paths.has(target))
    return { problem: 'is a link that leads to no file of the repository' };
  return { file, names: [target] };
}

const sha256 = (content: Buffer | string): string => createHash('sha256').update(content).digest('hex');

async function committedTree(gitDir: string, commit: string): Promise<Tree> {
  const { stdout } = await execGit(['ls-tree', '-r', '-z', '--long', commit], { gitDir });
  const known = new Map<string, { mode: Mode; id: string; bytes: number }>();
  for (const record of stdout.split('\0').filter(Boolean)) {
    const at = record.indexOf('\t');
    const [mode = '', , id = '', bytes = ''] = record.slice(0, at).split(/ +/);
    known.set(record.slice(at + 1), { mode: mode as Mode, id, bytes: Number(bytes) });
  }
  return {
    paths: new Set(known.keys()),
    modeOf: async (path) => known.get(path)?.mode,
    read: async (path) => {
      const { id = '', bytes = 0 } = known.get(path) ?? {};
      return id === '' || bytes > maxFileBytes ? undefined : gitBytes(['cat-file', 'blob', id], { gitDir });
    },
  };
}

async function treeOnDisk({ path: root, adminDir }: { path: string; adminDir: string }): Promise<Tree> {
  const args = ['ls-files', '-z', '--cached', '--others', '--exclude-standard', '--deduplicate'];
  const { stdout } = await execGit(args, { gitDir: adminDir, workTree: root });
  const listed = stdout.split('\0').filter((path) => path !== '' && !path.endsWith('/'));
  // What is deleted is still in the index; what is ignored is loaded all the same where agents look first.
  const steering = listed.filter((path) => steeringKind(path));
  const gone = new Set<string>();
  for (const path of steering) if (!(await lstat(join(root, path)).catch(() => null))) gone.add(path);
  return {
    paths: new Set([...listed.filter((path) => !gone.has(path)), ...(await listTop(root))]),
    modeOf: (path) => modeOf(join(root, path)),
    read: (path) => readPlain(join(root, path)),
  };
}

async function listTop(root: string): Promise<string[]> {
  const found: string[] = [];
  const waiting = (await readdir(root)).filter((name) => steeringKind(name));
  for (const path of waiting) {
    const names = (await lstat(join(root, path))).isDirectory() ? await readdir(join(root, path)) : undefined;
    if (names) waiting.push(...names.map((name) => `${path}/${name}`));
    else if (found.push(path) > maxFiles) break; // it is refused
  }
  return found;
}

/** As git writes it; undefined for what is not there, or a folder. */
async function modeOf(file: string): Promise<Mode | undefined> {
  const found = await lstat(file).catch(() => undefined);
  if (!found || found.isDirectory()) return undefined;
  if (found.isSymbolicLink()) return '120000';
  if (!found.isFile()) return 'special';
  return found.mode & 0o100 ? '100755' : '100644';
}

/** A pipe, a device or a socket in its place does not make anybody wait. */
async function readPlain(file: string): Promise<Buffer | undefined> {
  const link = await readlink(file, 'buffer').catch(() => undefined);
  if (link) return link;
  const flags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  const handle = await open(file, flags).catch(() => undefined);
  try {
    const found = await handle?.stat();
    return handle && found?.isFile() && found.size <= maxFileBytes ? await handle.readFile() : undefined;
  } finally {
    await handle?.close();
  }
}
