import type { Command } from 'commander';
import { addList } from '#src/cli/commands/agent/list.ts';
import { addNoun, type Io } from '#src/cli/verb.ts';

export function addAgentCommands(program: Command, io: Io): void {
  addList(addNoun(program, 'agent', 'see which agents tasks may name'), io);
}
