/** What a worker does with worktrees around the start of runs: prepares some ahead, gives each task one, installs, takes some away. */
import { newAdwId } from '#src/domain/ids.ts';
import { tendPoolOnce } from '#src/orchestrator/pool.ts';
import { findWorktree, setWorktreeState } from '#src/store/worktrees.ts';
import { removeTaskWorktree } from '#src/workflows/clean-up.ts';
import { writeEnvironment } from '#src/workflows/environment.ts';
import { install } from '#src/workflows/install.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { makeWorktree } from '#src/workflows/prepare.ts';
import { factsOf } from '../fixtures/pool-parts.ts';

export type Life = { kept: string; gone: string };

const { signal } = new AbortController();

/** As after a restart of Sentra: each step is done again where it was cut off. Says what could not be done. */
export async function liveOnce(parts: Parts, { kept, gone }: Life, say: (line: string) => void): Promise<void> {
  const leave = async () => {
    const there = await findWorktree(parts.database.db, gone);
    if (there?.deletedAt) return;
    if (there?.state !== 'removing') await work(parts, gone);
    await removeTaskWorktree(parts, { taskId: gone });
  };
  await Promise.all([tend(parts, say), work(parts, kept), leave()]);
  await tend(parts, say);
}

export async function tend(parts: Parts, say: (line: string) => void): Promise<void> {
  const options = { workerId: 'worker-1', most: 1, report: say, resting: new Map<string, number>() };
  while (await tendPoolOnce(parts, options, signal));
}

/** Till an agent could begin. */
async function work(parts: Parts, taskId: string): Promise<void> {
  const facts = await factsOf(parts, taskId);
  const log = parts.logs.logger({ taskId });
  const tree = await makeWorktree(parts, facts, log);
  await writeEnvironment(parts, null, facts, tree.path);
  if (tree.ready) return;
  await install(parts, facts, tree.path, newAdwId(), log, signal, tree.hasDependencies);
  await setWorktreeState(parts.database.db, taskId, 'ready');
}
