/** Build caches that lie in worktrees, handed from the task that was merged last to the next ones: where sentra.json asks for it. */
import path from 'node:path';
import { type Carrying, keepCaches, takeCaches } from '#src/environment/carried-caches.ts';
import { hostTools } from '#src/environment/runner.ts';
import { messageOf } from '#src/errors.ts';
import { listIgnored } from '#src/git/tracked.ts';
import type { Logger } from '#src/logs/pipeline.ts';
import { findWorktree } from '#src/store/worktrees.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { readProjectConfig } from '#src/workflows/project-settings.ts';
import { cachesOf, type SetupFacts } from '#src/workflows/room.ts';

type Place = Pick<SetupFacts, 'taskId'> & { project: { id: string; path: string; gitDir: string } };

/** Into a worktree that has its dependencies and has not been built yet. */
export const carryIn = (parts: Parts, place: Place, log: Logger): Promise<void> =>
  carry(parts, place, { log, act: takeCaches, said: 'Build caches of the task that was merged last' });

/** Out of a merged task's worktree, before it is removed. */
export const carryOut = (parts: Parts, place: Place, log: Logger): Promise<void> =>
  carry(parts, place, { log, act: keepCaches, said: 'Build caches kept for the next tasks' });

/** They only save time: what goes wrong is told, and that is all. */
async function carry(
  parts: Parts,
  { taskId, project }: Place,
  { log, act, said }: { log: Logger; act: (carrying: Carrying) => Promise<string[]>; said: string },
): Promise<void> {
  try {
    const { path: worktreePath, adminDir } = (await findWorktree(parts.database.db, taskId)) ?? {};
    if (!worktreePath || !adminDir || !readProjectConfig(project).setup.buildCache) return;
    const places = await act({
      worktreePath,
      folder: path.join(cachesOf(parts, { project }), 'carried'),
      searchPath: hostTools(parts.baseEnv).env.PATH,
      listIgnored: (paths) => listIgnored({ path: worktreePath, adminDir }, paths),
    });
    if (places.length) void log.info(`${said}: ${places.join(', ')}`, { kind: 'step' });
  } catch (e) {
    void log.debug(`Build caches are left out: ${messageOf(e)}`, { kind: 'step' });
  }
}
