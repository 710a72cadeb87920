/** What tasks cost this host and what Sentra itself takes, as people ask for it; and the one loop that keeps looking. */
import { statfs } from 'node:fs/promises';
import path, { dirname } from 'node:path';
import type { Resources, TaskResources } from '#src/domain/resources.ts';
import { messageOf } from '#src/errors.ts';
import { measureInBackground } from '#src/orchestrator/disk-use.ts';
import { readMemory } from '#src/orchestrator/host-memory.ts';
import type { Intake } from '#src/orchestrator/intake.ts';
import { listOwnPlaces, type OwnPlace, type PlaceParts } from '#src/orchestrator/places.ts';
import { type Survey, surveyDisk } from '#src/orchestrator/survey.ts';
import { measureDatabases } from '#src/orchestrator/task-database-sizes.ts';
import { createUsage, type Usage } from '#src/orchestrator/usage.ts';
import type { Queryable } from '#src/store/database.ts';
import { addRunUsage, sumRunUsage } from '#src/store/run-usage.ts';
import { databaseSizes } from '#src/store/sizes.ts';
import { getTasks } from '#src/store/tasks.ts';
import { listWorktreeRows } from '#src/store/worktrees.ts';

const busyMs = 2_000;
const idleMs = 5_000;
const keepMs = 10_000;
/** Ten minutes of them. */
const historyLength = 120;

export type ResourceView = {
  resources(): Promise<Resources>;
  /** What one worktree takes; null until it was measured. */
  diskOf(worktreePath: string): { own: number; shared: number } | null;
};

export type ResourceParts = PlaceParts & { intake: Intake; onError: (message: string) => void };

/** Looks on until `signal` aborts. */
export function startResources(parts: ResourceParts, signal: AbortSignal): ResourceView {
  const usage = createUsage(parts.home);
  const disk = measureInBackground(() => measureDisk(parts, signal), { onError: parts.onError, signal });
  const history: Resources['history'] = [];
  watch(parts, { usage, history }, signal);
  return {
    diskOf: (worktreePath) => disk.current()?.value.folders[worktreePath] ?? null,
    async resources() {
      const measured = await disk.soon();
      const tasks = await describeTasks(parts, usage, measured?.value);
      const places = await describePlaces(parts, measured?.value);
      return {
        measuredAt: measured?.at ?? null,
        totals: totalsOf(tasks, places, measured?.value),
        tasks,
        places,
        history,
      };
    },
  };
}

/** One after the other, so that a slow look is never met by the next one. */
function watch(
  parts: ResourceParts,
  { usage, history }: { usage: Usage; history: Resources['history'] },
  signal: AbortSignal,
) {
  let timer: NodeJS.Timeout | undefined;
  let keptAt = Date.now();
  let lookedAt = 0;
  const look = async () => {
    try {
      const wasBusy = usage.now().size > 0;
      await usage.sampleOnce();
      const ended = wasBusy && usage.now().size === 0;
      if (ended || Date.now() - keptAt >= keepMs) {
        keptAt = Date.now();
        await keep(parts.db, usage);
      }
      if (Date.now() - lookedAt >= idleMs) {
        lookedAt = Date.now();
        await parts.intake.lookOnce();
        history.push(await moment(parts.home, usage));
        history.splice(0, history.length - historyLength);
      }
    } catch (e) {
      if (!signal.aborted) parts.onError(messageOf(e));
    }
    if (!signal.aborted) timer = setTimeout(look, usage.now().size > 0 ? busyMs : idleMs);
  };
  signal.addEventListener('abort', () => clearTimeout(timer));
  void look();
}

/** What the database does not take now, it gets later. */
async function keep(db: Queryable, usage: Usage): Promise<void> {
  const spent = usage.take();
  try {
    await addRunUsage(db, spent);
  } catch (e) {
    usage.giveBack(spent);
    throw e;
  }
}

async function moment(home: string, usage: Usage): Promise<Resources['history'][number]> {
  const [memory, disk] = await Promise.all([readMemory(), statfs(home)]);
  const now = [...usage.now().values()];
  return {
    at: new Date().toISOString(),
    memory: sum(now.map((one) => one.memory)),
    cores: sum(now.map((one) => one.cores)),
    freeMemory: memory.free,
    freeDisk: disk.bavail * disk.bsize,
  };
}

/** Places that may hold names of files that are a cache's or a task's. */
const sharing: ReadonlySet<OwnPlace['kind']> = new Set(['pool', 'loose', 'trash', 'homes']);

type Measured = Survey & { databases: ReadonlyMap<string, number> };

async function measureDisk(parts: ResourceParts, signal: AbortSignal): Promise<Measured> {
  const { folders, counted } = await listTargets(parts);
  return {
    ...(await surveyDisk(folders, counted, signal)),
    databases: await measureDatabases(parts.db, parts.onError),
  };
}

async function listTargets(parts: PlaceParts): Promise<{ folders: string[]; counted: string[] }> {
  const [rows, places] = [await listWorktreeRows(parts.db), await listOwnPlaces(parts)];
  return {
    folders: [
      ...rows.flatMap((row) => [row.path, homeOf(parts, row.taskId)]),
      ...places.filter(({ kind }) => sharing.has(kind)).map((place) => place.path),
    ],
    counted: places.filter(({ kind }) => !sharing.has(kind)).map((place) => place.path),
  };
}

const homeOf = ({ home }: PlaceParts, taskId: string) => path.join(home, 'homes', taskId);

async function describeTasks(
  parts: PlaceParts,
  usage: Usage,
  measured: Measured | undefined,
): Promise<TaskResources[]> {
  const now = usage.now();
  const worktrees = new Map((await listWorktreeRows(parts.db)).map((row) => [row.taskId, row]));
  const ids = [...new Set([...worktrees.keys(), ...now.keys()])];
  const [tasks, spent] = [await getTasks(parts.db, ids), await sumRunUsage(parts.db, ids)];
  return tasks.map((task) => {
    const row = worktrees.get(task.id);
    const atWork = now.get(task.id) ?? null;
    return {
      taskId: task.id,
      projectId: task.projectId,
      title: task.title,
      status: task.status,
      createdAt: task.createdAt,
      disk: row && measured ? diskOf(measured, row, homeOf(parts, task.id)) : null,
      worktree: row ? { path: row.path, state: row.state } : null,
      ports: task.ports,
      now: atWork,
      peakMemory: Math.max(spent.get(task.id)?.peakMemory ?? 0, atWork?.memory ?? 0),
      cpuSeconds: spent.get(task.id)?.cpuSeconds ?? 0,
    };
  });
}

/** Null for one that came after the survey. */
function diskOf(
  { folders, databases }: Measured,
  row: { taskId: string; path: string },
  home: string,
): TaskResources['disk'] {
  const [tree, own] = [folders[row.path], folders[home]];
  const database = databases.get(row.taskId) ?? 0;
  if (!tree && !own) return null;
  return {
    own: (tree?.own ?? 0) + (own?.own ?? 0) + database,
    shared: (tree?.shared ?? 0) + (own?.shared ?? 0),
    worktree: tree?.own ?? 0,
    home: own?.own ?? 0,
    database,
  };
}

async function describePlaces(parts: PlaceParts, survey: Survey | undefined): Promise<Resources['places']> {
  const sizes = await databaseSizes(parts.db);
  const places = (await listOwnPlaces(parts)).map((place) => ({
    ...place,
    bytes: bytesOf(survey, place.path),
  }));
  const own = gather(
    places.map((place) =>
      place.kind === 'database' && place.bytes !== null
        ? { ...place, bytes: Math.max(0, place.bytes - sizes.logs) }
        : place,
    ),
  );
  const logs = {
    kind: 'logs' as const,
    name: 'Logs, transcripts and events',
    path: parts.databasePath ?? 'your database',
    bytes: sizes.logs,
    advice: 'they are kept with their tasks',
  };
  return [...own, logs].sort((a, b) => (b.bytes ?? 0) - (a.bytes ?? 0));
}

/** Null for what came after the survey, nothing for what was not there. */
function bytesOf(survey: Survey | undefined, place: string): number | null {
  const found = survey?.folders[place];
  return found === undefined ? null : (found?.own ?? 0);
}

/** Several of one name are one line. */
function gather(places: readonly Place[]): Place[] {
  return [...Map.groupBy(places, ({ name }) => name).values()].flatMap(([first, ...more]) => {
    if (!first) return [];
    const all = [first, ...more].map(({ bytes }) => bytes);
    const path = more.length ? dirname(first.path) : first.path;
    return [{ ...first, path, bytes: all.includes(null) ? null : sum(all.map((bytes) => bytes ?? 0)) }];
  });
}

type Place = Resources['places'][number];

function totalsOf(
  tasks: readonly TaskResources[],
  places: Resources['places'],
  survey: Survey | undefined,
): Resources['totals'] {
  const tasksOwn = survey ? sum(tasks.map(({ disk }) => disk?.own ?? 0)) : null;
  const tasksShared = survey?.sharedOnce ?? null;
  return {
    disk: survey ? (tasksOwn ?? 0) + (tasksShared ?? 0) + sum(places.map(({ bytes }) => bytes ?? 0)) : null,
    tasksOwn,
    tasksShared,
    memory: sum(tasks.map(({ now }) => now?.memory ?? 0)),
    cores: sum(tasks.map(({ now }) => now?.cores ?? 0)),
    processes: sum(tasks.map(({ now }) => now?.processes ?? 0)),
    ports: sum(tasks.map(({ ports }) => Object.keys(ports).length)),
  };
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
