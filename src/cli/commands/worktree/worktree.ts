import type { Command } from 'commander';
import { addList } from '#src/cli/commands/worktree/list.ts';
import { addNoun, type Io } from '#src/cli/verb.ts';

export function addWorktreeCommands(program: Command, io: Io): void {
  addList(addNoun(program, 'worktree', 'the worktrees of tasks on this host'), io);
}
