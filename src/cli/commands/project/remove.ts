import type { Command } from 'commander';
import { getProject } from '#src/cli/find.ts';
import { print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';

export function addRemove(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'remove <project>',
    description: 'unregister a repository; its files stay',
    examples: ['sentra project remove shop'],
  }).action((given: string, options: JsonOption) => remove(io, given, options));
}

async function remove(io: Io, given: string, options: JsonOption): Promise<void> {
  const client = await io.client();
  const project = await getProject(client, given, io.cwd);
  const answer = await client.removeProject({ params: { id: project.id } }, { signal: io.signal });
  print(io, options, { id: project.id, ...answer }, () => `${project.name} is no longer registered.`);
}
