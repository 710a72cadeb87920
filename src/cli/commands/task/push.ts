import type { Command } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { print } from '#src/cli/output.ts';
import { taskLine } from '#src/cli/task-text.ts';
import { addVerb, type Io, type JsonOption, taskArgument } from '#src/cli/verb.ts';

export function addPush(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'push',
    description:
      'push the branch of a task again and open its pull request again, after it was closed, deleted or replaced elsewhere',
    examples: ['sentra task push 01234567'],
  })
    .addArgument(taskArgument())
    .action((given: string, options: JsonOption) => push(io, given, options));
}

async function push(io: Io, given: string, options: JsonOption): Promise<void> {
  const client = await io.client();
  const id = await getTaskId(client, given);
  print(io, options, await client.pushTask({ params: { id } }, { signal: io.signal }), (t) => taskLine(io, t));
}
