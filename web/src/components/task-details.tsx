import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import { Pencil } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import type { Priority, Task } from '#src/domain/task.ts';
import { messageOf } from '#src/errors.ts';
import { api, tasksQuery } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { Markdown } from '../ui/markdown.tsx';
import { Notice } from '../ui/notice.tsx';
import { Select } from '../ui/select.tsx';
import { priorityLabels, StatusTag, TypeIcon } from './marks.tsx';
import { TaskFields } from './task-fields.tsx';

export function TaskDetails({ task }: { task: Task }) {
  const [editing, setEditing] = useState(false);
  const { data: tasks = [] } = useQuery(tasksQuery(task.projectId));
  const dependencies = task.dependencies.flatMap((id) => tasks.find((other) => other.id === id) ?? []);
  const dependants = tasks.filter((other) => other.dependencies.includes(task.id));
  return (
    <div className="flex max-w-[880px] flex-col gap-6 p-6 max-md:p-4">
      {task.error && (
        <Notice tone="err">
          <p className="font-medium">{task.error.message}</p>
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
      <TaskList title="Depends on" tasks={dependencies} empty="Nothing: it may start at any time." />
      <TaskList title="Waiting for this" tasks={dependants} empty="No task." />
    </div>
  );
}

function TaskList({ title, tasks, empty }: { title: string; tasks: readonly Task[]; empty: string }) {
  return (
    <section className="flex flex-col gap-2">
      <h2 className="text-sm">
        {title} {tasks.length > 0 && <span className="font-normal text-second">{tasks.length}</span>}
      </h2>
      {tasks.length === 0 && <p className="text-second">{empty}</p>}
      {tasks.length > 0 && (
        <ul className="panel overflow-hidden">
          {tasks.map((task) => (
            <li key={task.id} className="border-t border-line first:border-t-0">
              <Link
                to="/tasks/$id"
                params={{ id: task.id }}
                search={({ project }) => ({ project })}
                className="flex min-h-9 items-center gap-2 px-3 hover:bg-raised focus-visible:-outline-offset-2 max-md:min-h-11"
              >
                <TypeIcon type={task.type} />
                <span className="cut flex-1">{task.title}</span>
                <StatusTag status={task.status} />
              </Link>
            </li>
          ))}
        </ul>
      )}
    </section>
  );
}

function EditTask({ task, onDone }: { task: Task; onDone: () => void }) {
  const [draft, setDraft] = useState({ title: task.title, description: task.description, priority: task.priority });
  const queryClient = useQueryClient();
  const save = useMutation({
    mutationFn: () => api.patchTask({ params: { id: task.id }, body: draft }),
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
