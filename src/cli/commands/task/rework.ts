import type { Command } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { print } from '#src/cli/output.ts';
import { taskLine } from '#src/cli/task-text.ts';
import { addVerb, type Io, type JsonOption, taskArgument } from '#src/cli/verb.ts';

export function addRework(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'rework',
    description: 'let an agent work the newest base into the branch of a task: conflicts, and what is red together',
    examples: ['sentra task rework 01234567'],
  })
    .addArgument(taskArgument())
    .action((given: string, options: JsonOption) => rework(io, given, options));
}

async function rework(io: Io, given: string, options: JsonOption): Promise<void> {
  const client = await io.client();
  const id = await getTaskId(client, given);
  print(io, options, await client.reworkTask({ params: { id } }, { signal: io.signal }), (t) => taskLine(io, t));
}
