import type { Command } from 'commander';
import type { Io } from '#src/cli/verb.ts';

export function addUp(program: Command, io: Io): void {
  program
    .command('up')
    .description('start database, server and worker here, and print the link to the dashboard')
    .option('--demo', 'with no project registered yet, make the demo project and run its tasks')
    .addHelpText('after', '\nExamples:\n  $ npx sentra up\n  $ SENTRA_PORT=0 npx sentra up --demo')
    .action(async (options: { demo?: true }) => {
      io.exitCode = await io.start({ demo: options.demo ?? false, roles: ['server', 'worker'] });
    });
}
