/**
 * Finds what nobody needs any more. A worktree that bears Sentra's mark but belongs to no task known here may be that of another
 * Sentra (another home, another database), so it and its like are only for a person's own request (`foreign`), and so are the
 * worktrees of a removed project, which may be added again.
 */
import { existsSync } from 'node:fs';
import { readdir, rm } from 'node:fs/promises';
import path from 'node:path';
import { isBranchOf } from '#src/domain/branch-name.ts';
import type { Finding } from '#src/domain/clean-up.ts';
import { ProjectId, TaskId } from '#src/domain/ids.ts';
import { isOver } from '#src/domain/status.ts';
import type { TaskStatus } from '#src/domain/task.ts';
import { forgetAdminDir } from '#src/git/admin-dir.ts';
import {
  deleteMergedBranch,
  emptyTrash,
  listMergedBranches,
  listOwnWorktrees,
  listTrash,
  type OwnWorktree,
} from '#src/git/leftovers.ts';
import { withRepositoryLock } from '#src/git/repository-lock.ts';
import { findAnalysisHomes, findAnalysisTrees } from '#src/orchestrator/analysis-leftovers.ts';
import { findPooled, findPoolHomes } from '#src/orchestrator/pool-leftovers.ts';
import { findOldSaved } from '#src/orchestrator/saved-leftovers.ts';
import { endProcesses, forgetHome, heal, releasePorts, removeLeft, removeLoose } from '#src/orchestrator/tidy.ts';
import { listRoomProcesses } from '#src/sandbox/leftovers.ts';
import { listLeasingTasks } from '#src/store/port-leases.ts';
import type { ProjectRow } from '#src/store/projects.ts';
import { getStatuses } from '#src/store/tasks.ts';
import type { WorktreeFacts } from '#src/store/worktrees.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { readProjectConfig } from '#src/workflows/project-settings.ts';

export type Leftover = Pick<Finding, 'kind' | 'taskId' | 'path' | 'reason' | 'action'> & {
  foreign?: true;
  /** Where it is no folder or file. */
  bytes?: number;
  act(): Promise<unknown>;
};

/** Worktrees, administration, trash and branches of one repository. `facts`: of all worktrees that this database knows. */
export async function findInProject(
  parts: Parts,
  project: ProjectRow,
  facts: readonly WorktreeFacts[],
): Promise<Leftover[]> {
  const config = project.removedAt ? undefined : readProjectConfig(project); // nobody is left to put a wrong one right
  const mine = facts.filter((row) => row.projectId === project.id);
  const own = await listOwnWorktrees(project);
  const base = config?.baseBranch ?? project.baseBranch;
  const folders = new Set([
    path.resolve(project.path, config?.worktreesDir ?? path.join('.sentra', 'worktrees')),
    ...mine.filter((row) => !row.deletedAt).map((row) => path.dirname(row.path)),
  ]);
  return [
    ...mine.flatMap((row) => ofRow(parts, row, own, project.removedAt !== null)),
    ...(await ofAdministration(parts, { ...project, baseBranch: base }, own, facts)),
    ...(await findPooled(parts, project)),
    ...(await findAnalysisTrees(parts, project)),
    ...(await ofTrash(folders)),
    ...(await ofBranches(project, base, mine)),
  ];
}

function ofRow(parts: Parts, row: WorktreeFacts, own: readonly OwnWorktree[], isRemoved: boolean): Leftover[] {
  if (row.deletedAt) return [];
  const { taskId, path: folder, status, state } = row;
  const found = { taskId, path: folder };
  const onDisk = existsSync(folder);
  const isDue = state === 'removing' || (isOver(status) && row.madeBeforeEnd);
  if (isDue || isRemoved) {
    const halfMade = own.some((one) => one.path === folder && one.halfMade);
    const why = isOver(status)
      ? `the task is ${status}`
      : isDue
        ? 'its removal was interrupted'
        : `its project is not registered any more; the task is ${status.replace('_', ' ')}`;
    return [
      {
        ...found,
        ...(isDue ? {} : { foreign: true as const }),
        kind: !onDisk ? 'missing_folder' : halfMade ? 'half_made' : 'worktree',
        reason: onDisk ? why : `${why}, and the folder is gone`,
        action: 'save_and_remove',
        act: () => removeLeft(parts, taskId, status),
      },
    ];
  }
  if (onDisk || state !== 'ready' || status === 'running' || status === 'queued') return [];
  return [
    {
      ...found,
      kind: 'missing_folder',
      reason: `its folder was deleted by hand; the next run makes it again on ${row.branchName}`,
      action: 'heal',
      act: () => heal(parts, row),
    },
  ];
}

/** Worktrees that git knows and no row of ours stands for. */
async function ofAdministration(
  parts: Parts,
  project: ProjectRow,
  own: readonly OwnWorktree[],
  facts: readonly WorktreeFacts[],
): Promise<Leftover[]> {
  const present = new Set(facts.filter((row) => !row.deletedAt).map((row) => row.taskId));
  const loose = own.filter((one) => {
    const id = path.basename(one.path);
    return TaskId.safeParse(id).success && !present.has(id);
  });
  const statuses = await getStatuses(
    parts.database.db,
    loose.map((one) => path.basename(one.path)),
  );
  return loose.flatMap((one): Leftover[] => {
    const taskId = path.basename(one.path);
    const status = statuses.get(taskId);
    if (status && !isOver(status)) return [];
    const branchName = one.branchName && isBranchOf(one.branchName, taskId) ? one.branchName : null;
    const found = { taskId, path: one.path, reason: reasonOf(status), ...(status ? {} : { foreign: true as const }) };
    if (one.onDisk)
      return [
        {
          ...found,
          kind: one.halfMade ? 'half_made' : 'worktree',
          action: 'save_and_remove',
          act: () => removeLoose(parts, project, { taskId, path: one.path, adminDir: one.adminDir, branchName }),
        },
      ];
    const forget = async () => {
      await withRepositoryLock(project.gitDir, () => forgetIfMissing(one));
      if (branchName) await deleteMergedBranch(project, project.baseBranch, branchName); // one with commits stays
    };
    return [{ ...found, kind: 'admin_entry', action: 'forget', act: forget }];
  });
}

async function forgetIfMissing({ path: folder, adminDir }: OwnWorktree): Promise<void> {
  if (!existsSync(folder)) await forgetAdminDir(adminDir);
}

async function ofTrash(folders: ReadonlySet<string>): Promise<Leftover[]> {
  const found: Leftover[] = [];
  for (const folder of folders)
    if ((await listTrash(folder)).length > 0)
      found.push({
        kind: 'trash',
        taskId: null,
        path: path.join(folder, '.trash'),
        reason: 'removed worktrees whose files were not all deleted yet',
        action: 'remove',
        act: () => emptyTrash(folder),
      });
  return found;
}

async function ofBranches(project: ProjectRow, base: string, mine: readonly WorktreeFacts[]): Promise<Leftover[]> {
  const gone = mine.filter((row) => row.deletedAt && isOver(row.status) && isBranchOf(row.branchName, row.taskId));
  if (gone.length === 0) return [];
  const merged = new Set(await listMergedBranches(project, base, new Set(gone.map((row) => row.branchName))));
  return gone
    .filter((row) => merged.has(row.branchName))
    .map(({ taskId, branchName, status }) => ({
      kind: 'branch',
      taskId,
      path: branchName,
      reason: `the task is ${status} and ${base} has all of it`,
      action: 'remove',
      act: () => deleteMergedBranch(project, base, branchName),
    }));
}

/** Ports, private homes and caches of what is over. */
export async function findOnHost(
  parts: Parts,
  facts: readonly WorktreeFacts[],
  projectIds: { known: ReadonlySet<string>; removed: ReadonlySet<string> },
): Promise<Leftover[]> {
  const { db } = parts.database;
  const present = new Set(facts.filter((row) => !row.deletedAt).map((row) => row.taskId));
  const free = (ids: readonly string[]) => ids.filter((id) => !present.has(id));
  const leasing = free(await listLeasingTasks(db));
  const homes = free(await namesIn(path.join(parts.home, 'homes'), TaskId));
  const statuses = await getStatuses(db, [...leasing, ...homes]);
  const over = (id: string) => isOver(statuses.get(id) ?? 'cancelled');
  const caches = await namesIn(path.join(parts.home, 'caches'), ProjectId);
  return [
    ...(await findPoolHomes(parts)),
    ...(await findAnalysisHomes(parts)),
    ...(await ofProcesses(parts)),
    ...(await findOldSaved(parts)),
    ...leasing.filter(over).map((taskId): Leftover => {
      const found = { taskId, path: `ports of ${taskId}`, reason: reasonOf(statuses.get(taskId)) };
      return { ...found, kind: 'ports', action: 'release', act: () => releasePorts(parts, taskId) };
    }),
    ...homes.filter(over).map((taskId): Leftover => {
      const folder = path.join(parts.home, 'homes', taskId);
      const status = statuses.get(taskId);
      const found = { taskId, path: folder, reason: reasonOf(status), ...(status ? {} : { foreign: true as const }) };
      return { ...found, kind: 'home', action: 'remove', act: () => forgetHome(parts, taskId) };
    }),
    ...caches
      .filter((id) => !projectIds.known.has(id))
      .map((id): Leftover => {
        const folder = path.join(parts.home, 'caches', id);
        const foreign = projectIds.removed.has(id) ? {} : { foreign: true as const };
        const found = { taskId: null, path: folder, reason: 'its project is not registered any more', ...foreign };
        return {
          ...found,
          kind: 'cache',
          action: 'remove',
          act: () => rm(folder, { recursive: true, force: true, maxRetries: 3 }),
        };
      }),
  ];
}

/** What a wall or a dev server left at work after its task ended. */
async function ofProcesses(parts: Parts): Promise<Leftover[]> {
  const homes = path.join(parts.home, 'homes');
  const found = (await listRoomProcesses(homes)).filter(({ taskId }) => TaskId.safeParse(taskId).success);
  const ids = [...new Set(found.map(({ taskId }) => taskId))];
  const statuses = await getStatuses(parts.database.db, ids);
  return ids
    .filter((id) => isOver(statuses.get(id) ?? 'cancelled'))
    .map((taskId): Leftover => {
      const pids = found.filter((one) => one.taskId === taskId).map(({ pid }) => pid);
      const reason = `at work in the home of a task that is ${statuses.get(taskId) ?? 'not there any more'}`;
      const act = () => endProcesses(parts, taskId);
      return { kind: 'processes', taskId, path: `process ${pids.join(', ')}`, reason, action: 'end', act };
    });
}

const namesIn = async (folder: string, id: typeof TaskId): Promise<string[]> =>
  (await readdir(folder).catch(() => [])).filter((name) => id.safeParse(name).success);

const reasonOf = (status: TaskStatus | undefined): string =>
  status ? `the task is ${status}` : 'no task of this Sentra; another one may use it';
