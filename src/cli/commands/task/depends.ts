import type { Command } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { print } from '#src/cli/output.ts';
import { taskLine } from '#src/cli/task-text.ts';
import { addVerb, type Io, type JsonOption, taskArgument } from '#src/cli/verb.ts';
import { SentraError } from '#src/errors.ts';

type Options = JsonOption & { on?: string[]; drop?: string[] };

export function addDepends(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'depends',
    description: 'change what a task waits for',
    examples: [
      'sentra task depends task-0123456789ab --on task-ab0123456789',
      'sentra task depends 01234567 --drop ab012345',
    ],
  })
    .addArgument(taskArgument())
    .option('--on <tasks...>', 'wait for these as well')
    .option('--drop <tasks...>', 'no longer wait for these')
    .action((given: string, options: Options) => depends(io, given, options));
}

async function depends(io: Io, given: string, options: Options): Promise<void> {
  if (!options.on && !options.drop)
    throw new SentraError('invalid', 'Say what to wait for with --on TASK, or what not to with --drop TASK.');
  const client = await io.client();
  const idsOf = (given: string[] = []) =>
    Promise.all(given.flatMap((part) => part.split(',')).map((part) => getTaskId(client, part)));
  const id = await getTaskId(client, given);
  const body = { addDependencies: await idsOf(options.on), removeDependencies: await idsOf(options.drop) };
  const task = await client.patchTask({ params: { id }, body }, { signal: io.signal });
  print(io, options, task, (t) => taskLine(io, t));
}
