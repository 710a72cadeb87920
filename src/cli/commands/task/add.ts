import type { Command } from 'commander';
import { getProject, getTaskId } from '#src/cli/find.ts';
import { print } from '#src/cli/output.ts';
import { taskLine } from '#src/cli/task-text.ts';
import { addVerb, choice, type Io, type JsonOption, projectOption } from '#src/cli/verb.ts';
import { Priority, TaskType } from '#src/domain/task.ts';
import { type WorkflowType, workflowTypes } from '#src/domain/workflow.ts';

type Options = JsonOption & {
  project?: string;
  description?: string;
  type?: TaskType;
  priority?: Priority;
  depends?: string[];
  workflow?: WorkflowType;
  agent?: string;
  model?: string;
  effort?: string;
  start?: true;
  template?: string;
  label?: string[];
  devServer?: true;
};

export function addAdd(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'add [title]',
    description: 'ask for a task',
    examples: [
      'sentra task add "Sort the list by date" --start',
      'sentra task add --template upgrade --start',
      'sentra task add "Fix the login" --type bug --priority high --depends task-0123456789ab',
    ],
  })
    .addOption(projectOption())
    .option('--description <text>', 'what is wanted, for the agent')
    .addOption(choice('--type <type>', 'chore, bug or feature (the default)', TaskType.options))
    .addOption(choice('--priority <priority>', 'low, medium (the default) or high', Priority.options))
    .option('--depends <tasks...>', 'tasks that must be completed before')
    .addOption(choice('--workflow <workflow>', 'the workflow; the default is full_sdlc', workflowTypes))
    .option('--agent <agent>', 'the agent, as named in sentra.json')
    .option('--model <model>', 'the model that its agents work with, over what sentra.json says')
    .option('--effort <effort>', "how hard the model thinks, in the agent's words, as in low or high")
    .option('--template <name>', 'fill in from a template what is left out here')
    .option('--label <labels...>', 'labels; ui and e2e mark a task that needs its dev servers')
    .option('--dev-server', 'it needs its dev servers while it runs')
    .option('--start', 'start it as soon as its dependencies are completed')
    .action((title: string | undefined, options: Options) => add(io, title, options));
}

async function add(io: Io, title: string | undefined, options: Options): Promise<void> {
  const client = await io.client();
  const project = await getProject(client, options.project, io.cwd);
  const dependencies: string[] = [];
  for (const given of options.depends?.flatMap((d) => d.split(',')) ?? [])
    dependencies.push(await getTaskId(client, given));
  const { description, type, priority, workflow: workflowType, agent, template } = options;
  const { label: labels, devServer: needsDevServer, model, effort } = options;
  const marks = { model, effort, ...(labels && { labels }), ...(needsDevServer && { needsDevServer }) };
  const body = { title, description, type, priority, workflowType, agent, template, dependencies, ...marks };
  const task = await client.createTask(
    { body: { projectId: project.id, ...body, autoStart: options.start ?? false } },
    { signal: io.signal },
  );
  print(io, options, task, (t) => taskLine(io, t));
}
