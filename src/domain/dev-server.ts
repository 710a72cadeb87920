/**
 * Dev servers: what `dev` of sentra.json starts for a task, what state each is in, and the name it has in a browser. The
 * first is `<task>.localhost`, every one of them `<name>.<task>.localhost`.
 */
import { z } from 'zod';
import type { ProjectConfig } from '#src/domain/project-config.ts';

/**
 * starting: its process runs and is not ready yet. unhealthy: it was ready and does not answer as it should. failed: it
 * was given up, `message` has its last lines.
 */
export const DevServerState = z.enum(['starting', 'ready', 'unhealthy', 'stopped', 'failed']);
export type DevServerState = z.infer<typeof DevServerState>;

export const DevServer = z
  .object({
    name: z.string(),
    /** Inside the task's rooms it is at http://localhost:<port>; null before the task has ports. */
    port: z.number().int().nullable(),
    state: DevServerState,
    /** Where a person who is logged in sees it; null while no process runs. */
    url: z.string().nullable(),
    /** Somebody asked for it: it stays when the run ends. */
    requested: z.boolean(),
    /** How often it was started again since it was last asked for. */
    restarts: z.number().int(),
    message: z.string().nullable(),
  })
  .meta({ id: 'DevServer' });
export type DevServer = z.infer<typeof DevServer>;

export const isUp = (state: DevServerState): boolean =>
  state === 'starting' || state === 'ready' || state === 'unhealthy';

/** The names of those that a run of this task starts by itself. */
export function devServersFor(
  task: { needsDevServer: boolean; labels: readonly string[] },
  dev: ProjectConfig['dev'],
): string[] {
  const isMarked = task.needsDevServer || task.labels.some((label) => /^(ui|e2e)$/i.test(label));
  return Object.entries(dev)
    .filter(([, { when }]) => when === 'always' || (when === 'ui' && isMarked))
    .map(([name]) => name);
}

/** Without the port: `<task>.localhost` for the first of the project's dev servers, else with its name before. */
export const devHost = (taskId: string, name: string, isFirst: boolean): string =>
  isFirst ? `${taskId}.localhost` : `${name}.${taskId}.localhost`;

const hostPattern = /^(?:([a-z0-9-]+)\.)?(task-[0-9a-z]{12})\.localhost$/;

/** The task, and the dev server where one is named, that a host name without port stands for. */
export function parseDevHost(host: string): { taskId: string; name: string | undefined } | undefined {
  const [, name, taskId] = hostPattern.exec(host.toLowerCase()) ?? [];
  return taskId ? { taskId, name } : undefined;
}
