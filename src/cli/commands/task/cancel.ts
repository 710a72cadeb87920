import type { Command } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { print } from '#src/cli/output.ts';
import { taskLine } from '#src/cli/task-text.ts';
import { addVerb, type Io, type JsonOption, taskArgument } from '#src/cli/verb.ts';

export function addCancel(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'cancel',
    description: 'stop a task and remove its worktree; work not merged is saved first',
    examples: ['sentra task cancel 01234567'],
  })
    .addArgument(taskArgument())
    .action((given: string, options: JsonOption) => cancel(io, given, options));
}

async function cancel(io: Io, given: string, options: JsonOption): Promise<void> {
  const client = await io.client();
  const id = await getTaskId(client, given);
  print(io, options, await client.cancelTask({ params: { id } }, { signal: io.signal }), (t) => taskLine(io, t));
}
