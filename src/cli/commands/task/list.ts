import type { Command } from 'commander';
import { findProject, listAllTasks } from '#src/cli/find.ts';
import { print, table } from '#src/cli/output.ts';
import { statusOf } from '#src/cli/task-text.ts';
import { addVerb, choice, type Io, type JsonOption, projectOption } from '#src/cli/verb.ts';
import { type PhaseName, phaseNames } from '#src/domain/phase.ts';
import { Priority, TaskStatus, TaskType } from '#src/domain/task.ts';

type Options = JsonOption & {
  project?: string;
  status?: TaskStatus;
  type?: TaskType;
  priority?: Priority;
  phase?: PhaseName;
  search?: string;
};

export function addList(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'list',
    description: 'list tasks: of this repository when inside one, else of all',
    examples: ['sentra task list', 'sentra task list --status in_review', 'sentra task list --search login --json'],
  })
    .addOption(projectOption())
    .addOption(choice('--status <status>', 'only those in this status', TaskStatus.options))
    .addOption(choice('--type <type>', 'only those of this type', TaskType.options))
    .addOption(choice('--priority <priority>', 'only those of this priority', Priority.options))
    .addOption(choice('--phase <phase>', 'only those in this phase', phaseNames))
    .option('--search <text>', 'only those whose title or description has this text')
    .action((options: Options) => list(io, options));
}

async function list(io: Io, options: Options): Promise<void> {
  const client = await io.client();
  const project = await findProject(client, options.project, io.cwd);
  const { status, type, priority, phase, search: q } = options;
  const items = await listAllTasks(client, { projectId: project?.id, status, type, priority, phase, q });
  print(io, options, { items }, (answer) =>
    answer.items.length === 0
      ? 'No tasks. `npx sentra task add "TITLE"` asks for one.'
      : table(
          io,
          ['ID', 'STATUS', 'TYPE', 'PRIORITY', 'TITLE'],
          answer.items.map((t) => [t.id, statusOf(t), t.type, t.priority, t.title]),
        ),
  );
}
