import type { Command } from 'commander';
import type { Io } from '#src/cli/verb.ts';

export function addServer(program: Command, io: Io): void {
  program
    .command('server')
    .description('start only the API and the page here; workers execute the runs')
    .addHelpText('after', '\nExamples:\n  $ npx sentra server\n  $ npx sentra worker')
    .action(async () => {
      io.exitCode = await io.start({ demo: false, roles: ['server'] });
    });
}
