/** What tells a task's programs who they are: leased ports, copied files, env files. */
import { copyUntracked } from '#src/environment/copy-untracked.ts';
import { writeEnvFiles } from '#src/environment/env-files.ts';
import { leasePorts } from '#src/environment/ports.ts';
import { excludeLocally } from '#src/git/repository.ts';
import type { Database } from '#src/store/database.ts';
import { findLease, listTakenPorts, namePorts, releaseLease, takeLease } from '#src/store/port-leases.ts';
import { addCopied } from '#src/store/worktrees.ts';
import type { Parts } from '#src/workflows/parts.ts';
import type { SetupFacts } from '#src/workflows/room.ts';

export async function writeEnvironment(
  parts: Parts,
  adwId: string | null,
  facts: SetupFacts,
  worktreePath: string,
): Promise<{ ports: Record<string, number>; copied: string[] }> {
  const { taskId, config, project } = facts;
  const { db } = parts.database;
  const ports = await leasePorts({
    taskId,
    names: config.ports,
    strategy: config.portStrategy,
    leases: leasesOver(db),
  });
  await namePorts(db, taskId, ports);
  const found = await copyUntracked({
    repositoryPath: project.path,
    worktreePath,
    patterns: config.setup.copy,
  });
  if (found.length)
    await excludeLocally(
      project,
      found.map((file) => `/${file.replace(/[\\*?[\]!# ]/g, '\\$&')}`),
    );
  const copied = await addCopied(db, taskId, found);
  await writeEnvFiles({
    worktreePath,
    taskId,
    adwId: adwId ?? '',
    ports,
    ...(config.database ? { databaseUrl: config.database.url } : {}),
  });
  return { ports, copied };
}

const leasesOver = (db: Database['db']) => ({
  find: (taskId: string) => findLease(db, taskId),
  take: (taskId: string, firstPort: number) => takeLease(db, taskId, firstPort),
  taken: () => listTakenPorts(db),
  release: (taskId: string) => releaseLease(db, taskId),
});

/** Ports as variables of an environment. */
export const portVariables = (ports: Readonly<Record<string, number>>): Record<string, string> =>
  Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]));
