import type { Command } from 'commander';
import { getProject } from '#src/cli/find.ts';
import { pairs, print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';
import type { Project } from '#src/domain/project.ts';

export function addShow(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'show [project]',
    description: 'show one project; without a name, the one of this repository',
    examples: ['sentra project show', 'sentra project show shop'],
  }).action((given: string | undefined, options: JsonOption) => show(io, given, options));
}

async function show(io: Io, given: string | undefined, options: JsonOption): Promise<void> {
  const client = await io.client();
  const { id } = await getProject(client, given, io.cwd);
  const project = await client.getProject({ params: { id } }, { signal: io.signal });
  print(io, options, project, (p) => pairs(io, factsOf(p)));
}

const factsOf = (p: Project) =>
  [
    ['id', p.id],
    ['name', p.name],
    ['path', p.path],
    ['base branch', p.baseBranch],
    ['remote', p.remote ?? 'none'],
    ['pull requests', p.forge],
    ['paused', p.paused ? 'yes' : 'no'],
    ['problem', p.problem],
    ...(p.limits ?? []).map((limit) => ['limit', limit] as const),
    ...(p.notices ?? []).map((notice) => ['notice', notice] as const),
    ...Object.entries(p.counts).map(([status, count]) => [status.replace('_', ' '), count] as const),
  ] as const;
