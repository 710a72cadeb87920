/** Tells the circuit breaker how a run ended. */
import { type Failure, SentraError } from '#src/errors.ts';
import { noteRunEnd } from '#src/store/breakers.ts';
import type { Change } from '#src/store/change.ts';
import { getProjectRow } from '#src/store/projects.ts';
import { getTaskRow } from '#src/store/tasks.ts';
import type { Parts } from '#src/workflows/parts.ts';
import { readProjectConfig } from '#src/workflows/project-settings.ts';
import { type FailureKind, ruleOf } from '#src/workflows/recovery.ts';

/** What says nothing of the next task: people's decisions, and what this task's own code came to. */
const silent: ReadonlySet<FailureKind> = new Set(['cancelled', 'rate_limit', 'budget', 'tests', 'review', 'conflict']);

/** Belongs in the transaction that ends the run; `failure` null is a success. */
export async function tellBreaker(
  parts: Pick<Parts, 'agents'>,
  { tx, record }: Change,
  taskId: string,
  failure: Failure | null,
): Promise<void> {
  const kind = failure && ruleOf(failure.code).kind;
  if (kind && silent.has(kind)) return;
  const task = await getTaskRow(tx, taskId);
  const agent = await findAgent(parts, tx, task);
  if (agent === undefined) return;
  const key = { projectId: task.projectId, agent };
  const changed = await noteRunEnd(tx, key, kind && failure ? { kind, message: failure.message } : null);
  if (changed) record({ type: 'breaker.changed', projectId: task.projectId, data: { agent } });
}

/** The agent that codes; undefined where sentra.json cannot be read or names none that there is. */
async function findAgent(
  { agents }: Pick<Parts, 'agents'>,
  tx: Change['tx'],
  task: { projectId: string; agent: string | null },
): Promise<string | undefined> {
  try {
    return agents.driverFor(task.agent, readProjectConfig(await getProjectRow(tx, task.projectId)), 'CODE').name;
  } catch (e) {
    if (e instanceof SentraError && e.code !== 'database_unavailable') return undefined;
    throw e;
  }
}
