import type { Command } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption, taskArgument } from '#src/cli/verb.ts';

export function addRestore(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'restore',
    description: "bring saved work back into the task's worktree, as changes that are not committed",
    examples: [
      'sentra worktree restore 01234567',
      'sentra worktree restore 01234567 --file 2026-01-02T03-04-05-678Z.patch',
    ],
  })
    .addArgument(taskArgument())
    .option('--file <file>', 'one that `worktree list --saved` shows; the newest when left out')
    .action((given: string, options: JsonOption & { file?: string }) => restore(io, given, options));
}

async function restore(io: Io, given: string, options: JsonOption & { file?: string }): Promise<void> {
  const client = await io.client();
  const taskId = await getTaskId(client, given);
  const body = options.file === undefined ? {} : { file: options.file };
  const restored = await client.restoreWorktree({ params: { taskId }, body }, { signal: io.signal });
  print(
    io,
    options,
    restored,
    ({ path, files }) => `Restored in ${path}, not committed:\n${files.map((file) => `  ${file}`).join('\n')}`,
  );
}
