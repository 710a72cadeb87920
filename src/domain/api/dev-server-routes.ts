/** The routes of dev servers. */
import { z } from 'zod';
import { route } from '#src/domain/api/route.ts';
import { DevServer } from '#src/domain/dev-server.ts';
import { TaskId } from '#src/domain/ids.ts';

const params = z.object({ id: TaskId });
const body = z.strictObject({ names: z.array(z.string().max(32)).max(20).optional() }).default({});
const answer = z.object({ items: z.array(DevServer) });

export const devServerRoutes = {
  listDevServers: route({
    method: 'get',
    path: '/api/tasks/{id}/dev-servers',
    summary: 'Its dev servers: those at work, and those that its project defines',
    status: 200,
    params,
    answer,
  }),
  startDevServers: route({
    method: 'post',
    path: '/api/tasks/{id}/dev-servers',
    summary:
      'Start its dev servers, all unless names are given; they stay until they are stopped or nobody looks at them',
    status: 202,
    params,
    body,
    answer,
  }),
  stopDevServers: route({
    method: 'post',
    path: '/api/tasks/{id}/dev-servers/stop',
    summary: 'Stop its dev servers, all unless names are given',
    status: 200,
    params,
    body,
    answer,
  }),
  createDevServerLink: route({
    method: 'post',
    path: '/api/tasks/{id}/dev-servers/{name}/links',
    summary: 'A one-time link that shows a dev server in a browser, good for a minute',
    status: 201,
    params: params.extend({ name: z.string().max(32) }),
    answer: z.object({ url: z.string(), expiresAt: z.string() }),
  }),
} as const;
