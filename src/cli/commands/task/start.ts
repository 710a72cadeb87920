import type { Command } from 'commander';
import { getTaskId } from '#src/cli/find.ts';
import { print } from '#src/cli/output.ts';
import { addVerb, choice, type Io, type JsonOption, taskArgument } from '#src/cli/verb.ts';
import { type PhaseName, phaseNames } from '#src/domain/phase.ts';
import { type WorkflowType, workflowTypes } from '#src/domain/workflow.ts';

type Options = JsonOption & { workflow?: WorkflowType; from?: PhaseName };

export function addStart(noun: Command, io: Io): void {
  addVerb(noun, {
    name: 'start',
    description: 'start a workflow for a task',
    examples: [
      'sentra task start 01234567',
      'sentra task start 01234567 --workflow plan',
      'sentra task start 01234567 --from CODE',
    ],
  })
    .addArgument(taskArgument())
    .addOption(choice('--workflow <workflow>', "the workflow; the default is the task's own", workflowTypes))
    .addOption(choice('--from <phase>', 'begin in this phase: CODE goes by the plan that there is', phaseNames))
    .action((given: string, options: Options) => start(io, given, options));
}

async function start(io: Io, given: string, options: Options): Promise<void> {
  const client = await io.client();
  const taskId = await getTaskId(client, given);
  const { workflow, from } = options;
  const body = { ...(workflow ? { workflowType: workflow } : {}), ...(from ? { fromPhase: from } : {}) };
  const answer = await client.executeTask({ params: { taskId }, body }, { signal: io.signal });
  print(io, options, answer, (a) => `${a.message}: ${a.taskId}, run ${a.adwId}`);
}
