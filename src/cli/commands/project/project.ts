import type { Command } from 'commander';
import { addAdd } from '#src/cli/commands/project/add.ts';
import { addList } from '#src/cli/commands/project/list.ts';
import { addLogs } from '#src/cli/commands/project/logs.ts';
import { addMerges } from '#src/cli/commands/project/merges.ts';
import { addPause, addResume } from '#src/cli/commands/project/pause.ts';
import { addPrompt } from '#src/cli/commands/project/prompt.ts';
import { addRemove } from '#src/cli/commands/project/remove.ts';
import { addShow } from '#src/cli/commands/project/show.ts';
import { addTrust } from '#src/cli/commands/project/trust.ts';
import { addNoun, type Io } from '#src/cli/verb.ts';

export function addProjectCommands(program: Command, io: Io): void {
  const project = addNoun(program, 'project', 'registered repositories');
  addAdd(project, io);
  addList(project, io);
  addShow(project, io);
  addPause(project, io);
  addResume(project, io);
  addLogs(project, io);
  addMerges(project, io);
  addTrust(project, io);
  addPrompt(project, io);
  addRemove(project, io);
}
