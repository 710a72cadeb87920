import type { Command } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { print } from '#src/cli/output.ts';
import { taskLine } from '#src/cli/task-text.ts';
import { addVerb, type Io, type JsonOption, taskArgument } from '#src/cli/verb.ts';

export function addApprove(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'approve',
    description: 'approve the pull request of a task',
    examples: ['sentra task approve 01234567'],
  })
    .addArgument(taskArgument())
    .action((given: string, options: JsonOption) => approve(io, given, options));
}

async function approve(io: Io, given: string, options: JsonOption): Promise<void> {
  const client = await io.client();
  const id = await getTaskId(client, given);
  print(io, options, await client.approveTask({ params: { id } }, { signal: io.signal }), (t) => taskLine(io, t));
}
