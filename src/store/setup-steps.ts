/** How each step of a task's set-up went the last time. */

import { type SetupStep, type SetupStepName, setupStepNames } from '#src/domain/task-environment.ts';
import type { Queryable } from '#src/store/database.ts';
import { and, asc, eq, sql } from '#src/store/drizzle.ts';
import { setupSteps } from '#src/store/schema-host.ts';
import { toIso, toIsoOrNull } from '#src/store/time.ts';

export type SetupStepKey = {
  taskId: string;
  name: SetupStepName;
  /** The folder and the command, in whatever words: only what was done in the same ones counts as done. */
  circumstances: string;
};

export async function isSetupStepDone(db: Queryable, { taskId, name, circumstances }: SetupStepKey): Promise<boolean> {
  const [row] = await db
    .select()
    .from(setupSteps)
    .where(and(eq(setupSteps.taskId, taskId), eq(setupSteps.name, name)));
  return row?.state === 'passed' && row.circumstances === circumstances;
}

export type SetupStepState = Pick<SetupStep, 'state' | 'command' | 'exitCode' | 'summary' | 'adwId'> & {
  /** So far. */
  durationMs: number;
};

/** Keeps how a step stands, in place of how it went the time before. */
export async function putSetupStep(tx: Queryable, key: SetupStepKey, step: SetupStepState): Promise<void> {
  const isOver = step.state !== 'running';
  const row = {
    ...key,
    ...step,
    ordinal: setupStepNames.indexOf(key.name),
    durationMs: isOver ? step.durationMs : null,
    startedAt: sql`now() - ${step.durationMs} * interval '1 millisecond'`,
    endedAt: isOver ? sql`now()` : null,
  };
  await tx
    .insert(setupSteps)
    .values(row)
    .onConflictDoUpdate({ target: [setupSteps.taskId, setupSteps.name], set: row });
}

export async function forgetSetupStep(tx: Queryable, taskId: string, name: SetupStepName): Promise<void> {
  await tx.delete(setupSteps).where(and(eq(setupSteps.taskId, taskId), eq(setupSteps.name, name)));
}

export async function listSetupSteps(db: Queryable, taskId: string): Promise<SetupStep[]> {
  const rows = await db.select().from(setupSteps).where(eq(setupSteps.taskId, taskId)).orderBy(asc(setupSteps.ordinal));
  return rows.map(({ name, state, command, exitCode, summary, durationMs, adwId, startedAt, endedAt }) => ({
    name: name as SetupStepName,
    state: state as SetupStep['state'],
    command,
    exitCode,
    summary,
    durationMs,
    adwId,
    startedAt: toIso(startedAt),
    endedAt: toIsoOrNull(endedAt),
  }));
}
