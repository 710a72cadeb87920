import type { Command } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { print } from '#src/cli/output.ts';
import { taskLine } from '#src/cli/task-text.ts';
import { addVerb, type Io, type JsonOption, taskArgument } from '#src/cli/verb.ts';

export function addSkip(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'skip',
    description: 'give a task up; those that wait for it go on',
    examples: ['sentra task skip 01234567'],
  })
    .addArgument(taskArgument())
    .action((given: string, options: JsonOption) => skip(io, given, options));
}

async function skip(io: Io, given: string, options: JsonOption): Promise<void> {
  const client = await io.client();
  const id = await getTaskId(client, given);
  print(io, options, await client.skipTask({ params: { id } }, { signal: io.signal }), (t) => taskLine(io, t));
}
