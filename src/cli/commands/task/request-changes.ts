import type { Command } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { print } from '#src/cli/output.ts';
import { taskLine } from '#src/cli/task-text.ts';
import { addVerb, type Io, type JsonOption, positive, taskArgument } from '#src/cli/verb.ts';

type Options = JsonOption & { comment: string; path?: string; line?: number };

export function addRequestChanges(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'request-changes',
    description: 'send the pull request of a task back to CODE with a comment',
    examples: [
      'sentra task request-changes 01234567 --comment "Name the constant"',
      'sentra task request-changes 01234567 --comment "Off by one" --path src/list.ts --line 12',
    ],
  })
    .addArgument(taskArgument())
    .requiredOption('--comment <text>', 'what should change')
    .option('--path <path>', 'the file that is meant, from the root of the repository')
    .option('--line <number>', 'the line of the new version of that file', positive)
    .action((given: string, options: Options, command: Command) => {
      if (options.line !== undefined && options.path === undefined) command.error('error: --line needs --path');
      return requestChanges(io, given, options);
    });
}

async function requestChanges(io: Io, given: string, options: Options): Promise<void> {
  const client = await io.client();
  const id = await getTaskId(client, given);
  const { comment: body, path, line } = options;
  const comments = [{ body, ...(path ? { path } : {}), ...(line ? { line } : {}) }];
  const task = await client.requestChanges({ params: { id }, body: { comments } }, { signal: io.signal });
  print(io, options, task, (t) => taskLine(io, t));
}
