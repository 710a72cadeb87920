/** The addresses of the page. What a person has chosen (project, tab, filter, line) is in the address. */
import { createRootRoute, createRoute, createRouter, lazyRouteComponent, Outlet } from '@tanstack/react-router';
import { z } from 'zod';
import { costGroupings } from '#src/domain/cost.ts';
import { NotFound } from './components/not-found.tsx';
import { PageError } from './components/page-error.tsx';
import { Shell } from './components/shell.tsx';
import { LogChoice } from './log-choice.ts';
import { BoardPage } from './pages/board.tsx';
import { LoginPage } from './pages/login.tsx';
import { resourceColumns } from './resources.ts';

const text = z.coerce.string().optional().catch(undefined);

const ShellSearch = z.object({ project: text });
const BoardSearch = z.object({ q: text, type: text, priority: text, agent: text, column: text });

export const taskTabs = ['details', 'progress', 'logs', 'branch'] as const;
export type TaskTab = (typeof taskTabs)[number];
const TaskSearch = z.object({
  tab: z.enum(taskTabs).optional().catch(undefined),
  ...LogChoice.shape,
  file: text,
  view: z.enum(['story', 'timeline', 'sessions', 'hooks']).optional().catch(undefined),
  run: text,
});

const TableSearch = BoardSearch.omit({ column: true }).extend({ sort: text });
const GraphSearch = z.object({ task: text, done: z.boolean().optional().catch(undefined) });

/** `task`: the key of a proposed one. */
const AnalysisSearch = z.object({ task: text });

const ResourcesSearch = z.object({ sort: z.enum(resourceColumns).optional().catch(undefined) });

const CostsSearch = z.object({
  by: z.enum(costGroupings).optional().catch(undefined),
  span: z.enum(['day', 'week', 'month', 'all']).optional().catch(undefined),
});

const root = createRootRoute({ component: Outlet, notFoundComponent: NotFound });
const login = createRoute({ getParentRoute: () => root, path: '/login', component: LoginPage });
const shell = createRoute({
  getParentRoute: () => root,
  id: 'shell',
  validateSearch: (raw: Record<string, unknown>): { project?: string } => ShellSearch.parse(raw),
  component: Shell,
});
const board = createRoute({
  getParentRoute: () => shell,
  path: '/',
  validateSearch: (raw: Record<string, unknown>): Partial<z.infer<typeof BoardSearch>> => BoardSearch.parse(raw),
  component: BoardPage,
});
const task = createRoute({
  getParentRoute: () => shell,
  path: '/tasks/$id',
  validateSearch: (raw: Record<string, unknown>): Partial<z.infer<typeof TaskSearch>> => TaskSearch.parse(raw),
  component: lazyRouteComponent(() => import('./pages/task.tsx'), 'TaskPage'),
});
const logs = createRoute({
  getParentRoute: () => shell,
  path: '/tasks/$id/logs',
  validateSearch: (raw: Record<string, unknown>): LogChoice => LogChoice.parse(raw),
  component: lazyRouteComponent(() => import('./pages/logs.tsx'), 'LogsPage'),
});
const home = createRoute({
  getParentRoute: () => shell,
  path: '/home',
  component: lazyRouteComponent(() => import('./pages/home.tsx'), 'HomePage'),
});
const table = createRoute({
  getParentRoute: () => shell,
  path: '/table',
  validateSearch: (raw: Record<string, unknown>): Partial<z.infer<typeof TableSearch>> => TableSearch.parse(raw),
  component: lazyRouteComponent(() => import('./pages/table.tsx'), 'TablePage'),
});
const graph = createRoute({
  getParentRoute: () => shell,
  path: '/graph',
  validateSearch: (raw: Record<string, unknown>): Partial<z.infer<typeof GraphSearch>> => GraphSearch.parse(raw),
  component: lazyRouteComponent(() => import('./pages/graph.tsx'), 'GraphPage'),
});
const analyst = createRoute({
  getParentRoute: () => shell,
  path: '/analyst',
  component: lazyRouteComponent(() => import('./pages/analyst.tsx'), 'AnalystPage'),
});
const analysis = createRoute({
  getParentRoute: () => shell,
  path: '/analyst/$id',
  validateSearch: (raw: Record<string, unknown>): Partial<z.infer<typeof AnalysisSearch>> => AnalysisSearch.parse(raw),
  component: lazyRouteComponent(() => import('./pages/analysis.tsx'), 'AnalysisPage'),
});
const resources = createRoute({
  getParentRoute: () => shell,
  path: '/resources',
  validateSearch: (raw: Record<string, unknown>): Partial<z.infer<typeof ResourcesSearch>> =>
    ResourcesSearch.parse(raw),
  component: lazyRouteComponent(() => import('./pages/resources.tsx'), 'ResourcesPage'),
});
const costs = createRoute({
  getParentRoute: () => shell,
  path: '/costs',
  validateSearch: (raw: Record<string, unknown>): Partial<z.infer<typeof CostsSearch>> => CostsSearch.parse(raw),
  component: lazyRouteComponent(() => import('./pages/costs.tsx'), 'CostsPage'),
});
const merges = createRoute({
  getParentRoute: () => shell,
  path: '/merges',
  component: lazyRouteComponent(() => import('./pages/merges.tsx'), 'MergesPage'),
});
const settings = createRoute({
  getParentRoute: () => shell,
  path: '/settings',
  component: lazyRouteComponent(() => import('./pages/settings.tsx'), 'SettingsPage'),
});

export const router = createRouter({
  routeTree: root.addChildren([
    login,
    shell.addChildren([home, board, task, logs, table, graph, analyst, analysis, merges, resources, costs, settings]),
  ]),
  defaultPreload: 'intent',
  defaultErrorComponent: PageError,
});

declare module '@tanstack/react-router' {
  interface Register {
    router: typeof router;
  }
}
