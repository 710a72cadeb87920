import { z } from 'zod';
import { AdwId, TaskId } from '#src/domain/ids.ts';
import { PhaseAttempt } from '#src/domain/phase.ts';
import { RunStatus, WorkflowType } from '#src/domain/workflow.ts';

/** One execution of a workflow for a task; its id is the ADW id. */
export const Run = z
  .object({
    adwId: AdwId,
    taskId: TaskId,
    workflowType: WorkflowType,
    status: RunStatus,
    error: z.object({ code: z.string(), message: z.string() }).nullable(),
    createdAt: z.string(),
    startedAt: z.string().nullable(),
    endedAt: z.string().nullable(),
    /** Of all its processes at one moment, in bytes, and their processor time; both grow while it is at work. */
    peakMemory: z.number(),
    cpuSeconds: z.number(),
    phases: z.array(PhaseAttempt),
  })
  .meta({ id: 'Run' });
export type Run = z.infer<typeof Run>;
