import type { Command } from 'commander';
import { getOwner, type OwnerOptions } from '#src/cli/commands/budget/budget.ts';
import { budgetText } from '#src/cli/commands/budget/text.ts';
import { print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption, projectOption } from '#src/cli/verb.ts';

export function addShow(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'show',
    description: 'show what may be spent and what has been',
    examples: ['sentra budget show --project shop', 'sentra budget show --server'],
  })
    .addOption(projectOption())
    .option('--task <task>', 'of a task')
    .option('--server', 'of all projects together')
    .action((options: JsonOption & OwnerOptions) => show(io, options));
}

async function show(io: Io, options: JsonOption & OwnerOptions): Promise<void> {
  const client = await io.client();
  const query = await getOwner(client, options, io.cwd);
  const answer = await client.getBudget({ query }, { signal: io.signal });
  const nothing = 'Nothing limits what may be spent. `npx sentra budget set --month 100` does.';
  print(io, options, answer, (budget) => budgetText(io, budget, nothing));
}
