/** Which role a request needs, by the row of the route that will answer it: known before its body is read. */
import type { Role } from '#src/domain/access-token.ts';
import type { RouteSpec } from '#src/domain/api/route.ts';
import { routes } from '#src/domain/api/routes.ts';

const rows = (Object.values(routes) as RouteSpec[]).map((spec) => ({
  method: spec.method.toUpperCase(),
  pattern: new RegExp(`^${spec.path.replaceAll('.', '\\.').replace(/\{\w+\}/g, '[^/]+')}$`),
  role: roleOf(spec),
}));

/** What no route says: who only reads looks, who changes something works. */
export function roleOf({ method, role }: Pick<RouteSpec, 'method' | 'role'>): Role {
  return role ?? (method === 'get' ? 'viewer' : 'operator');
}

/** Whether a row answers it; else it is a socket, the figures, or nothing at all. */
export const isRoute = (method: string, path: string): boolean => findRow(method, path) !== undefined;

const findRow = (method: string, path: string) => rows.find((one) => one.method === method && one.pattern.test(path));

/** Tools call routes with the caller's own token, which are looked at then. What is no route (a socket, the figures) is looked at. */
export function roleFor(method: string, path: string): Role {
  if (path === '/mcp') return 'viewer';
  return findRow(method, path)?.role ?? (method === 'GET' || method === 'HEAD' ? 'viewer' : 'admin');
}
