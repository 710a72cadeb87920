import { z } from 'zod';
import { DevServer } from '#src/domain/dev-server.ts';
import { TaskId } from '#src/domain/ids.ts';
import { changes, tool } from '#src/mcp/tool.ts';

const input = z.object({
  taskId: TaskId,
  names: z
    .array(z.string().max(32))
    .max(20)
    .optional()
    .describe('Those of sentra.json that are meant; all when left out.'),
});
const output = z.object({ items: z.array(z.object(DevServer.shape)) });

const startDevServers = tool({
  name: 'start_dev_servers',
  title: 'Start dev servers',
  description:
    "Start the dev servers that a task's project defines under dev in sentra.json, in the task's worktree. Answers at once: state goes from starting to ready (see get_task). A person who is logged in sees each at its url. Tasks labelled ui or e2e have them by themselves while they run.",
  input,
  output,
  annotations: { ...changes, idempotentHint: true },
  run: (client, { taskId, ...body }) => client.startDevServers({ params: { id: taskId }, body }),
});

const stopDevServers = tool({
  name: 'stop_dev_servers',
  title: 'Stop dev servers',
  description: 'Stop the dev servers of a task, all unless names are given.',
  input,
  output,
  annotations: { ...changes, idempotentHint: true },
  run: (client, { taskId, ...body }) => client.stopDevServers({ params: { id: taskId }, body }),
});

export const devServerTools = [startDevServers, stopDevServers];
