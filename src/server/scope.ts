/**
 * What a token that is for some projects reaches: what is about one of them, and nothing that is about all of Sentra. A task or a
 * project of others is as one that there is not. Routes say by their parameters what they are about, so a new one is not open by accident.
 */
import type { Context } from 'hono';
import type { RouteSpec } from '#src/domain/api/route.ts';
import { routes } from '#src/domain/api/routes.ts';
import type { Event } from '#src/domain/event.ts';
import { SentraError } from '#src/errors.ts';
import type { Handlers } from '#src/server/api.ts';

/** Ids of projects. */
export type Scope = readonly string[];

declare module 'hono' {
  interface ContextVariableMap {
    /** Null: all projects. */
    scope: Scope | null;
  }
}

/** Doors beside the routes that look at the scope themselves, or lead to those that do. */
const looking = /^\/(mcp|openapi\.json|api\/events|api\/streams|logs\/[^/]+)$/;

/** Before anything else is looked at. */
export function checkDoor(c: Context, scope: Scope | null, isRoute: boolean): void {
  c.set('scope', scope);
  if (scope && !isRoute && !looking.test(c.req.path)) throw aboutAll(scope, `${c.req.method} ${c.req.path}`);
}

/** What a request says, parsed. */
export type Input = Partial<Record<'params' | 'query' | 'body', Record<string, unknown> | undefined>>;
type Tasks = Pick<Handlers, 'getTask'>;
type Found = Tasks & Pick<Handlers, 'getAnalysis'>;

/** Throws unless the request is about a project of the scope; a list that may name its project and does not is given the only one. */
export async function holdToScope(spec: RouteSpec, input: Input, { scope, tasks }: { scope: Scope; tasks: Found }) {
  if (spec.path === routes.listProjects.path && spec.method === 'get') return; // its answer is cut
  const [onlyProject] = scope.length === 1 ? scope : [];
  const isOpen = input.query?.projectId === undefined && input.query?.taskId === undefined;
  if (spec.query?.shape.projectId && isOpen && onlyProject !== undefined)
    input.query = { ...input.query, projectId: onlyProject };
  const { projectIds, taskIds, analysisIds } = aboutWhat(spec, input);
  if (!projectIds.length && !taskIds.length && !analysisIds.length)
    throw aboutAll(scope, `${spec.method.toUpperCase()} ${spec.path}`);
  for (const id of projectIds) if (!scope.includes(id)) throw absent('project', id, scope);
  for (const id of taskIds) await getOwnTask(tasks, id, scope);
  for (const id of analysisIds) {
    const projectId = await projectOrAbsent(async () => (await tasks.getAnalysis({ params: { id } }, {})).projectId);
    if (!scope.includes(projectId ?? '')) throw absent('analysis', id, scope);
  }
}

/** Throws for one that there is not, and for one of another project. */
export async function getOwnTask(tasks: Tasks, id: string, scope: Scope | null): Promise<void> {
  if (!scope) await tasks.getTask({ params: { id } }, {});
  else if (!scope.includes((await findProjectOf(tasks, id)) ?? '')) throw absent('task', id, scope);
}

/** What is answered, without what is of others: a list of projects has all, and a used Idempotency-Key finds what it was used for. */
export function cutToScope(spec: RouteSpec, answer: object, scope: Scope): object {
  const isOwn = (item: object) => {
    const { id, projectId } = item as { id?: string; projectId?: unknown };
    if (spec.path === routes.listProjects.path) return scope.includes(id ?? '');
    return typeof projectId !== 'string' || scope.includes(projectId);
  };
  if ('items' in answer) return { ...answer, items: (answer.items as object[]).filter(isOwn) };
  if (isOwn(answer)) return answer;
  throw new SentraError('conflict', 'This Idempotency-Key was used before in another project; take a new one.');
}

/** Of what happened what is about these projects. An event of a task that is gone is left out. */
export function eventsWithin(
  tasks: Tasks,
  scope: Scope | null,
): (events: readonly Event[]) => Promise<readonly Event[]> {
  if (!scope) return async (events) => events;
  const known = new Map<string, string | undefined>();
  const projectOf = async ({ projectId, taskId }: Event) => {
    if (projectId !== null || taskId === null) return projectId;
    if (!known.has(taskId)) known.set(taskId, await findProjectOf(tasks, taskId));
    return known.get(taskId) ?? null;
  };
  return async (events) => {
    const own: Event[] = [];
    for (const event of events) if (scope.includes((await projectOf(event)) ?? '')) own.push(event);
    return own;
  };
}

function aboutWhat({ path }: RouteSpec, { params, query, body }: Input) {
  const fields = [query, body].flatMap((part) => (part && typeof part === 'object' ? [part] : []));
  const id = params?.id;
  const texts = (values: unknown[]) => values.filter((value): value is string => typeof value === 'string');
  return {
    projectIds: texts([...(path.startsWith('/api/projects/') ? [id] : []), ...fields.map((part) => part.projectId)]),
    analysisIds: texts([path.startsWith('/api/analyses/') ? id : undefined]),
    taskIds: texts([
      ...(path.startsWith('/api/tasks/') ? [id] : []),
      params?.taskId,
      ...fields.map((part) => part.taskId),
    ]),
  };
}

const findProjectOf = (tasks: Tasks, id: string): Promise<string | undefined> =>
  projectOrAbsent(async () => (await tasks.getTask({ params: { id } }, {})).projectId);

async function projectOrAbsent(ask: () => Promise<string>): Promise<string | undefined> {
  try {
    return await ask();
  } catch (e) {
    if (e instanceof SentraError && e.code === 'not_found') return undefined;
    throw e;
  }
}

const absent = (what: 'project' | 'task' | 'analysis', id: string, scope: Scope) =>
  new SentraError('not_found', `There is no ${what} ${id} in what this token is for (${scope.join(', ')}).`);

const aboutAll = (scope: Scope, what: string) =>
  new SentraError(
    'forbidden',
    `This token is for ${scope.join(', ')}, and ${what} is about more than that: name a project (projectId) where it takes one, or use a token for all projects.`,
  );
