import { z } from 'zod';
import { AdwId, TaskId } from '#src/domain/ids.ts';
import { Span, spanKinds } from '#src/domain/span.ts';
import { RunStatus } from '#src/domain/workflow.ts';
import { reads, tool } from '#src/mcp/tool.ts';

const getTimeline = tool({
  name: 'get_timeline',
  title: 'Get the timeline of a run',
  description:
    "What a run of a task did when, as a tree of spans: phases, attempts, agent sessions, the project's tests, waits (for a slot, a dependency, a limit, a person) and interruptions, with what each cost. Use it to find where time and money went, or what a task waits for. kinds adds others, for example tool and step; line is the seq to read on from with get_logs.",
  input: z.object({
    taskId: TaskId,
    run: AdwId.optional().describe('Another run than the newest.'),
    kinds: z
      .array(z.enum(spanKinds))
      .min(1)
      .default(['run', 'phase', 'attempt', 'session', 'test', 'wait', 'merge'])
      .describe('Only spans of these kinds.'),
  }),
  output: z.object({
    adwId: AdwId.nullable(),
    status: RunStatus.nullable(),
    spans: z.array(z.object(Span.shape)),
    now: z.string(),
  }),
  annotations: reads,
  async run(client, { taskId, run, kinds }) {
    const timeline = await client.getTimeline({ params: { id: taskId }, query: { run } });
    return {
      adwId: timeline.run?.adwId ?? null,
      status: timeline.run?.status ?? null,
      spans: timeline.spans.filter(({ kind }) => kinds.includes(kind)),
      now: timeline.now,
    };
  },
});

export const runTools = [getTimeline];
