/** One turn of the merge queue on paper: who comes next, and which commits the base would go over. Moves nothing. */
import { commitMessage } from '#src/domain/commit-message.ts';
import { whyNotYet } from '#src/domain/forge.ts';
import { groupMerges, orderMerges } from '#src/domain/merge-queue.ts';
import { satisfies } from '#src/domain/status.ts';
import type { TaskType } from '#src/domain/task.ts';
import { SentraError } from '#src/errors.ts';
import { composeGroup, composeMerge, type MergeStyle } from '#src/git/compose-merge.ts';
import { listCommits } from '#src/git/diff.ts';
import { listMergeQueue, type QueuedMerge, removeFromMergeQueue, setMergeState } from '#src/store/merge-queue.ts';
import { getProjectRow, type ProjectRow } from '#src/store/projects.ts';
import { findPullRequest, type PullRequestRow, requestMerge } from '#src/store/pull-requests.ts';
import { findActiveRun } from '#src/store/runs.ts';
import { getTaskRow, getTasks } from '#src/store/tasks.ts';
import { toIso } from '#src/store/time.ts';
import { findWorktree } from '#src/store/worktrees.ts';
import { hold, refuse } from '#src/workflows/merge-send-back.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { readProjectConfig } from '#src/workflows/project-settings.ts';

/** `commit`: on the base, what brings this task. */
export type Merging = {
  taskId: string;
  adwId: string;
  head: string;
  commit: string /** Of that commit. */;
  message: string;
};
/** Tested as one and merged as one. `from`: the commit that it stands on; `to`: where the base is after it. */
export type Group = { baseBranch: string; from: string; to: string; tree: string; merges: Merging[] };
export type Conflict = {
  taskId: string;
  adwId: string;
  base: string;
  paths: string[];
  said: string;
  isBaseRed?: boolean;
};
/** `waiting`: how many could be merged when the turn began. */
export type Turn = { groups: Group[]; conflicts: Conflict[]; waiting: number };

export async function compose(parts: Parts, projectId: string): Promise<Turn> {
  const { db } = parts.database;
  const project = await getProjectRow(db, projectId);
  const ready = await listReady(parts, projectId);
  const turn: Turn = { groups: [], conflicts: [], waiting: ready.length };
  const [first] = ready;
  if (!first) return turn;
  const found = await findBase(parts, project, first.pull.baseBranch).catch((e) => refuseAll(parts, ready, e));
  if (!found) return { ...turn, waiting: 0 };
  const { base, mergesAlone } = found;
  let tip = base;
  const settings = readProjectConfig(project);
  // Without a merge commit over a group, what is between its first and its last would be on the base untested.
  const most = settings.mergeStyle === 'merge' && !mergesAlone ? undefined : 1;
  for (const wanted of groupMerges(ready, mergesAlone ? 1 : settings.mergeQueue.atOnce, most)) {
    const before = new Set(turn.groups.flatMap(tasksOf));
    const group = await composeOne(parts, project, { base, tip, before, wanted }, turn.conflicts);
    if (!group) continue;
    turn.groups.push(group);
    tip = group.to;
  }
  await tell(parts, turn.groups.flatMap(tasksOf));
  return turn;
}

async function findBase(parts: Parts, project: ProjectRow, baseBranch: string) {
  const forge = await parts.forges.of(project);
  return { base: await forge.tip(baseBranch), mergesAlone: await forge.mergesAlone(baseBranch) };
}

export const tasksOf = ({ merges }: Group): string[] => merges.map(({ taskId }) => taskId);

/** `unmet`: what it waits for; all of it is before it in the queue. */
type Ready = QueuedMerge & { pull: PullRequestRow; unmet: string[] };

/** In their order, all for one base branch. What was withdrawn leaves; what waits for a task that is not merged is refused. */
async function listReady(parts: Parts, projectId: string): Promise<Ready[]> {
  const { db } = parts.database;
  const ready: Ready[] = [];
  for (const entry of orderMerges(await listMergeQueue(db, projectId))) {
    const { taskId } = entry;
    const pull = await findPullRequest(db, taskId);
    if (pull?.state !== 'open' || (await findActiveRun(db, taskId))) {
      await removeFromMergeQueue(db, [taskId]);
      continue;
    }
    const obstacle = whyNotYet(pull);
    if (obstacle) await hold(parts, [pull], { code: 'forge_refused', message: `It waits at the forge: ${obstacle}.` });
    if (obstacle || entry.held) continue;
    const unmet = (await getTasks(db, entry.dependencies)).filter(({ status }) => !satisfies(status));
    const below = unmet.find(({ id }) => !ready.some((before) => before.taskId === id));
    if (below) await refuse(parts, taskId, entry.adwId, waitsFor(taskId, below));
    else if (!ready[0] || ready[0].pull.baseBranch === pull.baseBranch)
      ready.push({ ...entry, pull, unmet: unmet.map(({ id }) => id) });
  }
  return ready;
}

/** A merge would take what it stands on with it, unread. */
const waitsFor = (taskId: string, below: { id: string; title: string; status: string }) =>
  new SentraError(
    'not_allowed',
    `${taskId} waits for "${below.title}" (${below.id}), which is ${below.status.replace('_', ' ')}: merge or skip that one first, or drop the dependency.`,
  );

/** A forge that does not answer now will later: then they wait where they are. */
async function refuseAll(parts: Parts, ready: readonly Ready[], thrown: unknown): Promise<null> {
  if (!(thrown instanceof SentraError)) throw thrown;
  const passes = thrown.code === 'forge_unavailable' || thrown.code === 'forge_limited';
  if (passes)
    await hold(
      parts,
      ready.map(({ pull }) => pull),
      thrown.toFailure(),
    );
  else for (const { taskId, adwId } of ready) await refuse(parts, taskId, adwId, thrown);
  return null;
}

/** Null when nothing of it can be merged on top of `tip`; what conflicts with the base itself is a conflict, the rest waits. */
async function composeOne(
  parts: Parts,
  project: ProjectRow,
  { base, tip, before, wanted }: { base: string; tip: string; before: ReadonlySet<string>; wanted: readonly Ready[] },
  conflicts: Conflict[],
): Promise<Group | null> {
  const { mergeStyle: style } = readProjectConfig(project);
  const merges: Merging[] = [];
  let to = tip;
  let tree = '';
  let date = '';
  for (const entry of wanted) {
    const { taskId, adwId, pull } = entry;
    if (!entry.unmet.every((id) => before.has(id) || merges.some((one) => one.taskId === id))) continue;
    date = toIso(await requestMerge(parts.database.db, pull));
    const standsOn = project.stacked ? (await findWorktree(parts.database.db, taskId))?.base : undefined;
    const message = await messageOf(parts, project, entry, { style, standsOn });
    const request = { head: pull.headCommit, message, identity: parts.identity, date, style, standsOn };
    try {
      const composed = await composeMerge(project, { ...request, onto: to });
      if (composed.outcome === 'conflict') {
        const alone = to === base ? composed : await composeMerge(project, { ...request, onto: base });
        if (alone.outcome === 'conflict') conflicts.push({ taskId, adwId, base, paths: alone.paths, said: alone.said });
        continue;
      }
      merges.push({ taskId, adwId, head: pull.headCommit, commit: composed.commit, message: request.message });
      if (composed.outcome === 'contained') continue;
      to = composed.commit;
      tree = composed.tree;
    } catch (e) {
      if (!(e instanceof SentraError)) throw e;
      await refuse(parts, taskId, adwId, e);
    }
  }
  const baseBranch = wanted[0]?.pull.baseBranch ?? '';
  if (merges.length === 0) return null;
  if (merges.length === 1 || to === tip) return { baseBranch, from: tip, to, tree, merges };
  const message = `merge: ${merges.length} tasks, tested together\n\n${merges.map(({ taskId }) => `Task ID: ${taskId}`).join('\n')}\n`;
  const whole = await composeGroup(project, { onto: tip, head: to, message, identity: parts.identity, date });
  return { baseBranch, from: tip, to: whole.commit, tree: whole.tree, merges };
}

/** The same for the same pull request, so that composing again gives the same commit. */
async function messageOf(
  parts: Parts,
  project: ProjectRow,
  { taskId, adwId, title, pull }: Ready,
  { style, standsOn }: { style: MergeStyle; standsOn: string | undefined },
): Promise<string> {
  const { type } = await getTaskRow(parts.database.db, taskId);
  const isOne = style !== 'merge';
  const commits = isOne ? await listCommits(project, pull.baseBranch, pull.headCommit, standsOn) : [];
  const context = commits.map(({ subject }) => `- ${subject}`).join('\n');
  return commitMessage('merge', { subject: title, type: type as TaskType, taskId, adwId, context });
}

const tell = (parts: Parts, taskIds: readonly string[]): Promise<void> =>
  parts.changes.change(async ({ tx, record }) => {
    await setMergeState(tx, taskIds, { state: 'testing' });
    for (const taskId of taskIds) record({ type: 'pull_request.changed', taskId, data: { merge: 'testing' } });
  });
