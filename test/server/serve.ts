import { routes } from '#src/domain/api/routes.ts';
import { newProjectId, newTaskId } from '#src/domain/ids.ts';
import type { LogLine } from '#src/domain/log.ts';
import type { Task } from '#src/domain/task.ts';
import { SentraError } from '#src/errors.ts';
import type { Handlers } from '#src/server/api.ts';
import { type RunningServer, type ServerParts, startServer } from '#src/server/server.ts';

export const token = 'a-token-of-the-tests';
export const taskId = newTaskId();
export const projectId = newProjectId();

export const task = { id: taskId, projectId, title: 'one' } as Task;
export const line = (seq: number): LogLine => ({
  seq,
  taskId,
  adwId: null,
  phase: null,
  level: 'info',
  message: `line ${seq}`,
  metadata: {},
  timestamp: '2026-01-01T00:00:00.000Z',
});

/** A server with the given handlers; every other one says that it must not be reached. Calls are kept. */
export async function serve(
  own: Partial<Handlers> = {},
  parts: Partial<ServerParts> = {},
): Promise<RunningServer & { calls: string[] }> {
  const calls: string[] = [];
  const handlers = Object.fromEntries(
    (Object.keys(routes) as (keyof Handlers)[]).map((name) => [
      name,
      async (input: never, context: never) => {
        calls.push(name);
        const handler = own[name] as ((input: never, context: never) => Promise<unknown>) | undefined;
        if (!handler) throw new SentraError('bug', `${name} is not part of this test`);
        return handler(input, context);
      },
    ]),
  ) as Handlers;
  const until = (signal: AbortSignal) => new Promise<void>((done) => signal.addEventListener('abort', () => done()));
  const server = await startServer({
    handlers,
    auth: { token },
    host: '127.0.0.1',
    port: 0,
    version: '0.0.0',
    logStream: async ({ send, signal }) => {
      await send([line(1)]);
      await until(signal);
    },
    eventStream: async ({ signal }) => until(signal),
    devServers: { open: async () => ({}) },
    ...parts,
  });
  return { ...server, calls };
}

export const bearer = { authorization: `Bearer ${token}` };
