import { z } from 'zod';
import { TaskId } from '#src/domain/ids.ts';

export const MessageText = z.string().trim().min(1, 'say something').max(20_000);

/**
 * What a person says to the agent of a task. `waiting`: for the agent's next turn, or the next session. `delivered`: an agent has it,
 * in `sessionId`; one whose session was cut off is said again in the next one.
 */
export const Message = z
  .object({
    id: z.number().int(),
    taskId: TaskId,
    text: z.string(),
    interrupt: z.boolean(),
    state: z.enum(['waiting', 'delivered']),
    createdAt: z.string(),
    deliveredAt: z.string().nullable(),
    sessionId: z.string().nullable(),
    phase: z.string().nullable(),
  })
  .meta({ id: 'Message' });
export type Message = z.infer<typeof Message>;
