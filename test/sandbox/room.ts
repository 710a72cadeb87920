/** A real repository with a worktree, a state folder and a private home, for tests of confined processes. */
import { randomUUID } from 'node:crypto';
import { mkdir, mkdtemp, readdir, readFile, readlink, realpath, rm, writeFile } from 'node:fs/promises';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { run } from '#src/process.ts';
import type { Room } from '#src/sandbox/sandbox.ts';

export const env = { PATH: process.env.PATH ?? '/usr/bin:/bin', LANG: 'C.UTF-8', HOME: homedir() };

export async function createTestRoom() {
  const folder = await realpath(await mkdtemp(join(tmpdir(), 'sentra-test-')));
  const stateDir = join(folder, 'state');
  const repositoryPath = join(folder, 'repository');
  const worktreePath = join(repositoryPath, '.sentra/worktrees/task-1');
  await mkdir(stateDir);
  await writeFile(join(stateDir, 'token'), 'the-token-of-the-server');
  const git = async (...args: string[]) => {
    const who = ['-c', 'user.name=Test', '-c', 'user.email=test@localhost'];
    const outcome = await run({ command: 'git', args: [...who, ...args], cwd: repositoryPath, env });
    if (outcome.exitCode !== 0) throw new Error(outcome.stderr.toString());
  };
  await mkdir(repositoryPath);
  await git('init', '-q', '-b', 'main');
  await writeFile(join(repositoryPath, 'readme.txt'), 'hello');
  await git('add', '.');
  await git('commit', '-qm', 'first');
  await git('worktree', 'add', '-q', '-b', 'work', worktreePath);
  const room: Omit<Room, 'network'> = {
    worktreePath,
    repositoryPath,
    gitDir: join(repositoryPath, '.git'),
    homePath: join(stateDir, 'homes', randomUUID()),
  };
  return { folder, stateDir, room, remove: () => rm(folder, { recursive: true, force: true }) };
}

/** Processes of any namespace that have this word in their command line. */
export async function findAlive(word: string): Promise<number[]> {
  const pids: number[] = [];
  for (const { pid, line } of await listProcesses()) if (line.includes(word) && pid !== process.pid) pids.push(pid);
  return pids;
}

/** SIGKILL to the agents (by the name of their program) that work in this folder; true when there was one. */
export async function killIn(folder: string): Promise<boolean> {
  let found = false;
  for (const { pid, line } of await listProcesses()) {
    const isAgent = /agent\.mjs|claude|opencode|codex|gemini|qwen/.test(line) && !/bwrap|relay/.test(line);
    if (!isAgent || (await readlink(`/proc/${pid}/cwd`).catch(() => '')) !== folder) continue;
    process.kill(pid, 'SIGKILL');
    found = true;
  }
  return found;
}

async function listProcesses(): Promise<{ pid: number; line: string }[]> {
  const pids = (await readdir('/proc')).filter((name) => /^\d+$/.test(name));
  const line = (pid: string) => readFile(`/proc/${pid}/cmdline`, 'utf8').catch(() => '');
  return await Promise.all(pids.map(async (pid) => ({ pid: Number(pid), line: await line(pid) })));
}
