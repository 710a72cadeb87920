import { z } from 'zod';
import { TaskId } from '#src/domain/ids.ts';
import { changes, tool } from '#src/mcp/tool.ts';

const createWorktree = tool({
  name: 'create_worktree',
  title: 'Create a worktree',
  description:
    'Create the git worktree of a task ahead of its run: branch, ports and env files. A workflow makes it by itself when it is missing, so this is only for work by hand.',
  input: z.object({ taskId: TaskId, branchName: z.string().min(1).max(200).optional() }),
  output: z.object({
    taskId: TaskId,
    path: z.string(),
    branchName: z.string(),
    ports: z.record(z.string(), z.number().int()),
  }),
  annotations: changes,
  run: (client, body) => client.createWorktree({ body }),
});

export const worktreeTools = [createWorktree];
