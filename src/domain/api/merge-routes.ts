/** The routes of merging. */
import { z } from 'zod';
import { route } from '#src/domain/api/route.ts';
import { ProjectId, TaskId } from '#src/domain/ids.ts';
import { MergeEntry } from '#src/domain/merge-queue.ts';
import { Task } from '#src/domain/task.ts';

const params = z.object({ id: TaskId });

export const mergeRoutes = {
  mergeTask: route({
    method: 'post',
    path: '/api/tasks/{id}/merge',
    summary:
      "Put its pull request into the project's merge queue; answers once it is merged or refused, or after a minute, while it still waits",
    status: 200,
    params,
    answer: Task,
  }),
  reworkTask: route({
    method: 'post',
    path: '/api/tasks/{id}/rework',
    summary: 'Let an agent work the newest base into its branch: conflicts, and what is red together',
    status: 202,
    params,
    answer: Task,
  }),
  pushTask: route({
    method: 'post',
    path: '/api/tasks/{id}/push',
    summary:
      'Push its branch and open its pull request again, over what somebody else did there; that is kept in a branch here',
    status: 200,
    params,
    answer: Task,
  }),
  revertTask: route({
    method: 'post',
    path: '/api/tasks/{id}/revert',
    summary: 'Make and start a task that takes its merged work out again; the same task when asked again',
    status: 201,
    params,
    answer: Task,
  }),
  listMergeQueue: route({
    method: 'get',
    path: '/api/merge-queue',
    summary: 'What merges next in a project, in its order, then what was refused',
    status: 200,
    query: z.object({ projectId: ProjectId }),
    answer: z.object({ items: z.array(MergeEntry) }),
  }),
};
