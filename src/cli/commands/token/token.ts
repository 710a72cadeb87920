import type { Command } from 'commander';
import { addAdd } from '#src/cli/commands/token/add.ts';
import { addList } from '#src/cli/commands/token/list.ts';
import { addRevoke } from '#src/cli/commands/token/revoke.ts';
import { addNoun, type Io } from '#src/cli/verb.ts';

export function addTokenCommands(program: Command, io: Io): void {
  const token = addNoun(program, 'token', 'tokens for scripts and people who may not do everything');
  addAdd(token, io);
  addList(token, io);
  addRevoke(token, io);
}
