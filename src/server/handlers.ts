/** What each route does: one line to the part that decides. */
import type { Analyses } from '#src/analyst/analyses.ts';
import type { Finding, SavedWork } from '#src/domain/clean-up.ts';
import type { Verification } from '#src/domain/verification.ts';
import type { LogReader } from '#src/logs/log-reader.ts';
import { createAccessToken, revokeAccessToken } from '#src/orchestrator/access-tokens.ts';
import type { CostDesk } from '#src/orchestrator/costs.ts';
import type { Host } from '#src/orchestrator/host.ts';
import type { Lifecycle } from '#src/orchestrator/lifecycle.ts';
import type { Merges } from '#src/orchestrator/merges.ts';
import type { Projects } from '#src/orchestrator/projects.ts';
import type { ResourceView } from '#src/orchestrator/resources.ts';
import type { RunExports } from '#src/orchestrator/run-export.ts';
import type { Tasks } from '#src/orchestrator/tasks.ts';
import type { Timelines } from '#src/orchestrator/timeline.ts';
import type { Trusts } from '#src/orchestrator/trust.ts';
import type { Views } from '#src/orchestrator/views.ts';
import type { Workers } from '#src/orchestrator/workers.ts';
import { createAnalysisHandlers } from '#src/server/analysis-handlers.ts';
import type { Handlers } from '#src/server/api.ts';
import { createCostHandlers } from '#src/server/cost-handlers.ts';
import { createLogHandlers } from '#src/server/log-handlers.ts';
import { createRunHandlers } from '#src/server/run-handlers.ts';
import { createTalkHandlers, type TalkParts } from '#src/server/talk-handlers.ts';
import { listAccessTokens } from '#src/store/access-tokens.ts';
import { listBreakers } from '#src/store/breakers.ts';
import type { Database } from '#src/store/database.ts';
import { listEvidence } from '#src/store/evidence.ts';
import { listRunsOf, toRun } from '#src/store/runs.ts';
import { getTask, getTaskRow, listTasks } from '#src/store/tasks.ts';
import { insertTemplate, listTemplates, removeTemplate, updateTemplate } from '#src/store/templates.ts';
import type { DevServers } from '#src/workflows/dev-servers.ts';

export type HandlerParts = TalkParts & {
  database: Database;
  reader: LogReader;
  projects: Projects;
  trusts: Trusts;
  tasks: Tasks;
  analyses: Analyses;
  lifecycle: Lifecycle;
  merges: Merges;
  views: Views;
  timelines: Timelines;
  exports: RunExports;
  costs: CostDesk;
  host: Host;
  resources: ResourceView['resources'];
  devServers: Pick<DevServers, 'list' | 'request' | 'stop'>;
  createWorktree: (taskId: string, branchName?: string) => ReturnType<Handlers['createWorktree']>;
  removeWorktree: (taskId: string) => ReturnType<Handlers['removeWorktree']>;
  restoreWork: (taskId: string, file?: string) => ReturnType<Handlers['restoreWorktree']>;
  cleanUp: (dryRun: boolean) => Promise<Finding[]>;
  listSaved: () => Promise<SavedWork[]>;
  openArtifact: (taskId: string, name: string) => ReturnType<Handlers['getArtifact']>;
  verify: () => Promise<Verification>;
  workers: Workers;
};

export function createHandlers(parts: HandlerParts): Handlers {
  const { database, projects, tasks, lifecycle, merges, views, host } = parts;
  const { db } = database;
  return {
    addProject: ({ body }) => projects.add(body),
    listProjects: async () => ({ items: await projects.list() }),
    getProject: ({ params }) => projects.get(params.id),
    patchProject: ({ params, body }) => projects.patch(params.id, body),
    listBreakers: async () => ({ items: await listBreakers(db) }),
    closeBreaker: async ({ params }) => ({ closed: await projects.closeBreaker(params.id, params.agent) }),
    removeProject: async ({ params }) => {
      await projects.remove(params.id);
      return { removed: true };
    },
    createToken: ({ body }) => createAccessToken(db, body),
    listTokens: async () => ({ items: await listAccessTokens(db) }),
    revokeToken: async ({ params }) => {
      await revokeAccessToken(db, params.id);
      return { removed: true };
    },
    getTrust: ({ params }) => parts.trusts.show(params.id),
    trustProject: ({ params, body }) => parts.trusts.trust(params.id, body.hash),
    distrustProject: ({ params }) => parts.trusts.forget(params.id),

    createTask: ({ body }, { idempotencyKey }) => tasks.create(body, idempotencyKey),
    createTasks: async ({ body }, { idempotencyKey }) => ({
      items: await tasks.createBatch(body.projectId, body.tasks, idempotencyKey),
    }),
    listTasks: ({ query }) => listTasks(db, query),
    getTask: ({ params }) => getTask(db, params.id),
    patchTask: ({ params, body }) => tasks.patch(params.id, body),
    executeTask: async ({ params, body }) => {
      const { adwId } = await lifecycle.start(params.taskId, body);
      return { message: 'Workflow started', taskId: params.taskId, adwId };
    },
    cancelTask: ({ params }) => lifecycle.cancel(params.id),
    retryTask: ({ params, body }) => lifecycle.retry(params.id, body),
    skipTask: ({ params }) => lifecycle.skip(params.id),
    approveTask: ({ params }) => lifecycle.approve(params.id),
    requestChanges: ({ params, body }) => lifecycle.requestChanges(params.id, body.comments),
    mergeTask: ({ params }) => merges.merge(params.id),
    reworkTask: ({ params }) => merges.rework(params.id),
    pushTask: ({ params }) => merges.push(params.id),
    revertTask: ({ params }) => tasks.createRevert(params.id),
    listMergeQueue: async ({ query }) => ({ items: await merges.list(query.projectId) }),
    closeTask: ({ params }) => lifecycle.close(params.id),
    getPullRequest: ({ params }) => lifecycle.pullRequest(params.id),

    listRuns: async ({ params }) => {
      await getTaskRow(db, params.id);
      return { items: (await listRunsOf(db, [params.id])).map(toRun) };
    },
    getWhy: ({ params }) => views.why(params.id),
    getDiff: ({ params }) => views.diff(params.id),
    getEnvironment: ({ params }) => views.environment(params.id),
    listEvidence: async ({ params }) => {
      await getTaskRow(db, params.id);
      return { items: await listEvidence(db, params.id) };
    },
    getArtifact: ({ params }) => parts.openArtifact(params.id, params.name),
    listDevServers: async ({ params }) => ({ items: await parts.devServers.list(params.id) }),
    startDevServers: async ({ params, body }) => ({ items: await parts.devServers.request(params.id, body.names) }),
    stopDevServers: async ({ params, body }) => ({ items: await parts.devServers.stop(params.id, body.names) }),
    getGraph: ({ query }) => views.graph(query.projectId),
    ...createCostHandlers(parts.costs),
    ...createRunHandlers(parts.timelines, parts.exports),
    ...createTalkHandlers(database, parts),
    listTemplates: async () => ({ items: await listTemplates(db) }),
    createTemplate: ({ body }) => insertTemplate(db, body),
    patchTemplate: ({ params, body }) => updateTemplate(db, params.name, body.fields),
    removeTemplate: async ({ params }) => {
      await removeTemplate(db, params.name);
      return { removed: true };
    },

    ...createAnalysisHandlers(parts.analyses, parts.reader),
    ...createLogHandlers(database, parts.reader),

    createWorktree: ({ body }) => parts.createWorktree(body.taskId, body.branchName),
    listWorktrees: async () => ({ items: await host.worktrees() }),
    cleanWorktrees: async ({ body }) => ({ items: await parts.cleanUp(body.dryRun) }),
    removeWorktree: ({ params }) => parts.removeWorktree(params.taskId),
    restoreWorktree: ({ params, body }) => parts.restoreWork(params.taskId, body.file),
    listSaved: async () => ({ items: await parts.listSaved() }),
    getSystem: () => host.system(),
    listAgents: async () => ({ items: await host.agents() }),
    getResources: () => parts.resources(),
    verify: () => parts.verify(),
    listWorkers: async () => ({ items: await parts.workers.list() }),
    drainWorker: ({ params }) => parts.workers.drain(params.id),
  };
}
