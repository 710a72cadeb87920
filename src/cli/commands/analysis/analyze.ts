import { setTimeout as sleep } from 'node:timers/promises';
import type { Command } from 'commander';
import { exitCodes } from '#src/cli/exit-codes.ts';
import { getProject } from '#src/cli/find.ts';
import { colour, dim, plain, print } from '#src/cli/output.ts';
import { readText } from '#src/cli/read-text.ts';
import { createdTable, plannedTable } from '#src/cli/task-text.ts';
import { addVerb, type Io, type JsonOption, projectOption } from '#src/cli/verb.ts';
import type { Client } from '#src/client/client.ts';
import type { Analysis } from '#src/domain/analysis.ts';
import { SentraError } from '#src/errors.ts';

type Options = JsonOption & {
  project?: string;
  repository?: true;
  id?: string;
  name?: string;
  agent?: string;
  yes?: true;
  start?: true;
};

const lookMs = 1_000;

export function addAnalyze(program: Command, io: Io): void {
  addVerb(program, {
    name: 'analyze [file]',
    description: 'have an agent turn a specification into a graph of small tasks, which you approve',
    examples: [
      'sentra analyze docs/specification.md',
      'sentra analyze docs/specification.md --yes --start',
      'sentra analyze --repository',
      'sentra analyze --id analysis-0123456789ab --yes',
    ],
  })
    .addOption(projectOption())
    .option('--repository', 'without a specification: look at the repository for what it needs')
    .option('--id <analysis>', 'go on with one that was asked for before')
    .option('--name <name>', 'what it is called; the first line of the specification unless said otherwise')
    .option('--agent <agent>', 'the agent, as named in sentra.json')
    .option('--yes', 'approve the proposal: create its tasks')
    .option('--start', 'with --yes: start them as their dependencies allow')
    .action((file: string | undefined, options: Options) => analyze(io, file, options));
}

async function analyze(io: Io, file: string | undefined, options: Options): Promise<void> {
  const ways = [file, options.repository, options.id].filter((one) => one !== undefined);
  if (ways.length !== 1)
    throw new SentraError(
      'invalid',
      'Name one thing to analyze: a FILE with a specification (- for standard input), --repository, or --id of an analysis that there is.',
    );
  if (options.start && !options.yes)
    throw new SentraError('invalid', '--start belongs to --yes: without it nothing is created that could start.');
  const client = await io.client();
  const id = options.id ?? (await ask(io, client, file, options));
  const found = await waitForProposal(io, client, id, options);
  if (found.status === 'proposed' && options.yes && found.problems.length === 0) {
    await client.approveAnalysis({ params: { id }, body: { start: options.start ?? false, version: found.version } });
    print(io, options, await client.getAnalysis({ params: { id } }), (done) => created(io, done));
    return;
  }
  print(io, options, found, (analysis) => describe(io, analysis));
  const isWell = ['proposed', 'approved'].includes(found.status) && !(options.yes && found.problems.length > 0);
  if (!isWell) io.exitCode = exitCodes.failed;
}

async function ask(io: Io, client: Client, file: string | undefined, options: Options): Promise<string> {
  const { name, agent } = options;
  const specification = file === undefined ? '' : await readSpecification(io, file);
  const project = await getProject(client, options.project, io.cwd);
  const { id } = await client.createAnalysis(
    { body: { projectId: project.id, specification, name, agent } },
    { signal: io.signal },
  );
  tell(io, options, `${id} is asked for. It goes on without this command: --id ${id} shows it again.`);
  return id;
}

async function readSpecification(io: Io, file: string): Promise<string> {
  const { text: specification, told } = await readText(io, file, 'The specification');
  if (specification.trim() !== '') return specification;
  throw new SentraError(
    'invalid',
    `The specification ${told} is empty. --repository looks at the repository without one.`,
  );
}

/** Says what the agent says meanwhile. */
async function waitForProposal(io: Io, client: Client, id: string, options: Options): Promise<Analysis> {
  const params = { id };
  for (let after = 0; ; ) {
    const analysis = await client.getAnalysis({ params }, { signal: io.signal });
    const { items, nextAfter } = await client.listAnalysisLogs({ params, query: { after, level: 'info,warn,error' } });
    for (const { message } of items) tell(io, options, message);
    after = nextAfter;
    if (analysis.status !== 'queued' && analysis.status !== 'running') return analysis;
    await sleep(lookMs, undefined, { signal: io.signal });
  }
}

function tell(io: Io, { json }: Options, line: string): void {
  if (!json) io.stderr(`${dim(io, plain(line))}\n`);
}

function describe(io: Io, { id, status, error, tasks, problems, notes }: Analysis): string {
  if (error) return `${colour(io, 'bad', status)}  ${plain(error.message)}\nTry it again on the page, or ask anew.`;
  const next =
    status === 'approved'
      ? 'These are tasks already.'
      : problems.length > 0
        ? 'Put it right on the page Analyst before you approve it.'
        : `Edit it on the page Analyst, or take it as it is: npx sentra analyze --id ${id} --yes`;
  return [
    plannedTable(io, tasks),
    ...notes.map((note) => dim(io, plain(note))),
    ...problems.map(({ message }) => `${colour(io, 'bad', 'problem')}  ${plain(message)}`),
    next,
  ].join('\n');
}

const created = (io: Io, { tasks, taskIds }: Analysis): string =>
  createdTable(
    io,
    tasks.map(({ key, title }) => ({ id: taskIds[key] ?? '', key, title })),
  );
