import type { Command } from 'commander';
import { addClose } from '#src/cli/commands/breaker/close.ts';
import { addList } from '#src/cli/commands/breaker/list.ts';
import { addNoun, type Io } from '#src/cli/verb.ts';

export function addBreakerCommands(program: Command, io: Io): void {
  const noun = addNoun(program, 'breaker', 'agents that start nothing because their runs failed in a row');
  addList(noun, io);
  addClose(noun, io);
}
