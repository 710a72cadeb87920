/** Every route of the HTTP API. The names are the contract's; adding is free, renaming is not. */
import { z } from 'zod';
import { accessRoutes } from '#src/domain/api/access-routes.ts';
import { analysisRoutes } from '#src/domain/api/analysis-routes.ts';
import { costRoutes } from '#src/domain/api/cost-routes.ts';
import { devServerRoutes } from '#src/domain/api/dev-server-routes.ts';
import { evidenceRoutes } from '#src/domain/api/evidence-routes.ts';
import { hostRoutes } from '#src/domain/api/host-routes.ts';
import { logRoutes } from '#src/domain/api/log-routes.ts';
import { mergeRoutes } from '#src/domain/api/merge-routes.ts';
import { items, route } from '#src/domain/api/route.ts';
import { runRoutes } from '#src/domain/api/run-routes.ts';
import { talkRoutes } from '#src/domain/api/talk-routes.ts';
import { trustRoutes } from '#src/domain/api/trust-routes.ts';
import { Breaker } from '#src/domain/breaker.ts';
import { AdwId, ProjectId, TaskId } from '#src/domain/ids.ts';
import { PhaseName, phaseNames } from '#src/domain/phase.ts';
import { NewProject, Project, ProjectPatch } from '#src/domain/project.ts';
import { Diff, NewComment, PullRequest } from '#src/domain/pull-request.ts';
import { Run } from '#src/domain/run.ts';
import { BatchTask, Priority, Task, TaskPatch, TaskRequest, TaskStatus, TaskType } from '#src/domain/task.ts';
import { TaskEnvironment } from '#src/domain/task-environment.ts';
import { Template, TemplatePatch } from '#src/domain/template.ts';
import { Why } from '#src/domain/why.ts';
import { WorkflowType } from '#src/domain/workflow.ts';

const projectParams = z.object({ id: ProjectId });
const taskParams = z.object({ id: TaskId });
const templateParams = z.object({ name: z.string().max(100) });
const taskIdParams = z.object({ taskId: TaskId });
const Removed = z.object({ removed: z.boolean() });

export const TaskQuery = z.object({
  projectId: ProjectId.optional(),
  status: TaskStatus.optional(),
  type: TaskType.optional(),
  priority: Priority.optional(),
  phase: PhaseName.optional(),
  q: z.string().max(200).optional(),
  limit: z.coerce.number().int().min(1).max(1000).default(200),
  cursor: z.string().max(200).optional(),
});
export type TaskQuery = z.infer<typeof TaskQuery>;

export const routes = {
  // Projects
  addProject: route({
    method: 'post',
    path: '/api/projects',
    summary: 'Register a repository by its path',
    role: 'admin',
    status: 201,
    body: NewProject,
    answer: Project,
  }),
  listProjects: route({
    method: 'get',
    path: '/api/projects',
    summary: 'All registered repositories',
    status: 200,
    answer: items(Project),
  }),
  getProject: route({
    method: 'get',
    path: '/api/projects/{id}',
    summary: 'One project',
    status: 200,
    params: projectParams,
    answer: Project,
  }),
  patchProject: route({
    method: 'patch',
    path: '/api/projects/{id}',
    summary: 'Change a project',
    status: 200,
    params: projectParams,
    body: ProjectPatch,
    answer: Project,
  }),
  listBreakers: route({
    method: 'get',
    path: '/api/breakers',
    summary: 'Agents of projects whose runs failed in a row: none starts, or one may try',
    status: 200,
    answer: items(Breaker),
  }),
  closeBreaker: route({
    method: 'post',
    path: '/api/projects/{id}/breakers/{agent}/close',
    summary: 'Let an agent start runs of a project again',
    status: 200,
    params: projectParams.extend({ agent: z.string().max(100) }),
    answer: z.object({ closed: z.boolean() }),
  }),
  removeProject: route({
    method: 'delete',
    path: '/api/projects/{id}',
    summary: 'Unregister a repository; its files stay',
    role: 'admin',
    status: 200,
    params: projectParams,
    answer: Removed,
  }),

  ...trustRoutes,
  ...analysisRoutes,

  // Tasks
  createTask: route({
    method: 'post',
    path: '/api/tasks',
    summary: 'Create a task; an Idempotency-Key header makes a repeat harmless',
    status: 201,
    body: TaskRequest,
    answer: Task,
  }),
  createTasks: route({
    method: 'post',
    path: '/api/tasks/batch',
    summary: 'Create a graph of tasks, all or nothing',
    status: 201,
    body: z.strictObject({ projectId: ProjectId, tasks: z.array(BatchTask).min(1).max(10_000) }),
    answer: z.object({ items: z.array(Task.extend({ key: z.string() })) }),
  }),
  listTasks: route({
    method: 'get',
    path: '/api/tasks',
    summary: 'Tasks, newest first',
    status: 200,
    query: TaskQuery,
    answer: items(Task),
  }),
  getTask: route({
    method: 'get',
    path: '/api/tasks/{id}',
    summary: 'One task',
    status: 200,
    params: taskParams,
    answer: Task,
  }),
  patchTask: route({
    method: 'patch',
    path: '/api/tasks/{id}',
    summary: 'Change a task',
    status: 200,
    params: taskParams,
    body: TaskPatch,
    answer: Task,
  }),
  executeTask: route({
    method: 'post',
    path: '/api/tasks/{taskId}/execute',
    summary: 'Start a workflow for a task; answers at once',
    status: 202,
    params: taskIdParams,
    body: z
      .strictObject({
        workflowType: WorkflowType.optional(),
        /** Phases before it are left out: CODE goes by the plan that there is. */
        fromPhase: z.preprocess((v) => (typeof v === 'string' ? v.toUpperCase() : v), z.enum(phaseNames)).optional(),
      })
      .default({}),
    answer: z.object({ message: z.string(), taskId: TaskId, adwId: AdwId }),
  }),
  cancelTask: route({
    method: 'post',
    path: '/api/tasks/{id}/cancel',
    summary: 'Stop a task and remove its worktree; work not merged is saved first',
    status: 200,
    params: taskParams,
    answer: Task,
  }),
  retryTask: route({
    method: 'post',
    path: '/api/tasks/{id}/retry',
    summary: 'Start again, from a phase where one is named, or behind the one that failed',
    status: 202,
    params: taskParams,
    body: z
      .strictObject({
        fromPhase: z.preprocess((v) => (typeof v === 'string' ? v.toUpperCase() : v), z.enum(phaseNames)).optional(),
        /** The phase that failed is left out of the run, and recorded as skipped. */
        skipFailed: z.boolean().optional(),
      })
      .refine(({ fromPhase, skipFailed }) => !(fromPhase && skipFailed), {
        error: 'goes with skipFailed no more: it begins behind the phase that failed',
        path: ['fromPhase'],
      })
      .default({}),
    answer: Task,
  }),
  skipTask: route({
    method: 'post',
    path: '/api/tasks/{id}/skip',
    summary: 'Give a task up; those that wait for it go on',
    status: 200,
    params: taskParams,
    answer: Task,
  }),
  approveTask: route({
    method: 'post',
    path: '/api/tasks/{id}/approve',
    summary: 'Approve its pull request',
    status: 200,
    params: taskParams,
    answer: Task,
  }),
  requestChanges: route({
    method: 'post',
    path: '/api/tasks/{id}/request-changes',
    summary: 'Send its pull request back to CODE with comments',
    status: 202,
    params: taskParams,
    body: z.strictObject({ comments: z.array(NewComment).min(1).max(200) }),
    answer: Task,
  }),
  ...mergeRoutes,
  closeTask: route({
    method: 'post',
    path: '/api/tasks/{id}/close',
    summary: 'Close its pull request without merging',
    status: 200,
    params: taskParams,
    answer: Task,
  }),
  listRuns: route({
    method: 'get',
    path: '/api/tasks/{id}/runs',
    summary: 'Its runs, newest first, each with its phase attempts',
    status: 200,
    params: taskParams,
    answer: items(Run),
  }),
  ...runRoutes,
  getWhy: route({
    method: 'get',
    path: '/api/tasks/{id}/why',
    summary: 'Why it is not running, or has stopped',
    status: 200,
    params: taskParams,
    answer: Why,
  }),
  getDiff: route({
    method: 'get',
    path: '/api/tasks/{id}/diff',
    summary: 'What its branch changes',
    status: 200,
    params: taskParams,
    answer: Diff,
  }),
  ...evidenceRoutes,
  ...talkRoutes,
  getEnvironment: route({
    method: 'get',
    path: '/api/tasks/{id}/environment',
    summary: 'Its ports and those of other tasks of the project, the steps of its set-up, its own database',
    status: 200,
    params: taskParams,
    answer: TaskEnvironment,
  }),
  getPullRequest: route({
    method: 'get',
    path: '/api/tasks/{id}/pull-request',
    summary: 'Its pull request with comments',
    status: 200,
    params: taskParams,
    answer: PullRequest,
  }),
  ...devServerRoutes,
  ...costRoutes,
  getGraph: route({
    method: 'get',
    path: '/api/graph',
    summary: "A project's dependency graph",
    status: 200,
    query: z.object({ projectId: ProjectId }),
    answer: z.object({
      nodes: z.array(Task.pick({ id: true, title: true, status: true, phase: true, priority: true })),
      edges: z.array(z.object({ from: TaskId, to: TaskId })),
    }),
  }),

  // Templates
  listTemplates: route({
    method: 'get',
    path: '/api/templates',
    summary: 'What new tasks can be filled from',
    status: 200,
    answer: items(Template),
  }),
  createTemplate: route({
    method: 'post',
    path: '/api/templates',
    summary: 'Keep a template under a new name',
    status: 201,
    body: Template,
    answer: Template,
  }),
  patchTemplate: route({
    method: 'patch',
    path: '/api/templates/{name}',
    summary: 'Replace what a template fills in',
    status: 200,
    params: templateParams,
    body: TemplatePatch,
    answer: Template,
  }),
  removeTemplate: route({
    method: 'delete',
    path: '/api/templates/{name}',
    summary: 'Remove a template; tasks made from it stay',
    status: 200,
    params: templateParams,
    answer: Removed,
  }),

  // Logs
  ...logRoutes,

  ...hostRoutes,

  ...accessRoutes,
} as const;

export type Routes = typeof routes;
export type RouteName = keyof Routes;
