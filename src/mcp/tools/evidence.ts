import { z } from 'zod';
import { Evidence } from '#src/domain/evidence.ts';
import { TaskId } from '#src/domain/ids.ts';
import { PhaseName } from '#src/domain/phase.ts';
import { reads, tool } from '#src/mcp/tool.ts';

const getEvidence = tool({
  name: 'get_evidence',
  title: 'Get what proves a task',
  description:
    'What Sentra itself saw of each phase: the plan and what it names, the diff, checks and tests that it ran with the cases that failed and why, the verdict of review. passed false with its summary says why a phase did not count.',
  input: z.object({ taskId: TaskId, phase: PhaseName.optional().describe('Only this phase.') }),
  output: z.object({ items: z.array(z.object(Evidence.shape)) }),
  annotations: reads,
  async run(client, { taskId, phase }) {
    const { items } = await client.listEvidence({ params: { id: taskId } });
    return { items: items.filter((item) => !phase || item.phase === phase) };
  },
});

export const evidenceTools = [getEvidence];
