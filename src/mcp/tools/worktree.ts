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

const removeWorktree = tool({
  name: 'remove_worktree',
  title: 'Remove a worktree',
  description:
    'Remove the worktree of a failed, pending, cancelled, completed or skipped task, with its branch and ports. Work that is not merged is saved as a patch first; saved names it.',
  input: z.object({ taskId: TaskId }),
  output: z.object({ taskId: TaskId, path: z.string(), saved: z.string().nullable() }),
  annotations: { ...changes, destructiveHint: true },
  run: (client, params) => client.removeWorktree({ params }),
});

export const worktreeTools = [createWorktree, removeWorktree];
