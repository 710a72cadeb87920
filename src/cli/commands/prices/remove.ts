import type { Command } from 'commander';
import { forProject } from '#src/cli/commands/prices/list.ts';
import { ofProject } from '#src/cli/commands/prices/prices.ts';
import { print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';

type Options = JsonOption & { project?: string };

export function addRemove(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'remove <model>',
    description: 'remove a price that was set; what was reckoned with it stays',
    examples: ['sentra prices remove "gpt-9*"'],
  })
    .addOption(forProject())
    .action((model: string, options: Options) => remove(io, model, options));
}

async function remove(io: Io, model: string, options: Options): Promise<void> {
  const client = await io.client();
  const query = await ofProject(client, options.project, io.cwd);
  const answer = await client.removePrice({ params: { model }, query }, { signal: io.signal });
  print(io, options, answer, () => `The price of ${model} is removed.`);
}
