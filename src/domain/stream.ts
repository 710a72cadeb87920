/** What goes over the WebSocket that carries many streams: requests from the client, and what the server sends. */
import { z } from 'zod';
import { Event } from '#src/domain/event.ts';
import { TaskId } from '#src/domain/ids.ts';
import { LogFilter, LogLine } from '#src/domain/log.ts';

/** Chosen by the client, for one stream of its socket. */
const StreamId = z.string().min(1).max(100);

export const StreamRequest = z.union([
  z.strictObject({ follow: StreamId, logs: LogFilter.extend({ taskId: TaskId }) }),
  z.strictObject({ follow: StreamId, events: z.strictObject({ after: z.number().int().min(0).optional() }) }),
  z.strictObject({ leave: StreamId }),
]);
export type StreamRequest = z.infer<typeof StreamRequest>;

/** A stream that has an error is over; an error without `id` is about a request that could not be read. */
export const StreamMessage = z.object({
  id: z.string().optional(),
  lines: z.array(LogLine).optional(),
  events: z.array(Event).optional(),
  error: z.object({ code: z.string(), message: z.string() }).optional(),
});
export type StreamMessage = z.infer<typeof StreamMessage>;

/** On one socket. */
export const mostStreams = 500;
