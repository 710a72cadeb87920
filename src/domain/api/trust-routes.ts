/** The routes of what a repository brings for agents, and whether it is trusted. */
import { z } from 'zod';
import { route } from '#src/domain/api/route.ts';
import { ProjectId } from '#src/domain/ids.ts';
import { Trust } from '#src/domain/trust.ts';

const params = z.object({ id: ProjectId });

export const trustRoutes = {
  getTrust: route({
    method: 'get',
    path: '/api/projects/{id}/trust',
    summary:
      'Settings, hooks, MCP servers and instructions that the repository brings for agents, and what changed since they were trusted',
    status: 200,
    params,
    answer: Trust,
  }),
  trustProject: route({
    method: 'post',
    path: '/api/projects/{id}/trust',
    summary: 'Let agents load exactly this content, in their rooms',
    role: 'admin',
    status: 200,
    params,
    body: z.strictObject({ hash: z.string().regex(/^[0-9a-f]{64}$/, 'is the hash that GET answers') }),
    answer: Trust,
  }),
  distrustProject: route({
    method: 'delete',
    path: '/api/projects/{id}/trust',
    summary: 'Take all trust in the repository back',
    role: 'admin',
    status: 200,
    params,
    answer: Trust,
  }),
};
