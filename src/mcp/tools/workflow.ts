import { z } from 'zod';
import type { Client } from '#src/client/client.ts';
import { AdwId, TaskId } from '#src/domain/ids.ts';
import { phaseNames } from '#src/domain/phase.ts';
import { phasesOf, RunStatus, WorkflowType, workflowTypes } from '#src/domain/workflow.ts';
import { SentraError } from '#src/errors.ts';
import { changes, reads, tool } from '#src/mcp/tool.ts';

const listWorkflows = tool({
  name: 'list_workflows',
  title: 'List workflows',
  description: 'The workflows that execute_workflow can start, each with the phases that it goes through.',
  input: z.object({}),
  output: z.object({ items: z.array(z.object({ name: WorkflowType, phases: z.array(z.enum(phaseNames)) })) }),
  annotations: reads,
  run: async () => ({ items: workflowTypes.map((name) => ({ name, phases: [...phasesOf[name]] })) }),
});

const executeWorkflow = tool({
  name: 'execute_workflow',
  title: 'Start a workflow',
  description:
    'Start a workflow for a task and answer at once with the id of the run (adwId); follow it with get_task or get_logs. full_sdlc goes through PLAN, CODE, TEST and REVIEW and opens a pull request. Leave adwId out to start a run; with the adwId of a run of this task, that run is answered and nothing is started.',
  input: z.object({ workflowName: WorkflowType, taskId: TaskId, adwId: AdwId.optional() }),
  output: z.object({ message: z.string(), taskId: TaskId, adwId: AdwId, status: RunStatus.optional() }),
  annotations: changes,
  async run(client, { workflowName, taskId, adwId }) {
    if (adwId) return getRun(client, taskId, adwId);
    return client.executeTask({ params: { taskId }, body: { workflowType: workflowName } });
  },
});

async function getRun(client: Client, taskId: string, adwId: string) {
  const { items } = await client.listRuns({ params: { id: taskId } });
  const run = items.find((r) => r.adwId === adwId);
  if (run) return { message: `Workflow ${run.workflowType} was started before`, taskId, adwId, status: run.status };
  throw new SentraError(
    'not_found',
    `${taskId} has no run ${adwId}. Sentra gives each run its id: leave adwId out to start a new one.`,
  );
}

export const workflowTools = [listWorkflows, executeWorkflow];
