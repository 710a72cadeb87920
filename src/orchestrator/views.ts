/** What people look at that is put together from several places: why, diff, graph. Reads only. */
import type { RouteAnswer } from '#src/domain/api/route.ts';
import type { Routes } from '#src/domain/api/routes.ts';
import type { Diff } from '#src/domain/pull-request.ts';
import type { Reason } from '#src/domain/reason.ts';
import { gatesOf, schedule } from '#src/domain/scheduler.ts';
import type { Task } from '#src/domain/task.ts';
import type { TaskEnvironment } from '#src/domain/task-environment.ts';
import { explainWhy, type Why } from '#src/domain/why.ts';
import { diffFiles, listCommits } from '#src/git/diff.ts';
import { isMissing, resolveCommit } from '#src/git/repository.ts';
import { breakerGates } from '#src/orchestrator/breakers.ts';
import { budgetGates } from '#src/orchestrator/budgets.ts';
import { agentOf, type HostFacts, pauseGate, readWhole, toQueueProject } from '#src/orchestrator/queue.ts';
import { listBreakers } from '#src/store/breakers.ts';
import { listCollisions } from '#src/store/collisions.ts';
import type { Database } from '#src/store/database.ts';
import { findForgeProblem } from '#src/store/forge-pulls.ts';
import { findMergeEntry } from '#src/store/merge-queue.ts';
import { listPeers } from '#src/store/peers.ts';
import { getProjectRow, type ProjectRow } from '#src/store/projects.ts';
import { findPullRequest } from '#src/store/pull-requests.ts';
import { findParking } from '#src/store/runs.ts';
import { listSetupSteps } from '#src/store/setup-steps.ts';
import { findTaskDatabase } from '#src/store/task-databases.ts';
import { listDependencies } from '#src/store/task-graph.ts';
import { listNodes } from '#src/store/task-nodes.ts';
import { getTask, getTaskRow, getTasks } from '#src/store/tasks.ts';
import { findWorktree } from '#src/store/worktrees.ts';
import { findProjectProblem } from '#src/workflows/project-settings.ts';

export type Views = {
  why(taskId: string): Promise<Why>;
  diff(taskId: string): Promise<Diff>;
  environment(taskId: string): Promise<TaskEnvironment>;
  graph(projectId: string): Promise<RouteAnswer<Routes['getGraph']>>;
};

export function createViews({ database, host }: { database: Database; host: HostFacts }): Views {
  const { db } = database;
  /** A task in the queue is told its place; for others that wait, only what would stop anybody counts. */
  const whatHolds = async (task: Task, project: ProjectRow): Promise<readonly Reason[]> => {
    const parked = await findParking(db, task.id);
    if (parked) {
      const { failure, until } = parked;
      return [{ code: failure.code, message: failure.message, ...(until ? { until } : {}) }];
    }
    if (task.status === 'queued') return schedule(await readWhole(db, host)).held.get(task.id) ?? [];
    if (task.status !== 'pending' && task.status !== 'blocked') return [];
    const agent = agentOf(task.agent, toQueueProject(project));
    return gatesOf({ projectId: project.id, agent }, [
      ...pauseGate(project),
      ...breakerGates(await listBreakers(db)),
      ...(await budgetGates(db, [project])),
      ...host.gates(),
    ]);
  };
  return {
    async why(taskId) {
      const task = await getTask(db, taskId);
      const project = await getProjectRow(db, task.projectId);
      return explainWhy({
        task,
        dependencies: await getTasks(db, task.dependencies),
        stacked: project.stacked,
        projectProblem: findProjectProblem(project),
        forgeProblem: await findForgeProblem(db, taskId),
        isMerging: ((await findMergeEntry(db, taskId))?.state ?? 'refused') !== 'refused',
        held: await whatHolds(task, project),
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
      const conflicts = (await listCollisions(db, [taskId])).map(({ otherId, paths }) => ({ taskId: otherId, paths }));
      const [files, commits] = await Promise.all([
        diffFiles(project, worktree.base, head),
        listCommits(project, worktree.base, head),
      ]);
      return { base: worktree.base, head, commits, files, conflicts };
    },
    async environment(taskId) {
      const { ports } = await getTask(db, taskId);
      const [peers, setup, own] = await Promise.all([
        listPeers(db, taskId),
        listSetupSteps(db, taskId),
        findTaskDatabase(db, taskId),
      ]);
      const database = own ? { kind: own.kind, name: own.name, place: own.place } : null;
      return { taskId, ports, peers, setup, database };
    },
    async graph(projectId) {
      await getProjectRow(db, projectId);
      const nodes = await listNodes(db, projectId);
      const edges = await listDependencies(db, projectId);
      return {
        nodes,
        edges: [...edges].flatMap(([to, froms]) => froms.map((from) => ({ from, to }))),
      };
    },
  };
}
