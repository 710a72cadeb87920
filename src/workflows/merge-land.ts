/** From tested commits to a base that stands on them: the move itself, the facts that say so, the remote, what comes after. */
import { SentraError } from '#src/errors.ts';
import { advanceBase } from '#src/git/merge.ts';
import { pushBase } from '#src/git/push.ts';
import { claimMerges, joinMergeQueue, releaseMerges, removeFromMergeQueue } from '#src/store/merge-queue.ts';
import { getProjectRow } from '#src/store/projects.ts';
import { findPullRequest, markMerged } from '#src/store/pull-requests.ts';
import { setTaskNotice } from '#src/store/tasks.ts';
import { type Group, tasksOf } from '#src/workflows/merge-compose.ts';
import { refuse } from '#src/workflows/merge-send-back.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { cleanUpJob } from '#src/workflows/run.ts';
import { listMergeable } from '#src/workflows/stack.ts';

/** Answers the groups that the base has now. Where one cannot go, those after it cannot either. */
export async function move(parts: Parts, projectId: string, groups: readonly Group[]): Promise<Group[]> {
  const project = await getProjectRow(parts.database.db, projectId);
  const moved: Group[] = [];
  for (const group of groups) {
    if (!(await parts.changes.change(({ tx }) => claimMerges(tx, tasksOf(group))))) break;
    const { baseBranch, from, to } = group;
    const what = `merge ${group.merges.map(({ head }) => head.slice(0, 10)).join(', ')}`;
    const advanced = await advanceBase(project, { baseBranch, from, to, what });
    if (advanced.outcome === 'moved') {
      moved.push(group);
      for (const { taskId, adwId, head, commit } of group.merges)
        await parts.logs
          .logger({ taskId, adwId, phase: null })
          .info(
            `Merged ${head.slice(0, 10)} into ${baseBranch} as ${commit.slice(0, 10)}${toldOf[advanced.checkout]}`,
            {
              kind: 'step',
            },
          );
      continue;
    }
    if (advanced.outcome === 'checkout_in_the_way') {
      const cause = new SentraError('base_checkout_dirty', advanced.message, { details: { paths: advanced.paths } });
      for (const { taskId, adwId } of group.merges) await refuse(parts, taskId, adwId, cause);
    }
    break;
  }
  return moved;
}

const toldOf = {
  updated: '; the checkout of it is up to date',
  not_checked_out: '',
  behind: '; its checkout changed at that very moment and still has the old files: run `git status` there',
};

/** The merge, the end of the task and the start of the clean-up are one fact; what stands on it may merge next. */
export async function record(parts: Parts, projectId: string, groups: readonly Group[]): Promise<void> {
  const { db } = parts.database;
  for (const { taskId, adwId, commit } of groups.flatMap(({ merges }) => merges)) {
    const pull = await findPullRequest(db, taskId);
    if (!pull || pull.state === 'merged') continue;
    await parts.changes.change(async ({ tx, client, touch, record }) => {
      await markMerged(tx, pull, commit);
      await setTaskNotice(tx, taskId, null);
      await parts.engine.enqueue(client, cleanUpJob(taskId, adwId));
      touch(taskId);
      record({ type: 'pull_request.changed', taskId, data: { number: pull.number, state: 'merged', commit } });
    });
    for (const above of await listMergeable(db, taskId))
      await parts.changes.change(({ tx }) =>
        joinMergeQueue(tx, { taskId: above.id, projectId, adwId: above.adwId ?? adwId }),
      );
  }
}

/** Brings the base to the remote; then they leave the queue, and who asked for the merge gets an answer. */
export async function publish(parts: Parts, projectId: string, groups: readonly Group[]): Promise<void> {
  await pushMoved(parts, projectId, groups);
  await removeFromMergeQueue(parts.database.db, groups.flatMap(tasksOf));
}

async function pushMoved(parts: Parts, projectId: string, groups: readonly Group[]): Promise<void> {
  const project = await getProjectRow(parts.database.db, projectId);
  const last = groups.at(-1);
  if (!last || !project.remote) return;
  const pushed = await pushBase(project, { branchName: last.baseBranch, commit: last.to, remote: project.remote });
  if (pushed.outcome !== 'refused') return;
  const text = `Merged here, but ${project.remote} refused the push of ${last.baseBranch}: ${pushed.message}`;
  for (const taskId of groups.flatMap(tasksOf))
    await parts.changes.change(async ({ tx, touch }) => {
      await setTaskNotice(tx, taskId, text);
      touch(taskId);
    });
}

/** What was tested and could not land waits for the next turn; what was red in company is tested by itself then. */
export async function release(parts: Parts, groups: readonly Group[], red: Group | undefined): Promise<void> {
  await parts.changes.change(async ({ tx }) => {
    await releaseMerges(tx, groups.filter((group) => group !== red).flatMap(tasksOf));
    if (red) await releaseMerges(tx, tasksOf(red), true);
  });
}
