/**
 * What tells a task's programs who they are: leased ports, copied files, an own database, env files. Written when a run takes
 * the worktree; what can change meanwhile, because somebody else took a port, is looked at again before each use.
 */
import path from 'node:path';
import { parseEnv } from 'node:util';
import { type DevServerState, isUp } from '#src/domain/dev-server.ts';
import type { Peer, PeerPorts } from '#src/domain/task-environment.ts';
import { type Copied, copyUntracked } from '#src/environment/copy-untracked.ts';
import { pointCopies, writeEnvFiles } from '#src/environment/env-files.ts';
import { readPlain } from '#src/environment/plain-path.ts';
import { leasePorts } from '#src/environment/ports.ts';
import { excludeLocally } from '#src/git/repository.ts';
import { listTracked } from '#src/git/tracked.ts';
import { secretsIn } from '#src/logs/known-secrets.ts';
import type { Logger } from '#src/logs/pipeline.ts';
import { listDevServerRows } from '#src/store/dev-servers.ts';
import { listPeers } from '#src/store/peers.ts';
import { listLeases, releaseLease, takeLease } from '#src/store/port-leases.ts';
import { addCopied, findWorktree } from '#src/store/worktrees.ts';
import type { Parts } from '#src/workflows/parts.ts';
import type { SetupFacts } from '#src/workflows/room.ts';
import { openSetupSteps, type SetupSteps } from '#src/workflows/setup-steps.ts';
import { databaseInside, findTaskDatabaseUrl, openTaskDatabase, serverOf } from '#src/workflows/task-database.ts';

type Ports = Record<string, number>;

/** For a worktree that a run takes: leases, copies, makes and writes all of it. */
export async function writeEnvironment(
  parts: Parts,
  adwId: string | null,
  facts: SetupFacts,
  worktreePath: string,
): Promise<{ ports: Ports; copied: string[] }> {
  const log = parts.logs.logger({ taskId: facts.taskId, adwId, phase: null });
  const steps = await openSetupSteps(parts, { taskId: facts.taskId, worktreePath }, log);
  const ports = await renewPorts(parts, facts, log);
  const copied = await copyIn(parts, facts, { worktreePath, steps, log });
  const databaseUrl = await openTaskDatabase(parts, facts, { worktreePath, steps, log });
  const inFile = addressInFile(facts, databaseUrl);
  await writeEnvFiles({ worktreePath, taskId: facts.taskId, adwId: adwId ?? '', ports, ...inFile });
  if (facts.config.database?.perTask && inFile.databaseUrl !== undefined) {
    const from = await serverOf(facts.config, facts.project.path);
    await pointCopies(worktreePath, copied, { from, to: inFile.databaseUrl });
  }
  return { ports, copied };
}

/** Files in the worktree are read behind the wall: then they hold what leads to the task's own database there, and no password. */
function addressInFile({ config, confined }: SetupFacts, databaseUrl: string | undefined): { databaseUrl?: string } {
  if (databaseUrl === undefined) return {};
  return { databaseUrl: confined && config.database?.perTask ? databaseInside.urlOf(databaseUrl) : databaseUrl };
}

/**
 * Variables for programs that are about to run in the worktree: its ports, each free or the task's own, the address of its own
 * database, its peers' ports. Where somebody else took a port the task gets other ones, and its env files say so.
 */
export async function taskVariables(
  parts: Parts,
  adwId: string | null,
  facts: SetupFacts,
  worktreePath: string,
): Promise<Record<string, string>> {
  const { taskId, config } = facts;
  const log = parts.logs.logger({ taskId, adwId, phase: null });
  const ports = await renewPorts(parts, facts, log);
  await learnSecrets(parts, taskId, worktreePath);
  const databaseUrl = await findTaskDatabaseUrl(parts, facts);
  const inFile = addressInFile(facts, databaseUrl ?? config.database?.url);
  // Also because a branch that has an .env.local brings its own back whenever the worktree is put back.
  await writeEnvFiles({ worktreePath, taskId, adwId: adwId ?? '', ports, ...inFile });
  return {
    ...portVariables(ports),
    ...(databaseUrl === undefined ? {} : { DATABASE_URL: databaseUrl }),
    ...(config.peerPorts === 'none' ? {} : { PEER_PORTS: await peerPorts(parts, taskId, config.peerPorts) }),
  };
}

/** Programs print what they were given: also after a restart, these files' secrets are known before one runs. */
async function learnSecrets(parts: Parts, taskId: string, worktreePath: string): Promise<void> {
  const files = (await findWorktree(parts.database.db, taskId))?.copied ?? [];
  for (const file of files.filter((name) => /^\.env|\.env$/.test(path.basename(name)))) {
    const bytes = await readPlain(worktreePath, file, maxEnvBytes); // an agent may have put a pipe in its place
    for (const secret of secretsIn(parseEnv(bytes?.toString() ?? ''))) parts.redactor.learn(secret);
  }
}

const maxEnvBytes = 1024 * 1024;

/** Ports as variables of an environment. */
export const portVariables = (ports: Readonly<Ports>): Record<string, string> =>
  Object.fromEntries(Object.entries(ports).map(([name, port]) => [name, String(port)]));

/** The task's ports, each free or its own; those that it had, unless somebody else took one. */
async function renewPorts(parts: Parts, { taskId, config }: SetupFacts, log: Logger): Promise<Ports> {
  const { db } = parts.database;
  const before = (await listLeases(db, [taskId]))[0]?.ports;
  const servers = await listDevServerRows(db, taskId);
  const own = new Set(servers.filter((row) => isUp(row.state as DevServerState)).map((row) => row.port));
  const ports = await leasePorts({
    taskId,
    names: config.ports,
    strategy: config.portStrategy,
    leases: { take: (wish) => takeLease(db, wish), release: (id) => releaseLease(db, id) },
    isOwn: (port) => own.has(port),
  });
  if (!before || Object.entries(before).every(([name, port]) => (ports[name] ?? port) === port)) return ports;
  void log.warn(
    `Another program listens on one of ${listed(before)}: the task has ${listed(ports)} now, and .ports.env and .env.local say so`,
    { kind: 'step' },
  );
  await parts.changes.change(async ({ touch, record }) => {
    touch(taskId);
    record({ type: 'worktree.changed', taskId, data: { ports } });
  });
  return ports;
}

const listed = (ports: Readonly<Ports>): string =>
  Object.entries(ports)
    .map(([name, port]) => `${name}=${port}`)
    .join(' ');

async function peerPorts(parts: Parts, taskId: string, wanted: PeerPorts): Promise<string> {
  const peers = await listPeers(parts.database.db, taskId);
  const isWanted = ({ relation }: Peer) => wanted === 'project' || relation !== 'project';
  return JSON.stringify(Object.fromEntries(peers.filter(isWanted).map((peer) => [peer.taskId, peer.ports])));
}

/** Answers all files that were ever copied in: no commit may have them. */
async function copyIn(
  parts: Parts,
  { taskId, project, config }: SetupFacts,
  { worktreePath, steps, log }: { worktreePath: string; steps: SetupSteps; log: Logger },
): Promise<string[]> {
  const { copy: patterns, copyLimits: limits } = config.setup;
  const copy = async () => {
    const done = await copyUntracked({
      repositoryPath: project.path,
      worktreePath,
      patterns,
      limits,
      listTracked: (paths) => listTracked(project, paths),
    });
    const { copied, skipped } = done;
    if (copied.length) await excludeLocally(project, copied.map(asIgnorePattern));
    for (const { path, reason } of skipped.slice(0, mostTold))
      void log.warn(`Not copied: ${path}, because ${reason}`, { kind: 'step', toolUsed: 'copy' });
    if (copied.length || skipped.length) void log.info(summaryOf(done), { kind: 'step', toolUsed: 'copy' });
    return done;
  };
  const tell = (done: Copied) =>
    done.copied.length || done.skipped.length ? { outcome: 'passed' as const, summary: summaryOf(done) } : undefined;
  // What is there stays, so it is done each time: files that a person added since come too.
  const done = await steps.run({ name: 'copy', means: patterns.join(' '), again: true, tell }, copy);
  return addCopied(parts.database.db, taskId, done?.copied ?? []);
}

const mostTold = 20;

const summaryOf = ({ copied, bytes, skipped }: Copied): string =>
  [
    `Copied ${copied.length} untracked ${copied.length === 1 ? 'file' : 'files'} (${(bytes / 1024).toFixed(1)} KB)`,
    ...(copied.length ? [`: ${copied.slice(0, 5).join(', ')}${copied.length > 5 ? ', …' : ''}`] : []),
    ...(skipped.length
      ? [
          `; left out ${skipped.length}: ${skipped
            .slice(0, 3)
            .map(({ path, reason }) => `${path} (${reason})`)
            .join(', ')}`,
        ]
      : []),
  ].join('');

const asIgnorePattern = (file: string): string => `/${file.replace(/[\\*?[\]!# ]/g, '\\$&')}`;
