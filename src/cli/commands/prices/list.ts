import { type Command, Option } from 'commander';
import { ofProject, priceTable } from '#src/cli/commands/prices/prices.ts';
import { print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption } from '#src/cli/verb.ts';

type Options = JsonOption & { project?: string };

export const forProject = () => new Option('--project <project>', 'of one project, over those of all');

export function addList(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'list',
    description: 'list the prices that hold, the strongest first',
    examples: ['sentra prices list', 'sentra prices list --project shop'],
  })
    .addOption(forProject())
    .action((options: Options) => list(io, options));
}

async function list(io: Io, options: Options): Promise<void> {
  const client = await io.client();
  const query = await ofProject(client, options.project, io.cwd);
  const answer = await client.listPrices({ query }, { signal: io.signal });
  print(io, options, answer, ({ items }) => priceTable(io, items));
}
