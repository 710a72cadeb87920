import type { RouteAnswer, RouteParsed, RouteSpec } from '#src/domain/api/route.ts';
import { type RouteName, type Routes, routes } from '#src/domain/api/routes.ts';
import type { Project } from '#src/domain/project.ts';
import type { Task } from '#src/domain/task.ts';
import { httpStatus, SentraError } from '#src/errors.ts';

export type Handlers = { [N in RouteName]?: (input: RouteParsed<Routes[N]>) => RouteAnswer<Routes[N]> };

/**
 * The HTTP API over functions of a test: requests are parsed and answers checked by the schemas of the contract, so that
 * a client cannot send, nor a test answer, what the real server would not.
 */
export function contractApi(handlers: Handlers, token = 'secret') {
  return async (request: Request): Promise<Response> => {
    const url = new URL(request.url);
    try {
      if (request.headers.get('authorization') !== `Bearer ${token}`)
        throw new SentraError('unauthorized', 'The token is wrong.');
      const { name, spec, params } = match(request.method, url.pathname);
      const handler = handlers[name] as ((input: object) => unknown) | undefined;
      if (!handler) throw new SentraError('not_found', `this test has no ${name}`);
      const text = await request.text();
      const answer = handler({
        params: spec.params?.parse(params),
        query: spec.query?.parse(Object.fromEntries(url.searchParams)),
        body: spec.body?.parse(text ? JSON.parse(text) : undefined),
      });
      return Response.json(spec.answer.parse(answer), { status: spec.status });
    } catch (error) {
      const failure = error instanceof SentraError ? error : new SentraError('invalid', String(error));
      return Response.json({ error: failure.toFailure() }, { status: httpStatus(failure.code) });
    }
  };
}

function match(method: string, path: string): { name: RouteName; spec: RouteSpec; params: Record<string, string> } {
  for (const [name, spec] of Object.entries(routes) as [RouteName, RouteSpec][]) {
    const pattern = new RegExp(`^${spec.path.replace(/\{(\w+)\}/g, '(?<$1>[^/]+)')}$`);
    const found = spec.method === method.toLowerCase() ? pattern.exec(path) : null;
    if (found) return { name, spec, params: { ...found.groups } };
  }
  throw new SentraError('not_found', `${method} ${path} is no route`);
}

export const aProject = (change: Partial<Project> = {}): Project => ({
  id: 'proj-000000000001',
  name: 'shop',
  path: '/code/shop',
  baseBranch: 'main',
  gitDir: '/code/shop/.git',
  remote: null,
  paused: false,
  problem: null,
  createdAt: '2026-01-01T00:00:00.000Z',
  counts: {},
  ...change,
});

export const aTask = (change: Partial<Task> = {}): Task => ({
  id: 'task-aaaa00000001',
  projectId: 'proj-000000000001',
  title: 'Sort the list',
  description: '',
  type: 'feature',
  priority: 'medium',
  status: 'pending',
  phase: null,
  dependencies: [],
  conflictsWith: [],
  reverts: null,
  assignedTo: null,
  workflowType: 'full_sdlc',
  agent: null,
  model: null,
  effort: null,
  autoStart: false,
  merge: null,
  noChangesExpected: false,
  needsDevServer: false,
  labels: [],
  branchName: null,
  worktreePath: null,
  ports: {},
  devServers: [],
  waitsFor: null,
  isolation: null,
  adwId: null,
  pullRequest: null,
  phases: [],
  error: null,
  notice: null,
  costUsd: null,
  knownCostUsd: 0,
  tokens: 0,
  createdAt: '2026-01-01T00:00:00.000Z',
  startedAt: null,
  completedAt: null,
  ...change,
});
