import type { Command } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption, taskArgument } from '#src/cli/verb.ts';

export function addRemove(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'remove',
    description: 'remove the worktree of a task that has no run; work that is not merged is saved first',
    examples: ['sentra worktree remove 01234567'],
  })
    .addArgument(taskArgument())
    .action((given: string, options: JsonOption) => remove(io, given, options));
}

async function remove(io: Io, given: string, options: JsonOption): Promise<void> {
  const client = await io.client();
  const taskId = await getTaskId(client, given);
  const removed = await client.removeWorktree({ params: { taskId } }, { signal: io.signal });
  print(io, options, removed, ({ path, saved }) =>
    saved ? `Removed ${path}; what was not merged is saved in ${saved}` : `Removed ${path}`,
  );
}
