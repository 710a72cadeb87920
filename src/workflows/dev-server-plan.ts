/** What a task's dev servers are started with: its project's `dev`, its worktree, its ports. */
import { devHost } from '#src/domain/dev-server.ts';
import type { ProjectConfig } from '#src/domain/project-config.ts';
import { connectDoor, connectLoopback } from '#src/environment/dev-door.ts';
import { type DevServerSpec, defaultLimits } from '#src/environment/dev-server.ts';
import { isPortFree } from '#src/environment/ports.ts';
import { SentraError } from '#src/errors.ts';
import type { Queryable } from '#src/store/database.ts';
import { getProjectRow } from '#src/store/projects.ts';
import { getTask } from '#src/store/tasks.ts';
import { findWorktree } from '#src/store/worktrees.ts';
import { withAccess } from '#src/workflows/access.ts';
import { taskVariables } from '#src/workflows/environment.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { readProjectConfig } from '#src/workflows/project-settings.ts';
import { readSetupFacts, runnerFor, type SetupFacts } from '#src/workflows/room.ts';

export type DevPlan = {
  facts: SetupFacts;
  dev: ProjectConfig['dev'];
  worktreePath: string;
  ports: Record<string, number>;
};

/** Throws `not_allowed` where the project has no dev servers or the task no worktree that is ready. */
export async function planDevServers(parts: Parts, taskId: string): Promise<DevPlan> {
  const { db } = parts.database;
  const facts = await readSetupFacts(parts, taskId);
  const { config } = facts;
  if (Object.keys(config.dev).length === 0)
    throw new SentraError(
      'not_allowed',
      `${facts.project.path} has no dev servers: say under "dev" in its sentra.json how one is started.`,
    );
  const worktree = await findWorktree(db, taskId);
  if (worktree?.state !== 'ready')
    throw new SentraError(
      'not_allowed',
      `${taskId} has no worktree that is ready, so there is nothing to serve. Start the task, or wait until its set-up is done.`,
    );
  await taskVariables(parts, null, facts, worktree.path); // another program may have taken a port meanwhile
  const { ports } = await getTask(db, taskId);
  return { facts, dev: config.dev, worktreePath: worktree.path, ports };
}

/** What the project defines, whether or not it can be started now; nothing where its sentra.json is wrong. */
export async function listDefined(db: Queryable, taskId: string): Promise<Pick<DevPlan, 'dev' | 'ports'>> {
  const { projectId, ports } = await getTask(db, taskId);
  const project = await getProjectRow(db, projectId);
  try {
    return { dev: readProjectConfig(project).dev, ports };
  } catch {
    return { dev: {}, ports }; // told on the project itself
  }
}

/** The names asked for; all of them when none is. Throws `not_found` for a name that sentra.json does not have. */
export function chooseNames(dev: ProjectConfig['dev'], names: readonly string[] | undefined): string[] {
  const known = Object.keys(dev);
  const unknown = names?.find((name) => !known.includes(name));
  if (unknown === undefined) return names?.length ? [...new Set(names)] : known;
  throw new SentraError('not_found', `sentra.json has no dev server ${unknown}; it has ${known.join(', ')}.`);
}

type Place = { adwId: string | null /** The folder of the task's sockets. */; doors: string };

export function specFor(parts: Parts, plan: DevPlan, name: string, { adwId, doors }: Place): DevServerSpec {
  const { facts, dev, ports, worktreePath } = plan;
  const own = dev[name];
  const port = own && ports[own.port];
  if (!own || port === undefined)
    throw new SentraError('not_allowed', `${name} has no port in this worktree yet: retry the task, which leases it.`);
  const others = Object.values(dev).flatMap((other) => ports[other.port] ?? []);
  const reaches = others.filter((other) => other !== port);
  return {
    command: own.command,
    runner: {
      run: (command, options) =>
        withAccess(parts, { adwId, facts, worktreePath }, ({ env, sockets }) => {
          const way = facts.confined ? { doors: { folder: doors, serves: port, reaches } } : {};
          const runner = runnerFor(parts, facts, worktreePath, { sockets, ...way });
          return runner.run(command, { ...options, env: { ...env, ...options.env } });
        }),
    },
    env: { BROWSER: 'none', PORT: `${port}` },
    port,
    portName: own.port,
    ready: own.ready,
    readyMs: own.readySeconds * 1000,
    connect: () => (facts.confined ? connectDoor(doors, port) : connectLoopback(port)),
    ...(facts.confined ? {} : { isPortFree: () => isPortFree(port) }),
    limits: defaultLimits,
  };
}

/** Where a person sees it. */
export const urlOf = (plan: DevPlan, name: string, serverPort: number): string =>
  `http://${devHost(plan.facts.taskId, name, Object.keys(plan.dev)[0] === name)}:${serverPort}/`;
