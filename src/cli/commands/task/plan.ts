import { readFile } from 'node:fs/promises';
import path from 'node:path';
import type { Command } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { dim, plain, print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption, taskArgument } from '#src/cli/verb.ts';
import type { TaskPlan } from '#src/domain/task-plan.ts';
import { messageOf, SentraError } from '#src/errors.ts';

type Options = JsonOption & { edit?: string };

export function addPlan(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'plan',
    description: 'show the plan of a task, or put another in its place before CODE works by it',
    examples: ['sentra task plan 01234567 > plan.md', 'sentra task plan 01234567 --edit plan.md'],
  })
    .addArgument(taskArgument())
    .option('--edit <file>', 'the file with the plan from now on')
    .action((given: string, options: Options) => plan(io, given, options));
}

async function plan(io: Io, given: string, options: Options): Promise<void> {
  const client = await io.client();
  const params = { id: await getTaskId(client, given) };
  const { signal } = io;
  if (options.edit === undefined)
    return print(io, options, await client.getPlan({ params }, { signal }), (found) => textOf(io, found));
  const body = { plan: await readText(path.resolve(io.cwd, options.edit)) };
  const kept = await client.putPlan({ params, body }, { signal });
  print(
    io,
    options,
    kept,
    ({ versions }) => `This is the plan now, version ${versions[0]?.version}: CODE works by it.`,
  );
}

const textOf = (io: Io, { plan: text, reason }: TaskPlan): string =>
  text === null
    ? `There is no plan yet.${reason ? ` ${dim(io, reason)}` : ' PLAN writes one, or you: --edit FILE.'}`
    : plain(text);

async function readText(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (e) {
    throw new SentraError('invalid', `The plan could not be read from ${file}: ${messageOf(e)}`);
  }
}
