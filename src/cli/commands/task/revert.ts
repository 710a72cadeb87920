import type { Command } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { print } from '#src/cli/output.ts';
import { taskLine } from '#src/cli/task-text.ts';
import { addVerb, type Io, type JsonOption, taskArgument } from '#src/cli/verb.ts';

export function addRevert(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'revert',
    description: 'make a task that takes the merged work of this one out again',
    examples: ['sentra task revert 01234567'],
  })
    .addArgument(taskArgument())
    .action((given: string, options: JsonOption) => revert(io, given, options));
}

async function revert(io: Io, given: string, options: JsonOption): Promise<void> {
  const client = await io.client();
  const id = await getTaskId(client, given);
  print(io, options, await client.revertTask({ params: { id } }, { signal: io.signal }), (t) => taskLine(io, t));
}
