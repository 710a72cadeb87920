/**
 * The merge queue of a project: approved pull requests, in turns. A turn composes what the base would become, group on top of
 * group, tests the groups side by side, and moves the base over those that are green: every commit that the base ever stands
 * on was tested as it is. What conflicts or is red goes back to an agent, or to a person. Resumable at each step.
 */
import { step } from '#src/engine/step.ts';
import { checkGroup } from '#src/workflows/merge-check.ts';
import { compose } from '#src/workflows/merge-compose.ts';
import { move, publish, record, release } from '#src/workflows/merge-land.ts';
import { sendBack } from '#src/workflows/merge-send-back.ts';
import type { Parts } from '#src/workflows/parts.ts';

export const mergeQueue =
  (parts: Parts) =>
  async ({ projectId }: { projectId: string }): Promise<{ turns: number }> => {
    for (let turn = 1; ; turn++) {
      const name = (what: string) => `merge ${turn}: ${what}`;
      const { groups, conflicts, waiting } = await step(name('compose'), () => compose(parts, projectId));
      for (const conflict of conflicts) await step(name('send back'), () => sendBack(parts, projectId, conflict));
      if (waiting === 0) return { turns: turn };
      const tip = groups[0]?.from ?? '';
      const checked = await Promise.all(
        groups.map((group) => step(name('check'), (signal) => checkGroup(parts, { group, turn, tip }, signal))),
      );
      const at = checked.findIndex(({ passed }) => !passed);
      const moved = await step(name('move'), () => move(parts, projectId, at < 0 ? groups : groups.slice(0, at)));
      if (moved.length > 0) {
        await step(name('record'), () => record(parts, projectId, moved));
        await step(name('push'), () => publish(parts, projectId, moved));
      }
      const red = groups[at];
      const [single, ...more] = red?.merges ?? [];
      // Sent back only where what it is red with is the base by now: else the next turn looks again.
      if (red && single && more.length === 0 && moved.length === at) {
        const { output = '', isBaseRed = false } = checked[at] ?? {};
        const returned = { ...single, base: red.from, paths: [], said: output, isBaseRed };
        await step(name('send back'), () => sendBack(parts, projectId, returned));
      }
      await step(name('release'), () => release(parts, groups, more.length > 0 ? red : undefined));
    }
  };
