import type { Command } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { print } from '#src/cli/output.ts';
import { taskLine } from '#src/cli/task-text.ts';
import { addVerb, choice, type Io, type JsonOption, taskArgument } from '#src/cli/verb.ts';
import { type PhaseName, phaseNames } from '#src/domain/phase.ts';

type Options = JsonOption & { from?: PhaseName; skipFailed?: true };

export function addRetry(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'retry',
    description: 'start a task again',
    examples: [
      'sentra task retry 01234567',
      'sentra task retry 01234567 --from code',
      'sentra task retry 01234567 --skip-failed',
    ],
  })
    .addArgument(taskArgument())
    .addOption(choice('--from <phase>', 'the phase to start from; earlier ones stay as they are', phaseNames))
    .option('--skip-failed', 'leave out the phase that failed, and go on with the next')
    .action((given: string, options: Options) => retry(io, given, options));
}

async function retry(io: Io, given: string, options: Options): Promise<void> {
  const client = await io.client();
  const id = await getTaskId(client, given);
  const { from, skipFailed } = options;
  const body = { ...(from && { fromPhase: from }), ...(skipFailed && { skipFailed }) };
  print(io, options, await client.retryTask({ params: { id }, body }, { signal: io.signal }), (t) => taskLine(io, t));
}
