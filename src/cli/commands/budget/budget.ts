import type { Command } from 'commander';
import { addSet } from '#src/cli/commands/budget/set.ts';
import { addShow } from '#src/cli/commands/budget/show.ts';
import { getProject, getTaskId } from '#src/cli/find.ts';
import { addNoun, type Io } from '#src/cli/verb.ts';
import type { Client } from '#src/client/client.ts';
import type { BudgetOwner } from '#src/domain/cost.ts';

export function addBudgetCommands(program: Command, io: Io): void {
  const noun = addNoun(program, 'budget', 'how much may be spent on models');
  addShow(noun, io);
  addSet(noun, io);
}

export type OwnerOptions = { project?: string; task?: string; server?: true };

/** The task or project that is named, the server, or the project around here. */
export async function getOwner(
  client: Client,
  { project, task, server }: OwnerOptions,
  cwd: string,
): Promise<BudgetOwner> {
  if (server) return {};
  if (task !== undefined) return { taskId: await getTaskId(client, task) };
  return { projectId: (await getProject(client, project, cwd)).id };
}
