import type { Command } from 'commander';
import { getProject } from '#src/cli/find.ts';
import { print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption, projectOption } from '#src/cli/verb.ts';

type CloseOptions = JsonOption & { project?: string };

export function addClose(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'close <agent>',
    description: 'let an agent start runs of a project again, once what was wrong is mended',
    examples: ['sentra breaker close claude --project shop'],
  })
    .addOption(projectOption())
    .action((agent: string, options: CloseOptions) => close(io, agent, options));
}

async function close(io: Io, agent: string, options: CloseOptions): Promise<void> {
  const client = await io.client();
  const { id, name } = await getProject(client, options.project, io.cwd);
  const answer = await client.closeBreaker({ params: { id, agent } }, { signal: io.signal });
  print(io, options, answer, ({ closed }) =>
    closed ? `${agent} starts runs of ${name} again.` : `The breaker of ${agent} in ${name} was not open.`,
  );
}
