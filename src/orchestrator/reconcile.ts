/**
 * Compares what is on this host with what tasks need, at start and every few minutes: a net under the clean-up that follows
 * a merge or a cancel. One thing after the other, so that runs keep the disk to themselves.
 */
import { existsSync } from 'node:fs';
import type { Finding } from '#src/domain/clean-up.ts';
import { messageOf } from '#src/errors.ts';
import { isMissing } from '#src/git/repository.ts';
import { measure } from '#src/orchestrator/disk-use.ts';
import { findInEnvironment } from '#src/orchestrator/environment-leftovers.ts';
import { findInProject, findOnHost, type Leftover } from '#src/orchestrator/leftovers.ts';
import { findOldLogs } from '#src/orchestrator/log-leftovers.ts';
import { keepMerging } from '#src/orchestrator/merges.ts';
import { listAllProjectRows } from '#src/store/projects.ts';
import { listWorktreeFacts } from '#src/store/worktrees.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { readProjectConfig } from '#src/workflows/project-settings.ts';

const intervalMs = 5 * 60_000;

export type ReconcileOptions = {
  dryRun?: boolean;
  /** A person asked: what may belong to another Sentra, and what removed projects have, is cleaned as well. */
  requested?: boolean;
  onError: (message: string) => void;
  signal?: AbortSignal;
};

/** Finds, and unless it is a dry run cleans, what nobody needs. What fails is told in its finding and stops nothing else. */
export async function reconcileOnce(parts: Parts, options: ReconcileOptions): Promise<Finding[]> {
  const findings: Finding[] = [];
  for (const leftover of await findLeftovers(parts, options)) {
    if (options.signal?.aborted) break;
    if (leftover.foreign && !options.requested) continue;
    const bytes = leftover.bytes ?? (existsSync(leftover.path) ? await measure(leftover.path) : null);
    findings.push(await settle(leftover, bytes, options));
  }
  return findings;
}

/** Loops `reconcileOnce` until `signal` aborts. */
export function startReconciling(parts: Parts, onError: (message: string) => void, signal: AbortSignal): void {
  let busy = false;
  const look = async () => {
    if (busy) return;
    busy = true;
    const tell = (message: string) => {
      if (!signal.aborted) onError(message); // what the shutdown cut off is no failure
    };
    await keepMerging(parts).catch((e) => tell(messageOf(e)));
    await reconcileOnce(parts, { onError: tell, signal }).catch((e) => tell(messageOf(e)));
    busy = false;
  };
  const timer = setInterval(() => void look(), intervalMs);
  signal.addEventListener('abort', () => clearInterval(timer));
  void look();
}

async function findLeftovers(parts: Parts, { onError }: ReconcileOptions): Promise<Leftover[]> {
  const projects = await listAllProjectRows(parts.database.db);
  const facts = await listWorktreeFacts(parts.database.db);
  const registered = projects.filter((project) => !project.removedAt);
  const found: Leftover[] = [];
  for (const project of projects) {
    if (isMissing(project)) continue;
    try {
      found.push(...(await findInProject(parts, project, facts)));
    } catch (e) {
      onError(`${project.path} was not looked through: ${messageOf(e)}`);
    }
  }
  for (const project of registered)
    try {
      found.push(...(await findOldLogs(parts, project, readProjectConfig(project).logs)));
    } catch (e) {
      onError(`The logs of ${project.name} were not looked through: ${messageOf(e)}`);
    }
  const idsOf = (rows: typeof projects) => new Set(rows.map((project) => project.id));
  const known = idsOf(registered);
  const removed = idsOf(projects.filter((project) => project.removedAt));
  const onHost = await findOnHost(parts, facts, { known, removed });
  return [...found, ...onHost, ...unlessFound(onHost, await findInEnvironment(parts, facts))];
}

/** The ports of a task that is over are both over and unused. */
const unlessFound = (found: readonly Leftover[], more: readonly Leftover[]): Leftover[] =>
  more.filter((one) => !found.some((other) => other.kind === one.kind && other.taskId === one.taskId));

async function settle(leftover: Leftover, bytes: number | null, options: ReconcileOptions): Promise<Finding> {
  const { kind, taskId, path, reason, action } = leftover;
  const finding = { kind, taskId, path, reason, bytes, action, done: false, problem: null };
  if (options.dryRun) return finding;
  try {
    await leftover.act();
    return { ...finding, done: true };
  } catch (e) {
    options.onError(`${path} was not cleaned up: ${messageOf(e)}`);
    return { ...finding, problem: messageOf(e) };
  }
}
