import type { Command } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { plain, print } from '#src/cli/output.ts';
import { addVerb, type Io, type JsonOption, taskArgument } from '#src/cli/verb.ts';
import type { Reason } from '#src/domain/reason.ts';

export function addWhy(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'why',
    description: 'say why a task is not running, or has stopped',
    examples: ['sentra task why 01234567'],
  })
    .addArgument(taskArgument())
    .action((given: string, options: JsonOption) => why(io, given, options));
}

async function why(io: Io, given: string, options: JsonOption): Promise<void> {
  const client = await io.client();
  const id = await getTaskId(client, given);
  print(io, options, await client.getWhy({ params: { id } }, { signal: io.signal }), ({ runnable, reasons }) =>
    reasons.length > 0
      ? reasons.map((reason) => plain(reasonLine(reason))).join('\n')
      : runnable
        ? 'Nothing holds it back.'
        : 'Nothing holds it back: it is running or has ended well.',
  );
}

function reasonLine({ message, taskId, until }: Reason): string {
  const line = taskId ? `${message} (${taskId})` : message;
  return !until || message.includes(until) ? line : `${line.replace(/\.$/, '')} (until ${until})`;
}
