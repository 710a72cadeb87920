import { z } from 'zod';
import type { PhaseName } from '#src/domain/phase.ts';

export const workflowTypes = [
  'plan',
  'code',
  'test',
  'review',
  'plan_code',
  'code_test',
  'iterative_code_test',
  'full_sdlc',
] as const;
export const WorkflowType = z.enum(workflowTypes);
export type WorkflowType = z.infer<typeof WorkflowType>;

/** The phases that a workflow may go through, in their order. */
export const phasesOf: Record<WorkflowType, readonly PhaseName[]> = {
  plan: ['PLAN'],
  code: ['CODE'],
  test: ['TEST'],
  review: ['REVIEW'],
  plan_code: ['PLAN', 'CODE'],
  code_test: ['CODE', 'TEST'],
  iterative_code_test: ['CODE', 'TEST'],
  full_sdlc: ['PLAN', 'CODE', 'TEST', 'REVIEW'],
};

export const RunStatus = z.enum(['queued', 'running', 'completed', 'failed', 'cancelled']);
export type RunStatus = z.infer<typeof RunStatus>;
