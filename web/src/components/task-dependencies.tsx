import { useMutation, useQueryClient } from '@tanstack/react-query';
import { Pencil } from 'lucide-react';
import { useState } from 'react';
import { whyNot } from '#src/domain/actions.ts';
import { isGivenUp } from '#src/domain/status.ts';
import type { Task, TaskPatch } from '#src/domain/task.ts';
import { messageOf } from '#src/errors.ts';
import { useTaskAction } from '../hooks/use-task-action.ts';
import { api } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';
import { DependencyPicker } from './dependency-picker.tsx';
import { TaskList } from './task-list.tsx';

/** What a task waits for: to look at, to change, and where one of them has failed the ways on. */
export function TaskDependencies({ task, dependencies }: { task: Task; dependencies: readonly Task[] }) {
  const [chosen, setChosen] = useState<readonly string[]>();
  const patch = usePatch(task.id, () => setChosen(undefined));
  const save = (ids: readonly string[]) =>
    patch.mutate({
      addDependencies: ids.filter((id) => !task.dependencies.includes(id)),
      removeDependencies: task.dependencies.filter((id) => !ids.includes(id)),
    });
  return (
    <div className="flex flex-col gap-3">
      <TaskList
        title="Depends on"
        tasks={dependencies}
        empty="Nothing: it may start at any time."
        change={
          chosen === undefined && (
            <Button look="ghost" size="small" onClick={() => setChosen(task.dependencies)}>
              <Pencil aria-hidden="true" />
              Change
            </Button>
          )
        }
        more={(dependency) =>
          isGivenUp(dependency.status) &&
          task.status === 'blocked' && (
            <WaysOn dependency={dependency} onDrop={() => patch.mutate({ removeDependencies: [dependency.id] })} />
          )
        }
      />
      {chosen && (
        <form
          aria-label="Change dependencies"
          className="flex flex-col gap-3"
          onSubmit={(event) => {
            event.preventDefault();
            save(chosen);
          }}
        >
          <DependencyPicker projectId={task.projectId} chosen={chosen} onChange={setChosen} />
          <div className="flex gap-2">
            <Button type="submit" look="primary" disabled={patch.isPending}>
              Save
            </Button>
            <Button
              onClick={() => {
                setChosen(undefined);
                patch.reset();
              }}
            >
              Discard
            </Button>
          </div>
        </form>
      )}
      {patch.isError && <Notice tone="err">{messageOf(patch.error)}</Notice>}
    </div>
  );
}

/** It will not be completed by itself. */
function WaysOn({ dependency, onDrop }: { dependency: Task; onDrop: () => void }) {
  const action = useTaskAction(dependency.id);
  return (
    <div className="flex flex-wrap items-center gap-2 px-3 pb-2">
      <span className="text-second">This task waits for it:</span>
      {(['retry', 'skip'] as const).map((name) => (
        <Button key={name} size="small" why={whyNot(name, dependency)} onClick={() => action.mutate({ name })}>
          {name === 'retry' ? 'Retry it' : 'Skip it'}
        </Button>
      ))}
      <Button size="small" onClick={onDrop}>
        Drop the dependency
      </Button>
      {action.isError && <Notice tone="err">{messageOf(action.error)}</Notice>}
    </div>
  );
}

function usePatch(id: string, onDone: () => void) {
  const queryClient = useQueryClient();
  return useMutation({
    mutationFn: (body: TaskPatch) => api.patchTask({ params: { id }, body }),
    onSuccess: async (changed) => {
      queryClient.setQueryData(['task', id], changed);
      onDone();
      await queryClient.invalidateQueries({ queryKey: ['tasks'] });
    },
  });
}
