/**
 * Generated repositories of any number of files, with sizes and folders as in real ones: half of the files under 3 kB, the mean
 * near 4.5 kB, about ten in a folder, up to six folders deep. The same number gives the same content, hash by hash.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { promisify } from 'node:util';

const run = promisify(execFile);

export type GeneratedRepository = { path: string; remove(): Promise<void> };

/**
 * A repository of the caller's own with one commit on `main`, all files checked out and no remote. Its objects are hard links to
 * those of the first one of that size in this process, so a second one costs no more than its checkout.
 */
export async function makeRepositoryOf(fileCount: number): Promise<GeneratedRepository> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'sentra-bench-repository-'));
  const repository = path.join(folder, 'project');
  await run('git', ['clone', '-q', '--local', await originOf(fileCount), repository]);
  await run('git', ['remote', 'remove', 'origin'], { cwd: repository });
  await run('git', ['config', 'user.name', 'Ada'], { cwd: repository });
  await run('git', ['config', 'user.email', 'ada@example.test'], { cwd: repository });
  return { path: repository, remove: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }) };
}

const origins = new Map<number, Promise<string>>();

function originOf(fileCount: number): Promise<string> {
  const made = origins.get(fileCount) ?? generate(fileCount);
  origins.set(fileCount, made);
  return made;
}

async function generate(fileCount: number): Promise<string> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'sentra-bench-origin-'));
  process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
  await run('git', ['init', '-q', '--bare', '-b', 'main', folder]);
  const importing = spawn('git', ['fast-import', '--quiet'], { cwd: folder, stdio: ['pipe', 'ignore', 'inherit'] });
  const ended = once(importing, 'close');
  for (const part of stream(fileCount)) if (!importing.stdin.write(part)) await once(importing.stdin, 'drain');
  importing.stdin.end();
  const [exitCode] = await ended;
  if (exitCode !== 0) throw new Error(`git fast-import ended with ${exitCode}`);
  return folder;
}

/** What `git fast-import` reads: one commit with every file inline. */
function* stream(fileCount: number): Generator<string> {
  yield 'commit refs/heads/main\ncommitter Ada <ada@example.test> 1767225600 +0000\ndata 5\nBegin\n';
  const random = createRandom(fileCount);
  for (let number = 0; number < fileCount; number++) {
    const text = textOf(number, random);
    yield `M 100644 inline ${pathOf(number, fileCount)}\ndata ${text.length}\n${text}\n`;
  }
  yield 'done\n';
}

const filesPerFolder = 10;
const foldersPerPackage = 16;

function pathOf(number: number, fileCount: number): string {
  const folder = Math.floor(number / filesPerFolder);
  const packageNumber = Math.floor(folder / foldersPerPackage);
  const inside = folder % foldersPerPackage;
  const deep = ['src', ...(inside > 3 ? [`part-${inside >> 2}`] : []), ...(inside % 4 > 1 ? [`view-${inside}`] : [])];
  const parts = [...(fileCount > 1_000 ? [`area-${packageNumber % 12}`] : []), `package-${packageNumber}`, ...deep];
  return `${parts.join('/')}/file-${number}.ts`;
}

const words = 'const value state render handler request answer find list update import from export return await'.split(
  ' ',
);

function textOf(number: number, random: () => number): string {
  const bytes = sizeOf(random);
  let text = `/** File ${number}. */\n`;
  while (text.length < bytes) {
    const length = 4 + Math.floor(random() * 8);
    const line = Array.from({ length }, () => words[Math.floor(random() * words.length)]);
    text += `  ${line.join(' ')} ${Math.floor(random() * 1e6).toString(36)};\n`;
  }
  return text;
}

/** Log-normal, as file sizes are: median 2.8 kB, mean near 4.5 kB, at most 200 kB. */
function sizeOf(random: () => number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return Math.min(200_000, Math.round(2_800 * Math.exp(normal)));
}

/** Numbers in [0, 1) that are the same for the same seed (mulberry32, Tommy Ettinger, public domain). */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}
