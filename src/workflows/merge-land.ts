/** From tested commits to a base that stands on them: the move itself, the facts that say so, the remote, what comes after. */
import { SentraError } from '#src/errors.ts';
import type { Landed, Landing } from '#src/forge/forge.ts';
import { pollSoon } from '#src/store/forge-polls.ts';
import { claimMerges, joinMergeQueue, releaseMerges, removeFromMergeQueue } from '#src/store/merge-queue.ts';
import { getProjectRow } from '#src/store/projects.ts';
import { findPullRequest, markMerged, type PullRequestRow } from '#src/store/pull-requests.ts';
import { setTaskNotice } from '#src/store/tasks.ts';
import { type Group, tasksOf } from '#src/workflows/merge-compose.ts';
import { hold, refuse } from '#src/workflows/merge-send-back.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { readProjectConfig } from '#src/workflows/project-settings.ts';
import { cleanUpJob } from '#src/workflows/run.ts';
import { listMergeable } from '#src/workflows/stack.ts';

/** `note`: what a person should know of how it came there. */
export type Moved = Group & { note: string | null };

/** Answers the groups that the base has now. Where one cannot go, those after it cannot either. */
export async function move(parts: Parts, projectId: string, groups: readonly Group[]): Promise<Moved[]> {
  const project = await getProjectRow(parts.database.db, projectId);
  const forge = await parts.forges.of(project);
  const style = readProjectConfig(project).mergeStyle;
  const moved: Moved[] = [];
  for (const group of groups) {
    if (!(await parts.changes.change(({ tx }) => claimMerges(tx, tasksOf(group))))) break;
    const pulls = await findPulls(parts, group);
    const landed = await forge.land({ ...group, style, ...describe(group, pulls) }).catch(waitsFor);
    if (landed.outcome === 'landed') {
      const stands = await standsOn(parts, group, landed);
      moved.push(stands);
      if (stands.to === group.to) continue;
      break; // the forge made another commit of it: what comes after was composed on ours
    }
    if (landed.outcome === 'checkout_in_the_way') {
      const cause = new SentraError('base_checkout_dirty', landed.message, { details: { paths: landed.paths } });
      for (const { taskId, adwId } of group.merges) await refuse(parts, taskId, adwId, cause);
    }
    if (landed.outcome === 'waits') await hold(parts, [...pulls.values()], landed.failure);
    break;
  }
  return moved;
}

/** No answer of the forge is one that passes: what was done there is found the next time. */
function waitsFor(thrown: unknown): Landed {
  if (thrown instanceof SentraError && thrown.code.startsWith('forge_'))
    return { outcome: 'waits', failure: thrown.toFailure() };
  throw thrown;
}

/** By task, as they are now. */
async function findPulls(parts: Parts, { merges }: Group): Promise<Map<string, PullRequestRow>> {
  const found = await Promise.all(merges.map(({ taskId }) => findPullRequest(parts.database.db, taskId)));
  return new Map(found.flatMap((pull) => (pull ? [[pull.taskId, pull]] : [])));
}

function describe({ merges }: Group, pulls: ReadonlyMap<string, PullRequestRow>): Pick<Landing, 'pulls' | 'what'> {
  const described = merges.map(({ taskId, head, message }) => ({
    number: pulls.get(taskId)?.forgeNumber ?? null,
    headCommit: head,
    message,
  }));
  return { pulls: described, what: `merge ${merges.map(({ head }) => head.slice(0, 10)).join(', ')}` };
}

async function standsOn(
  parts: Parts,
  group: Group,
  { commit, checkout, note }: Extract<Landed, { outcome: 'landed' }>,
): Promise<Moved> {
  const isOurs = commit === group.to;
  const merges = isOurs ? group.merges : group.merges.map((merge) => ({ ...merge, commit }));
  for (const { taskId, adwId, head, commit } of merges)
    await parts.logs
      .logger({ taskId, adwId, phase: null })
      .info(`Merged ${head.slice(0, 10)} into ${group.baseBranch} as ${commit.slice(0, 10)}${toldOf[checkout]}`, {
        kind: 'step',
      });
  return { ...group, to: commit, merges, note: note ?? null };
}

const toldOf = {
  updated: '; the checkout of it is up to date',
  not_checked_out: '',
  behind: '; its checkout changed at that very moment and still has the old files: run `git status` there',
};

/** The merge, the end of the task and the start of the clean-up are one fact; what stands on it may merge next. */
export async function record(parts: Parts, projectId: string, groups: readonly Moved[]): Promise<void> {
  for (const { merges, note } of groups)
    for (const merge of merges) await recordMerged(parts, projectId, { ...merge, note });
}

export async function recordMerged(
  parts: Pick<Parts, 'database' | 'changes' | 'engine'>,
  projectId: string,
  { taskId, adwId, commit, note }: { taskId: string; adwId: string; commit: string; note: string | null },
): Promise<void> {
  const { db } = parts.database;
  const pull = await findPullRequest(db, taskId);
  if (!pull || pull.state === 'merged') return;
  await parts.changes.change(async ({ tx, client, touch, record }) => {
    await markMerged(tx, pull, commit);
    await setTaskNotice(tx, taskId, note);
    await parts.engine.enqueue(client, cleanUpJob(taskId, adwId));
    touch(taskId);
    record({ type: 'pull_request.changed', taskId, data: { number: pull.number, state: 'merged', commit } });
  });
  for (const above of await listMergeable(db, taskId))
    await parts.changes.change(({ tx }) =>
      joinMergeQueue(tx, { taskId: above.id, projectId, adwId: above.adwId ?? adwId }),
    );
}

/** Tells the rest of the world; then they leave the queue, and who asked for the merge gets an answer. */
export async function publish(parts: Parts, projectId: string, groups: readonly Moved[]): Promise<void> {
  const forge = await parts.forges.of(await getProjectRow(parts.database.db, projectId));
  for (const group of groups.slice(-1)) {
    const all = { ...group, merges: groups.flatMap(({ merges }) => merges) };
    const { pulls } = describe(all, await findPulls(parts, all));
    const note = await forge.publish({ ...group, pulls }).catch(unlessForge);
    for (const taskId of note ? groups.flatMap(tasksOf) : [])
      await parts.changes.change(async ({ tx, touch }) => {
        await setTaskNotice(tx, taskId, note);
        touch(taskId);
      });
  }
  await parts.changes.change(async ({ tx }) => {
    await removeFromMergeQueue(tx, groups.flatMap(tasksOf));
    if (forge.kind !== 'local') await pollSoon(tx, projectId);
  });
}

/** It is merged all the same. */
function unlessForge(thrown: unknown): string {
  if (thrown instanceof SentraError && thrown.code.startsWith('forge_')) return `Merged. ${thrown.message}`;
  throw thrown;
}

/** What was tested and could not land waits for the next turn; what was red in company is tested by itself then. */
export async function release(parts: Parts, groups: readonly Group[], red: Group | undefined): Promise<void> {
  await parts.changes.change(async ({ tx }) => {
    await releaseMerges(tx, groups.filter((group) => group !== red).flatMap(tasksOf));
    if (red) await releaseMerges(tx, tasksOf(red), true);
  });
}
