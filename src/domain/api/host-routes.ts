/** The routes of worktrees, workers and hosts. */
import { z } from 'zod';
import { AgentInfo } from '#src/domain/agent-info.ts';
import { items, route } from '#src/domain/api/route.ts';
import { Finding, SavedWork } from '#src/domain/clean-up.ts';
import { TaskId } from '#src/domain/ids.ts';
import { Resources } from '#src/domain/resources.ts';
import { System, WorktreeInfo } from '#src/domain/system.ts';
import { Verification } from '#src/domain/verification.ts';
import { Worker } from '#src/domain/worker.ts';

const taskIdParams = z.object({ taskId: TaskId });

export const hostRoutes = {
  createWorktree: route({
    method: 'post',
    path: '/api/worktrees',
    summary: "Create a task's worktree ahead of its run",
    status: 201,
    body: z.strictObject({ taskId: TaskId, branchName: z.string().min(1).max(200).optional() }),
    answer: z.object({
      taskId: TaskId,
      path: z.string(),
      branchName: z.string(),
      ports: z.record(z.string(), z.number().int()),
    }),
  }),
  listWorktrees: route({
    method: 'get',
    path: '/api/worktrees',
    summary: 'Worktrees on this host and why they exist',
    status: 200,
    answer: items(WorktreeInfo),
  }),
  cleanWorktrees: route({
    method: 'post',
    path: '/api/worktrees/clean',
    summary: 'Clean up what nobody needs any more; work that is not merged is saved first. A dry run only lists it',
    status: 200,
    body: z.strictObject({ dryRun: z.boolean().default(false) }).default({ dryRun: false }),
    answer: items(Finding),
  }),
  removeWorktree: route({
    method: 'post',
    path: '/api/worktrees/{taskId}/remove',
    summary: 'Remove the worktree of a task that has no run; work that is not merged is saved first',
    status: 200,
    params: taskIdParams,
    answer: z.object({ taskId: TaskId, path: z.string(), saved: z.string().nullable() }),
  }),
  restoreWorktree: route({
    method: 'post',
    path: '/api/worktrees/{taskId}/restore',
    summary: "Bring saved work back into the task's worktree, the newest unless a file is named",
    status: 200,
    params: taskIdParams,
    body: z.strictObject({ file: z.string().min(1).max(1000).optional() }).default({}),
    answer: z.object({
      taskId: TaskId,
      path: z.string(),
      branchName: z.string(),
      restored: z.string(),
      files: z.array(z.string()),
    }),
  }),
  listSaved: route({
    method: 'get',
    path: '/api/saved',
    summary: 'Work that was saved before a worktree was removed, newest first',
    status: 200,
    answer: items(SavedWork),
  }),
  getResources: route({
    method: 'get',
    path: '/api/resources',
    summary: 'What tasks cost this host, and what Sentra itself takes',
    status: 200,
    answer: Resources,
  }),
  getSystem: route({
    method: 'get',
    path: '/api/system',
    summary: 'The host and this server',
    status: 200,
    answer: System,
  }),
  listAgents: route({
    method: 'get',
    path: '/api/agents',
    summary: 'Every agent that tasks may name: what is installed and logged in here, and what it can do',
    status: 200,
    answer: items(AgentInfo),
  }),
  listWorkers: route({
    method: 'get',
    path: '/api/workers',
    summary: 'The processes that execute runs',
    status: 200,
    answer: items(Worker),
  }),
  drainWorker: route({
    method: 'post',
    path: '/api/workers/{id}/drain',
    summary: 'Let a worker finish what it has and take nothing more',
    role: 'admin',
    status: 200,
    params: z.object({ id: z.string().max(100) }),
    answer: Worker,
  }),
  verify: route({
    method: 'get',
    path: '/api/verify',
    summary: 'Whether rows, jobs, commits, pull requests, lines, processes and worktrees agree, whatever died before',
    status: 200,
    answer: Verification,
  }),
} as const;
