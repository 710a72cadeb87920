import type { Command } from 'commander';
import type { Io } from '#src/cli/verb.ts';

export function addMcp(program: Command, io: Io): void {
  program
    .command('mcp')
    .description('serve the Model Context Protocol over standard input and output, for agents')
    .addHelpText('after', '\nExamples:\n  $ claude mcp add sentra -- npx sentra mcp')
    .action(async () => {
      io.exitCode = await io.serveMcp();
    });
}
