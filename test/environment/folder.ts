import { chmod, mkdir, mkdtemp, realpath, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { afterAll } from 'vitest';
import { createRunner, type Runner } from '#src/environment/runner.ts';

/** A new folder with these files; it goes when the test file ends. */
export async function folderWith(files: Record<string, string> = {}): Promise<string> {
  const folder = await realpath(await mkdtemp(path.join(tmpdir(), 'sentra-environment-')));
  made.push(folder);
  for (const [name, text] of Object.entries(files)) {
    const place = path.join(folder, name);
    await mkdir(path.dirname(place), { recursive: true });
    await writeFile(place, text);
    if (text.startsWith('#!')) await chmod(place, 0o755);
  }
  return folder;
}

/** A runner without a wall whose room is this worktree. */
export async function plainRunner(worktreePath: string): Promise<Runner> {
  const baseEnv = { PATH: process.env.PATH ?? '' };
  return createRunner({ sandbox: undefined, room: { worktreePath, homePath: await folderWith() }, baseEnv });
}

const made: string[] = [];

afterAll(async () => {
  for (const folder of made) await rm(folder, { recursive: true, force: true });
});
