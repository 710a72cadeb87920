import type { Command } from 'commander';
import { readBacklog, withoutKnown } from '#src/backlog/backlog.ts';
import { getProject, listAllTasks } from '#src/cli/find.ts';
import { colour, dim, plain, print } from '#src/cli/output.ts';
import { readText } from '#src/cli/read-text.ts';
import { createdTable, plannedTable } from '#src/cli/task-text.ts';
import { addVerb, type Io, type JsonOption, projectOption } from '#src/cli/verb.ts';
import { findProblems, type ProposalProblem } from '#src/domain/analysis.ts';
import type { BatchTask, Task } from '#src/domain/task.ts';
import { SentraError } from '#src/errors.ts';

type Options = JsonOption & { project?: string; start?: true; dryRun?: true; again?: true };

export function addImport(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'import <file>',
    description: 'create the tasks of a list, all or none: Markdown, CSV or JSON, - for standard input',
    examples: [
      'sentra task import backlog.md --dry-run',
      'sentra task import jira.csv --start',
      'sentra task import - < issues.json',
    ],
  })
    .addOption(projectOption())
    .option('--dry-run', 'show what would be created, and create nothing')
    .option('--again', 'those too whose title a task of the project has already')
    .option('--start', 'start them as their dependencies allow')
    .action((file: string, options: Options) => importTasks(io, file, options));
}

async function importTasks(io: Io, file: string, options: Options): Promise<void> {
  const { text, told } = await readText(io, file, 'The list');
  const read = readBacklog(text);
  if (typeof read === 'string') throw new SentraError('invalid', `${told}: ${read}`);
  const client = await io.client();
  const project = await getProject(client, options.project, io.cwd);
  const existing = await listAllTasks(client, { projectId: project.id });
  const { tasks, known } = options.again ? { tasks: read.tasks, known: 0 } : withoutKnown(read.tasks, existing);
  const notes = [...read.notes, ...(known > 0 ? [knownNote(known)] : [])];
  const ids = new Set(existing.map(({ id }) => id));
  const problems = tasks.length > 0 ? findProblems(tasks, (id) => ids.has(id)) : [];
  if (options.dryRun) {
    print(io, options, { tasks, notes, problems }, () => wouldBe(io, { tasks, notes, problems }));
    return;
  }
  if (problems.length > 0)
    throw new SentraError(
      'invalid',
      `Nothing was created. ${problems.map(({ message }) => message).join(' ')} Put it right in the list; --dry-run shows how it is read.`,
    );
  const items = tasks.length > 0 ? await create() : [];
  print(io, options, { items, notes }, () => created(io, items, notes));

  async function create(): Promise<(Task & { key: string })[]> {
    const body = {
      projectId: project.id,
      tasks: tasks.map((task) => (options.start ? { ...task, autoStart: true } : task)),
    };
    return (await client.createTasks({ body }, { signal: io.signal })).items;
  }
}

const knownNote = (count: number): string =>
  `${count} ${count === 1 ? 'is a task' : 'are tasks'} of the project already and left out; --again creates them once more.`;

type Found = { tasks: readonly BatchTask[]; notes: readonly string[]; problems: readonly ProposalProblem[] };

const wouldBe = (io: Io, { tasks, notes, problems }: Found): string =>
  [
    plannedTable(io, tasks),
    ...notes.map((note) => dim(io, plain(note))),
    ...problems.map(({ message }) => `${colour(io, 'bad', 'problem')}  ${plain(message)}`),
    `Nothing was created. Without --dry-run it would be ${tasks.length} ${tasks.length === 1 ? 'task' : 'tasks'}.`,
  ].join('\n');

const created = (io: Io, items: readonly (Task & { key: string })[], notes: readonly string[]): string =>
  [
    items.length === 0 ? 'Nothing new: no task was created.' : createdTable(io, items),
    ...notes.map((note) => dim(io, plain(note))),
  ].join('\n');
