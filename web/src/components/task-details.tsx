import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Pencil } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import type { Priority, Task } from '#src/domain/task.ts';
import { messageOf } from '#src/errors.ts';
import { api, tasksQuery } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Code } from '../ui/code.tsx';
import { Field } from '../ui/field.tsx';
import { Markdown } from '../ui/markdown.tsx';
import { Notice } from '../ui/notice.tsx';
import { Select } from '../ui/select.tsx';
import { AgentChoice } from './agent-choice.tsx';
import { priorityLabels } from './marks.tsx';
import { TaskDependencies } from './task-dependencies.tsx';
import { TaskFields } from './task-fields.tsx';
import { TaskList } from './task-list.tsx';
import { TaskPlan } from './task-plan.tsx';

export function TaskDetails({ task }: { task: Task }) {
  const [editing, setEditing] = useState(false);
  const { data: tasks = [] } = useQuery(tasksQuery(task.projectId));
  const dependencies = task.dependencies.flatMap((id) => tasks.find((other) => other.id === id) ?? []);
  const dependants = tasks.filter((other) => other.dependencies.includes(task.id));
  return (
    <div className="flex max-w-[880px] flex-col gap-6 p-6 max-md:p-4">
      {task.error && (
        <Notice tone="err">
          <p className="font-medium">
            <Code text={task.error.message} />
          </p>
          <p className="mt-1 text-body">
            Read the log of the phase that failed, then retry from there; or skip the task to let go on those that wait
            for it.
          </p>
        </Notice>
      )}
      {task.notice && <Notice tone="warn">{task.notice}</Notice>}
      {editing ? (
        <EditTask task={task} onDone={() => setEditing(false)} />
      ) : (
        <section className="flex flex-col gap-2">
          <div className="flex items-center gap-2">
            <h2 className="text-sm">Description</h2>
            <Button look="ghost" size="small" onClick={() => setEditing(true)}>
              <Pencil aria-hidden="true" />
              Edit
            </Button>
          </div>
          {task.description ? (
            <Markdown text={task.description} />
          ) : (
            <p className="text-second">No description: the agent works from the title.</p>
          )}
        </section>
      )}
      <TaskPlan task={task} />
      <TaskDependencies task={task} dependencies={dependencies} />
      <TaskList title="Waiting for this" tasks={dependants} empty="No task." />
    </div>
  );
}

function EditTask({ task, onDone }: { task: Task; onDone: () => void }) {
  const { title, description, priority, model, effort } = task;
  const [draft, setDraft] = useState({ title, description, priority, model, effort });
  const queryClient = useQueryClient();
  const save = useMutation({
    mutationFn: () =>
      api.patchTask({
        params: { id: task.id },
        body: { ...draft, model: draft.model || null, effort: draft.effort || null },
      }),
    onSuccess: async (changed) => {
      queryClient.setQueryData(['task', task.id], changed);
      onDone();
      await queryClient.invalidateQueries({ queryKey: ['tasks'] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    save.mutate();
  };
  return (
    <form onSubmit={submit} aria-label="Edit task" className="flex flex-col gap-4">
      <TaskFields
        title={draft.title}
        description={draft.description}
        onChange={(change) => setDraft({ ...draft, ...change })}
        hint="Markdown. A run that is under way keeps what it was given."
      />
      <Field label="Priority">
        {(props) => (
          <Select
            {...props}
            className="w-40"
            options={Object.entries(priorityLabels).map(([value, label]) => ({ value, label }))}
            value={draft.priority}
            onValue={(value) => setDraft({ ...draft, priority: value as Priority })}
          />
        )}
      </Field>
      <AgentChoice
        agent={task.agent ?? ''}
        model={draft.model ?? ''}
        effort={draft.effort ?? ''}
        onChange={(change) => setDraft({ ...draft, ...change })}
      />
      {save.isError && <Notice tone="err">{messageOf(save.error)}</Notice>}
      <div className="flex gap-2">
        <Button type="submit" look="primary" disabled={save.isPending}>
          Save
        </Button>
        <Button onClick={onDone}>Discard</Button>
      </div>
    </form>
  );
}
