import type { Command } from 'commander';
import { print } from '#src/cli/output.ts';
import { addVerb, choice, type Io, type JsonOption } from '#src/cli/verb.ts';
import { Priority, TaskType } from '#src/domain/task.ts';
import { type WorkflowType, workflowTypes } from '#src/domain/workflow.ts';

type Options = JsonOption & {
  title?: string;
  description?: string;
  type?: TaskType;
  priority?: Priority;
  workflow?: WorkflowType;
  agent?: string;
  model?: string;
  effort?: string;
};

export function addAdd(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'add <name>',
    description: 'keep a template',
    examples: ['sentra template add upgrade --title "Upgrade the dependencies" --type chore'],
  })
    .option('--title <title>', 'the title of its tasks')
    .option('--description <text>', 'what is wanted, for the agent')
    .addOption(choice('--type <type>', 'chore, bug or feature', TaskType.options))
    .addOption(choice('--priority <priority>', 'low, medium or high', Priority.options))
    .addOption(choice('--workflow <workflow>', 'the workflow', workflowTypes))
    .option('--agent <agent>', 'the agent, as named in sentra.json')
    .option('--model <model>', 'the model that its agents work with')
    .option('--effort <effort>', "how hard the model thinks, in the agent's words")
    .action((name: string, options: Options) => add(io, name, options));
}

async function add(io: Io, name: string, options: Options): Promise<void> {
  const client = await io.client();
  const { title, description, type, priority, workflow: workflowType, agent, model, effort } = options;
  const fields = { title, description, type, priority, workflowType, agent, model, effort };
  const template = await client.createTemplate({ body: { name, fields } }, { signal: io.signal });
  print(io, options, template, (t) => `Template ${t.name} is kept: \`npx sentra task add --template ${t.name}\`.`);
}
