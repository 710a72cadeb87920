/** Files on their way out: renamed in a moment, deleted when the machine has time for it. */
import { existsSync } from 'node:fs';
import { mkdir, rename } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { SentraError } from '#src/errors.ts';
import { lastLines } from '#src/git/exec-git.ts';
import { gentle } from '#src/process/gentle.ts';
import { run } from '#src/process.ts';

/** Puts a folder into `.trash` beside it; null when it is not there. */
export async function moveToTrash(path: string): Promise<string | null> {
  if (!existsSync(path)) return null;
  const trash = join(dirname(path), '.trash', `${basename(path)}-${crypto.randomUUID()}`);
  await mkdir(dirname(trash), { recursive: true });
  await rename(path, trash);
  return trash;
}

/** At the lowest priority and in a process of its own, so that tens of thousands of files are in nobody's way. */
export async function deleteTree(path: string): Promise<void> {
  if ((await idly('rm', ['-rf', '--', path])).exitCode === 0) return;
  await idly('chmod', ['-R', 'u+rwX', '--', path]); // what a program made read-only keeps its files from being deleted
  const { exitCode, stderr } = await idly('rm', ['-rf', '--', path]);
  if (exitCode !== 0)
    throw new SentraError('storage_unwritable', `${path} cannot be deleted: ${lastLines(stderr.toString())}.`);
}

const idly = (command: string, args: string[]) =>
  run({ ...gentle(command, args), cwd: '/', env: { PATH: '/usr/bin:/bin', LC_ALL: 'C' } }, { timeoutMs: 30 * 60_000 });
