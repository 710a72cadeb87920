import { z } from 'zod';
import { Resources } from '#src/domain/resources.ts';
import { System } from '#src/domain/system.ts';
import { reads, tool } from '#src/mcp/tool.ts';

const getResources = tool({
  name: 'get_resources',
  title: 'What this host has left',
  description:
    'How many runs this host carries and why, what is short so that nothing new starts (shortages, each with the way out), and what each task takes of disk, memory and processors. Ask before starting many tasks, or when none starts.',
  input: z.object({}),
  output: z.object({ system: System, resources: Resources }),
  annotations: reads,
  run: async (client) => ({ system: await client.getSystem(), resources: await client.getResources() }),
});

export const hostTools = [getResources];
