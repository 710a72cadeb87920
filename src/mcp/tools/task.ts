import { z } from 'zod';
import { ProjectId, TaskId } from '#src/domain/ids.ts';
import { phaseNames } from '#src/domain/phase.ts';
import { BatchTask, NewTask, Priority, Task, TaskPatch, TaskStatus, TaskType } from '#src/domain/task.ts';
import { TaskEnvironment } from '#src/domain/task-environment.ts';
import { changes, reads, tool } from '#src/mcp/tool.ts';

/** Without the schema's id, so that it stands at the root of a tool's answer. */
export const TaskAnswer = z.object(Task.shape);
const Summary = TaskAnswer.pick({
  id: true,
  projectId: true,
  title: true,
  status: true,
  phase: true,
  type: true,
  priority: true,
  dependencies: true,
  error: true,
});

const createTask = tool({
  name: 'create_task',
  title: 'Create a task',
  description:
    'Ask for a piece of work in a project. A title is enough; a description tells the agent what is wanted. With autoStart true it runs as soon as its dependencies are completed, else start it with execute_workflow. Answers the task with its id.',
  input: z.object(NewTask.shape),
  output: TaskAnswer,
  annotations: changes,
  run: (client, body) => client.createTask({ body }),
});

const createTasks = tool({
  name: 'create_tasks',
  title: 'Create a graph of tasks',
  description:
    'Create several tasks at once, all or nothing. Each has a key of your choice; dependencies name keys of this call or ids of existing tasks. Cycles are refused. Answers the tasks in the order given, each with its key.',
  input: z.object({ projectId: ProjectId, tasks: z.array(BatchTask).min(1).max(10_000) }),
  output: z.object({ items: z.array(TaskAnswer.extend({ key: z.string() })) }),
  annotations: changes,
  run: (client, body) => client.createTasks({ body }),
});

const listTasks = tool({
  name: 'list_tasks',
  title: 'List tasks',
  description:
    'Tasks, newest first, in short form; every filter is optional. Call get_task for one in full. nextCursor is set when there are more: pass it as cursor.',
  input: z.object({
    projectId: ProjectId.optional(),
    status: TaskStatus.optional(),
    type: TaskType.optional(),
    priority: Priority.optional(),
    phase: z.enum(phaseNames).optional(),
    q: z.string().max(200).optional().describe('Text in title or description.'),
    limit: z.number().int().min(1).max(1000).default(100),
    cursor: z.string().max(200).optional(),
  }),
  output: z.object({ items: z.array(Summary), nextCursor: z.string().optional() }),
  annotations: reads,
  async run(client, query) {
    const page = await client.listTasks({ query });
    return { ...page, items: page.items.map((task) => z.object(Summary.shape).parse(task)) };
  },
});

const getTask = tool({
  name: 'get_task',
  title: 'Get a task',
  description:
    'One task in full: status, phases, branch, worktree path, ports, pull request, error, cost. Statuses: blocked (waits for a dependency), pending (ready), queued, running, in_review (pull request open), completed, failed, cancelled, skipped.',
  input: z.object({ taskId: TaskId }),
  output: TaskAnswer,
  annotations: reads,
  run: (client, { taskId }) => client.getTask({ params: { id: taskId } }),
});

const getEnvironment = tool({
  name: 'get_environment',
  title: "Get a task's environment",
  description:
    'What the worktree of a task was given: its ports, the ports of other tasks of the project (peers: what it waits for, what waits for it, the rest), how each step of its set-up went, and its own database. Ports are there while a task has a worktree.',
  input: z.object({ taskId: TaskId }),
  output: z.object(TaskEnvironment.shape),
  annotations: reads,
  run: (client, { taskId }) => client.getEnvironment({ params: { id: taskId } }),
});

const updateTask = tool({
  name: 'update_task',
  title: 'Change a task',
  description:
    'Change fields of a task; those left out stay. dependencies replaces all of them, addDependencies and removeDependencies change single ones; a cycle is refused and named. Answers the task. Status is not a field: use the actions.',
  input: z.object({ taskId: TaskId }).extend(TaskPatch.shape),
  output: TaskAnswer,
  annotations: { ...changes, idempotentHint: true },
  run: (client, { taskId, ...body }) => client.patchTask({ params: { id: taskId }, body }),
});

export const taskTools = [createTask, createTasks, listTasks, getTask, getEnvironment, updateTask];
