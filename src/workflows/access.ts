/**
 * What a task's programs reach and are told while they run. Behind the wall they have no network but their own loopback, so
 * the task's own database is offered there: through a socket of ours, which leads to that database and to nothing else.
 */
import { rm } from 'node:fs/promises';
import path from 'node:path';
import { worktreeVariables } from '#src/environment/package-caches.ts';
import { makeSocketFolder } from '#src/sandbox/sockets.ts';
import { startDatabaseRelay } from '#src/store/database-relay.ts';
import { taskVariables } from '#src/workflows/environment.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { roomOf, type SetupFacts } from '#src/workflows/room.ts';
import { databaseInside } from '#src/workflows/task-database.ts';

export type Access = {
  env: Record<string, string>;
  /** For the room. */
  sockets: { port: number; socket: string }[];
  close(): Promise<void>;
};

export type AccessRequest = { adwId: string | null; facts: SetupFacts; worktreePath: string };

export async function openAccess(parts: Parts, { adwId, facts, worktreePath }: AccessRequest): Promise<Access> {
  const { homePath } = roomOf(parts, facts, worktreePath);
  const env = { ...worktreeVariables(homePath), ...(await taskVariables(parts, adwId, facts, worktreePath)) };
  const url = env.DATABASE_URL;
  if (url === undefined || !facts.confined) return { env, sockets: [], close: async () => {} };
  const folder = await makeSocketFolder();
  const relay = await startDatabaseRelay({ socketPath: path.join(folder, 'database.sock'), url });
  return {
    env: { ...env, DATABASE_URL: databaseInside.urlOf(url) },
    sockets: [{ port: databaseInside.port, socket: relay.socketPath }],
    close: async () => {
      await relay.close();
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** Open while `work` is at work. */
export async function withAccess<T>(
  parts: Parts,
  request: AccessRequest,
  work: (access: Access) => Promise<T>,
): Promise<T> {
  const access = await openAccess(parts, request);
  try {
    return await work(access);
  } finally {
    await access.close();
  }
}
