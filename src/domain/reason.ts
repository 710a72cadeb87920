import { z } from 'zod';

/**
 * Why a task does not run: a code for programs, a sentence for people, the task that is in the way, and when it ends by itself
 * (ISO 8601) where that is known.
 */
export const Reason = z.object({
  code: z.string(),
  message: z.string(),
  taskId: z.string().optional(),
  until: z.string().optional(),
});
export type Reason = z.infer<typeof Reason>;
