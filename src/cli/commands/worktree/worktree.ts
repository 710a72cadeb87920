import type { Command } from 'commander';
import { addClean } from '#src/cli/commands/worktree/clean.ts';
import { addList } from '#src/cli/commands/worktree/list.ts';
import { addRemove } from '#src/cli/commands/worktree/remove.ts';
import { addRestore } from '#src/cli/commands/worktree/restore.ts';
import { addNoun, type Io } from '#src/cli/verb.ts';

export function addWorktreeCommands(program: Command, io: Io): void {
  const noun = addNoun(program, 'worktree', 'the worktrees of tasks on this host');
  for (const add of [addList, addClean, addRemove, addRestore]) add(noun, io);
}
