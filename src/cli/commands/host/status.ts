import type { Command } from 'commander';
import { colour, formatBytes, pairs, print, table } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';
import { describeNetwork } from '#src/domain/confinement.ts';
import type { Project } from '#src/domain/project.ts';
import type { Resources, TaskResources } from '#src/domain/resources.ts';
import type { System } from '#src/domain/system.ts';

type Status = { url: string; system: System; projects: Project[]; resources: Resources };

/** `--json` has all of them. */
const tasksShown = 10;

export function addStatus(program: Command, io: Io): void {
  addVerb(program, {
    name: 'status',
    description: 'show the server, its slots, agents and projects, and what tasks cost',
    examples: ['sentra status', 'sentra status --json'],
  }).action((options: JsonOption) => status(io, options));
}

async function status(io: Io, options: JsonOption): Promise<void> {
  const [{ url }, client] = [await io.connection(), await io.client()];
  const [system, projects, resources] = await Promise.all([
    client.getSystem(),
    client.listProjects(),
    client.getResources(),
  ]);
  print(io, options, { url, system, projects: projects.items, resources }, (value) => forPeople(io, value));
}

const describeIsolation = ({ available, reason, network }: System['isolation']): string =>
  available ? `available, ${describeNetwork(network)}` : `none: ${reason}`;

function forPeople(io: Io, { url, system, projects, resources }: Status): string {
  const facts = pairs(io, [
    ['server', `${url} (${system.version}, since ${system.startedAt})`],
    ['home', system.home],
    ['slots', `${system.slots.inUse} of ${system.slots.total} in use: ${system.slots.reason}`],
    ['database', `${system.database.kind}, ${system.database.reachable ? 'reachable' : 'not reachable'}`],
    ['isolation', describeIsolation(system.isolation)],
    ['processors', `load ${system.load.toFixed(1)} on ${system.cpus}`],
    ['memory', `${formatBytes(system.memory.free)} of ${formatBytes(system.memory.total)} free`],
    ['disk', `${formatBytes(system.disk.free)} of ${formatBytes(system.disk.total)} free`],
    ...system.agents.map((a) => [`agent ${a.name}`, a.available ? 'available' : a.reason] as const),
  ]);
  const stopped = system.shortages.map(({ message }) => `${colour(io, 'bad', 'nothing new starts:')} ${message}`);
  return [
    ...stopped,
    facts,
    projects.length ? projectTable(io, projects) : 'No project yet: `npx sentra project add PATH` registers one.',
    taskTable(io, resources.tasks),
    placeTable(io, resources),
  ].join('\n\n');
}

function projectTable(io: Io, projects: readonly Project[]): string {
  const rows = projects.map((p) => [p.name, p.id, countsOf(p), p.problem ?? '']);
  return table(io, ['PROJECT', 'ID', 'TASKS', 'PROBLEM'], rows);
}

/** The dearest first: at work before at rest, then by memory, then by disk. */
function taskTable(io: Io, tasks: readonly TaskResources[]): string {
  if (tasks.length === 0) return 'No task has a worktree or a process on this host.';
  const dearest = [...tasks].sort(
    (a, b) => (b.now?.memory ?? 0) - (a.now?.memory ?? 0) || (b.disk?.own ?? 0) - (a.disk?.own ?? 0),
  );
  const rows = dearest.slice(0, tasksShown).map((task) => [task.taskId, task.status, ...costsOf(task), task.title]);
  const more = tasks.length > tasksShown ? `\n… and ${tasks.length - tasksShown} more: --json lists them all` : '';
  const heading = ['TASK', 'STATUS', 'DISK', 'SHARED', 'MEMORY', 'PEAK', 'CORES', 'CPU', 'PORTS', 'TITLE'];
  return `${table(io, heading, rows)}${more}`;
}

const costsOf = ({ disk, now, peakMemory, cpuSeconds, ports }: TaskResources): string[] => [
  formatBytes(disk?.own ?? null),
  formatBytes(disk?.shared ?? null),
  formatBytes(now?.memory ?? null),
  peakMemory ? formatBytes(peakMemory) : '-',
  now ? now.cores.toFixed(1) : '-',
  `${cpuSeconds.toFixed(cpuSeconds < 10 ? 1 : 0)} s`,
  Object.values(ports)
    .sort((a, b) => a - b)
    .join(',') || '-',
];

function placeTable(io: Io, { places, totals }: Resources): string {
  const rows = places.map(({ name, bytes, advice }) => [name, formatBytes(bytes), advice]);
  const shared = ['Files that tasks share', formatBytes(totals.tasksShared), 'counted once'];
  const all = ['All of it, with the tasks', formatBytes(totals.disk), ''];
  return table(io, ['PLACE', 'SIZE', 'WHAT CAN BE DONE'], [...rows, shared, all]);
}

const countsOf = ({ counts }: Project) =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name.replace('_', ' ')}`)
    .join(', ') || 'none';
