/** Refuses what a task asks of its agents and they cannot be given, as far as that is known before they start. */
import type { Agents } from '#src/agents/registry.ts';
import type { AgentChoice } from '#src/domain/agent-definition.ts';
import { phasesOf, type WorkflowType } from '#src/domain/workflow.ts';
import { SentraError } from '#src/errors.ts';
import { toQueueProject } from '#src/orchestrator/queue.ts';
import type { ProjectRow } from '#src/store/projects.ts';

type Asked = { agent?: string | null | undefined; workflowType: WorkflowType; key?: string } & {
  [Name in keyof AgentChoice]?: string | null | undefined;
};

/** Throws `invalid`. A sentra.json that cannot be read, and an agent that nobody defined, are told when the task starts. */
export function checkChoice(agents: Pick<Agents, 'explainChoice'>, project: ProjectRow, tasks: readonly Asked[]): void {
  const choosing = tasks.filter(({ model, effort }) => model || effort);
  const { config } = choosing.length ? toQueueProject(project) : {};
  if (!config) return;
  for (const { agent = null, model = null, effort = null, workflowType, key } of choosing) {
    const problem = agents.explainChoice({ agent, model, effort }, config, phasesOf[workflowType]);
    if (problem) throw new SentraError('invalid', key === undefined ? problem : `Task "${key}": ${problem}`);
  }
}
