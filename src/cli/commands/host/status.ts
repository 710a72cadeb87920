import type { Command } from 'commander';
import { pairs, print, table } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';
import type { Project } from '#src/domain/project.ts';
import type { System } from '#src/domain/system.ts';

type Status = { url: string; system: System; projects: Project[] };

export function addStatus(program: Command, io: Io): void {
  addVerb(program, {
    name: 'status',
    description: 'show the server, its slots, agents and projects',
    examples: ['sentra status', 'sentra status --json'],
  }).action((options: JsonOption) => status(io, options));
}

async function status(io: Io, options: JsonOption): Promise<void> {
  const [{ url }, client] = [await io.connection(), await io.client()];
  const [system, projects] = await Promise.all([client.getSystem(), client.listProjects()]);
  print(io, options, { url, system, projects: projects.items }, (value) => forPeople(io, value));
}

function forPeople(io: Io, { url, system, projects }: Status): string {
  const gigabytes = (bytes: number) => `${(bytes / 2 ** 30).toFixed(1)} GB`;
  const facts = pairs(io, [
    ['server', `${url} (${system.version}, since ${system.startedAt})`],
    ['home', system.home],
    ['slots', `${system.slots.inUse} of ${system.slots.total} in use`],
    ['database', `${system.database.kind}, ${system.database.reachable ? 'reachable' : 'not reachable'}`],
    ['isolation', system.isolation.available ? 'available' : `none: ${system.isolation.reason}`],
    ['memory', `${gigabytes(system.memory.free)} of ${gigabytes(system.memory.total)} free`],
    ['disk', `${gigabytes(system.disk.free)} of ${gigabytes(system.disk.total)} free`],
    ...system.agents.map((a) => [`agent ${a.name}`, a.available ? 'available' : a.reason] as const),
  ]);
  if (projects.length === 0) return `${facts}\n\nNo project yet: \`npx sentra project add PATH\` registers one.`;
  const rows = projects.map((p) => [p.name, p.id, countsOf(p), p.problem ?? '']);
  return `${facts}\n\n${table(io, ['PROJECT', 'ID', 'TASKS', 'PROBLEM'], rows)}`;
}

const countsOf = ({ counts }: Project) =>
  Object.entries(counts)
    .filter(([, count]) => count > 0)
    .map(([name, count]) => `${count} ${name.replace('_', ' ')}`)
    .join(', ') || 'none';
