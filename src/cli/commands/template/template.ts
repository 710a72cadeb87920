import type { Command } from 'commander';
import { addAdd } from '#src/cli/commands/template/add.ts';
import { addList } from '#src/cli/commands/template/list.ts';
import { addRemove } from '#src/cli/commands/template/remove.ts';
import { addNoun, type Io } from '#src/cli/verb.ts';

export function addTemplateCommands(program: Command, io: Io): void {
  const noun = addNoun(program, 'template', 'what new tasks can be filled from');
  addAdd(noun, io);
  addList(noun, io);
  addRemove(noun, io);
}
