import type { Command } from 'commander';
import { addDrain } from '#src/cli/commands/worker/drain.ts';
import { addList } from '#src/cli/commands/worker/list.ts';
import { addNoun, type Io } from '#src/cli/verb.ts';

/** `worker` alone is one. */
export function addWorkerCommands(program: Command, io: Io): void {
  const noun = addNoun(program, 'worker', 'start a worker here, which executes runs; or look at those there are')
    .addHelpText('after', '\nExamples:\n  $ DATABASE_URL=… npx sentra worker\n  $ SENTRA_SLOTS=8 npx sentra worker')
    .action(async () => {
      io.exitCode = await io.start({ demo: false, roles: ['worker'] });
    });
  addList(noun, io);
  addDrain(noun, io);
}
