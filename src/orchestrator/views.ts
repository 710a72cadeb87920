/** What people look at that is put together from several places: why, diff, graph. Reads only. */
import type { RouteAnswer } from '#src/domain/api/route.ts';
import type { Routes } from '#src/domain/api/routes.ts';
import type { Diff } from '#src/domain/pull-request.ts';
import { explainWhy, type Why } from '#src/domain/why.ts';
import { diffFiles, listCommits } from '#src/git/diff.ts';
import { isMissing, resolveCommit } from '#src/git/repository.ts';
import { slotsInUse } from '#src/orchestrator/host.ts';
import type { Database } from '#src/store/database.ts';
import { getProjectRow } from '#src/store/projects.ts';
import { findPullRequest } from '#src/store/pull-requests.ts';
import { getTask, getTaskRow, getTasks, listDependencies, listTasks } from '#src/store/tasks.ts';
import { findWorktree } from '#src/store/worktrees.ts';
import { findProjectProblem } from '#src/workflows/project-settings.ts';

export type Views = {
  why(taskId: string): Promise<Why>;
  diff(taskId: string): Promise<Diff>;
  graph(projectId: string): Promise<RouteAnswer<Routes['getGraph']>>;
};

export function createViews({ database, slots }: { database: Database; slots: number }): Views {
  const { db } = database;
  return {
    async why(taskId) {
      const task = await getTask(db, taskId);
      const project = await getProjectRow(db, task.projectId);
      return explainWhy({
        task,
        dependencies: await getTasks(db, task.dependencies),
        projectPaused: project.paused,
        projectProblem: findProjectProblem(project),
        slots: { inUse: await slotsInUse(db), total: slots },
      });
    },
    async diff(taskId) {
      const task = await getTaskRow(db, taskId);
      const project = await getProjectRow(db, task.projectId);
      const worktree = await findWorktree(db, taskId);
      const pull = await findPullRequest(db, taskId);
      const none: Diff = { base: null, head: null, commits: [], files: [], conflicts: [] };
      if (!worktree || isMissing(project)) return none;
      // After the merge the branch is gone; the pull request knows its last commit.
      const head = (await resolveCommit(project, `refs/heads/${worktree.branchName}`)) ?? pull?.headCommit;
      if (!head) return { ...none, base: worktree.base };
      const [files, commits] = await Promise.all([
        diffFiles(project, worktree.base, head),
        listCommits(project, worktree.base, head),
      ]);
      return { base: worktree.base, head, commits, files, conflicts: [] };
    },
    async graph(projectId) {
      await getProjectRow(db, projectId);
      const { items } = await listTasks(db, { projectId, limit: 10_000 });
      const edges = await listDependencies(db, projectId);
      return {
        nodes: items.map(({ id, title, status, phase, priority }) => ({ id, title, status, phase, priority })),
        edges: [...edges].flatMap(([to, froms]) => froms.map((from) => ({ from, to }))),
      };
    },
  };
}
