/**
 * How many worktrees are prepared ahead, and when. A project that made one lately gets as many as it made in half an hour or as
 * tasks wait, within its own limit, the host's, and what the disk has left; others give theirs back. One thing at a time, and
 * nothing is begun while a task waits for its worktree.
 */
import { statfs } from 'node:fs/promises';
import { reserveOf } from '#src/domain/reserve.ts';
import { messageOf } from '#src/errors.ts';
import { isMissing, resolveCommit } from '#src/git/repository.ts';
import type { EventBus } from '#src/logs/stream-events.ts';
import { countStarting, listDemand, listPool, listStuckClaims, movePooled, type PoolRow } from '#src/store/pool.ts';
import { listAllProjectRows, type ProjectRow } from '#src/store/projects.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { poolSettings, settleClaim } from '#src/workflows/pool.ts';
import { fillOne, type PoolProject, putAway, refresh } from '#src/workflows/pool-fill.ts';
import { isolationFor, readProjectConfig } from '#src/workflows/project-settings.ts';

export type PoolOptions = {
  workerId: string;
  /** Of all projects together. */
  most: number;
  /** Told of what is worth a person's while: work that was found and saved, what cannot be prepared. */
  report: (line: string) => void;
  /** Projects that failed, and until when they are left alone; milliseconds. */
  resting: Map<string, number>;
};

/** Free space that is left to tasks. */
const reserve = { bytes: 5e9, percent: 10, percentAtMost: 20e9 };
const abandonedMs = 2 * 60 * 60_000;
const restMs = 10 * 60_000;
const netMs = 30_000;
const calmMs = 1_000;

type Want = { subject: PoolProject; count: number };

/** Does the one thing that is needed most; false when there is nothing to do. */
export async function tendPoolOnce(parts: Parts, options: PoolOptions, signal: AbortSignal): Promise<boolean> {
  const { db } = parts.database;
  const rows = await listPool(db);
  if (rows.length === 0 && options.most === 0) return false;
  const projects = new Map((await listAllProjectRows(db)).map((project) => [project.id, project]));
  for (const { taskId, projectId } of await listStuckClaims(db)) {
    const project = projects.get(projectId);
    if (taskId && project) await settleClaim(parts, project, taskId);
  }
  const wants = await listWants(parts, projects, options.most);
  const left =
    rows.find((row) => isLeft(row, options.workerId)) ?? (await takeUnwanted(parts, rows, wants, options.most));
  if (left) return clear(parts, projects, left, options);
  if (await countStarting(db)) return false;
  for (const { subject, count } of wants) {
    if ((options.resting.get(subject.project.id) ?? 0) > Date.now()) continue;
    const own = rows.filter((row) => row.projectId === subject.project.id && row.state !== 'claimed');
    const stale = own.find((row) => row.state === 'ready' && row.base !== subject.newest);
    if (!stale && own.length >= count) continue;
    await orRest(subject.project, options, signal, () =>
      stale
        ? refresh(parts, subject, stale, options.workerId, signal)
        : fillOne(parts, subject, options.workerId, signal),
    );
    return true;
  }
  return false;
}

/** Loops `tendPoolOnce` until `signal` aborts: after events, and now and then. */
export function startPool(
  parts: Parts,
  { bus, ...settings }: Omit<PoolOptions, 'resting'> & { bus: EventBus },
  signal: AbortSignal,
): void {
  const options = { ...settings, resting: new Map<string, number>() };
  let busy = false;
  let soon: NodeJS.Timeout | undefined;
  const look = async () => {
    soon = undefined;
    if (busy) return;
    busy = true;
    try {
      while (!signal.aborted && (await tendPoolOnce(parts, options, signal)));
    } catch (e) {
      if (!signal.aborted) options.report(messageOf(e));
    } finally {
      busy = false;
    }
  };
  const lookSoon = () => {
    soon ??= setTimeout(() => void look(), calmMs);
  };
  const unsubscribe = bus.subscribe(lookSoon);
  const timer = setInterval(lookSoon, netMs);
  signal.addEventListener('abort', () => {
    unsubscribe();
    clearInterval(timer);
    clearTimeout(soon);
  });
  lookSoon();
}

/** What a killed worker left at work, this one before its restart among them: it does one thing at a time. */
const isLeft = ({ state, workerId, createdAt }: PoolRow, self: string): boolean =>
  state === 'dropping' ||
  (state === 'filling' && (workerId === self || Date.now() - Date.parse(createdAt) > abandonedMs));

/** A ready one that was prepared by other settings, or is more than its project should have; no task can get it from here on. */
async function takeUnwanted(
  parts: Parts,
  rows: readonly PoolRow[],
  wants: readonly Want[],
  most: number,
): Promise<PoolRow | undefined> {
  const ready = rows.filter((row) => row.state === 'ready');
  const kept = new Set<PoolRow>();
  const isOver = rows.length > most;
  for (const { subject, count } of wants) {
    const settings = poolSettings(subject.config, subject.confined);
    const own = ready.filter((row) => row.projectId === subject.project.id && row.settings === settings);
    // Fewer than its size only when nobody comes for hours, or others should have them.
    for (const row of own.slice(0, isOver ? count : subject.config.pool.size)) kept.add(row);
  }
  const [unwanted] = ready.filter((row) => !kept.has(row));
  return unwanted && movePooled(parts.database.db, unwanted.id, 'ready', { state: 'dropping' });
}

async function clear(
  parts: Parts,
  projects: ReadonlyMap<string, ProjectRow>,
  row: PoolRow,
  { report }: PoolOptions,
): Promise<boolean> {
  const project = projects.get(row.projectId);
  if (!project) return false;
  const saved = await putAway(parts, project, row);
  if (saved) report(`The changes in ${row.path}, a worktree that was prepared ahead, are saved in ${saved}`);
  return true;
}

/** How many each project should have; empty when the disk is short. */
async function listWants(parts: Parts, projects: ReadonlyMap<string, ProjectRow>, most: number): Promise<Want[]> {
  if (most === 0) return [];
  const asked: Want[] = [];
  for (const { projectId, recent, waiting } of await listDemand(parts.database.db)) {
    const project = projects.get(projectId);
    const subject = project && (await describe(parts, project));
    if (subject) asked.push({ subject, count: Math.min(subject.config.pool.size, Math.max(1, recent, waiting)) });
  }
  return shareOut(asked, most);
}

/** Each gets one before anybody gets a second. */
function shareOut(asked: readonly Want[], most: number): Want[] {
  const shares = asked.map(({ subject }) => ({ subject, count: 0 }));
  for (let left = most, round = 1; left > 0 && asked.some(({ count }) => count >= round); round++)
    for (const [i, share] of shares.entries())
      if (left > 0 && (asked[i]?.count ?? 0) >= round) {
        share.count++;
        left--;
      }
  return shares.filter(({ count }) => count > 0);
}

/** Null when nothing can be prepared for it now; why is told on the project itself, or to its next task. */
async function describe(parts: Parts, row: ProjectRow): Promise<PoolProject | null> {
  if (isMissing(row)) return null;
  try {
    const config = readProjectConfig(row);
    const project = { ...row, baseBranch: config.baseBranch ?? row.baseBranch };
    const newest = await resolveCommit(project, `refs/heads/${project.baseBranch}`);
    if (!newest || config.pool.size === 0 || (await isDiskShort(project.path))) return null;
    return { project, config, newest, confined: (await isolationFor(parts, { project, config })) !== 'none' };
  } catch {
    return null;
  }
}

async function isDiskShort(folder: string): Promise<boolean> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return bavail * bsize < reserveOf(reserve, blocks * bsize);
}

/** A project that cannot be prepared for must not keep the others waiting. */
async function orRest(
  project: ProjectRow,
  { resting, report }: PoolOptions,
  signal: AbortSignal,
  act: () => Promise<void>,
): Promise<void> {
  try {
    await act();
  } catch (e) {
    signal.throwIfAborted();
    resting.set(project.id, Date.now() + restMs);
    report(`No worktree can be prepared ahead for ${project.name}: ${messageOf(e)}`);
  }
}
