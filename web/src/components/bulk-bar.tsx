import { X } from 'lucide-react';
import { useState } from 'react';
import type { Priority, Task } from '#src/domain/task.ts';
import { plural } from '../format.ts';
import { type BulkState, useBulk } from '../hooks/use-bulk.ts';
import { perform } from '../hooks/use-task-action.ts';
import { api } from '../queries.ts';
import { allowedFor, type BulkAction, bulkActions } from '../table.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Notice } from '../ui/notice.tsx';
import { Select } from '../ui/select.tsx';
import { priorityLabels } from './marks.tsx';

const looks: Record<BulkAction, { label: string; asks?: string; refusal: string }> = {
  start: { label: 'Start', refusal: 'none of them is ready' },
  retry: { label: 'Retry', refusal: 'only failed and cancelled tasks are retried' },
  merge: {
    label: 'Merge',
    asks: 'Each goes into its base branch, one after another, tested before it does. One that conflicts or is red stays as it is and says so.',
    refusal: 'none of them has an open pull request',
  },
  cancel: {
    label: 'Cancel',
    asks: 'Their agents are stopped and their worktrees removed. Work that is not merged is saved first.',
    refusal: 'all of them are over',
  },
  skip: {
    label: 'Skip',
    asks: 'They are given up, and tasks that wait for them go on without them.',
    refusal: 'what is at work is cancelled first',
  },
};

type Props = { tasks: readonly Task[]; onClear: () => void };

/** What may be done with the chosen tasks, and how far it is. */
export function BulkBar({ tasks, onClear }: Props) {
  const { state, run, clear } = useBulk();
  const [asked, setAsked] = useState<BulkAction>();
  const isBusy = state !== undefined && state.done < state.total;
  const go = (action: BulkAction) => {
    setAsked(undefined);
    void run(looks[action].label, allowedFor(action, tasks), (task) => perform(task.id, { name: action }));
  };
  const prioritise = (priority: Priority) =>
    void run('Set priority', tasks, (task) => api.patchTask({ params: { id: task.id }, body: { priority } }));
  return (
    <section
      aria-label="Chosen tasks"
      className="flex flex-none flex-col gap-2 border-b border-line bg-surface px-4 py-2"
    >
      <div className="flex flex-wrap items-center gap-2">
        <strong className="font-medium">{plural(tasks.length, 'task')} chosen</strong>
        {bulkActions.map((action) => {
          const many = allowedFor(action, tasks).length;
          return (
            <Button
              key={action}
              size="small"
              disabled={isBusy}
              why={many === 0 ? looks[action].refusal : undefined}
              onClick={() => (looks[action].asks ? setAsked(action) : go(action))}
            >
              {looks[action].label} {many > 0 && many < tasks.length ? many : ''}
            </Button>
          );
        })}
        <Select
          className="select-quiet"
          aria-label="Set priority"
          value=""
          options={[
            { value: '', label: 'Priority…' },
            ...Object.entries(priorityLabels).map(([value, label]) => ({ value, label })),
          ]}
          onValue={(value) => value && prioritise(value as Priority)}
        />
        <Button look="ghost" size="small" className="ml-auto" onClick={onClear}>
          <X aria-hidden="true" />
          Choose none
        </Button>
      </div>
      {state && <Progress state={state} onClose={clear} />}
      {asked && (
        <Dialog
          open
          onOpenChange={() => setAsked(undefined)}
          title={`${looks[asked].label} ${plural(allowedFor(asked, tasks).length, 'task')}`}
          description={looks[asked].asks}
        >
          <div className="flex justify-end gap-2 p-4">
            <Button onClick={() => setAsked(undefined)}>Not now</Button>
            <Button look="primary" onClick={() => go(asked)}>
              {looks[asked].label} {plural(allowedFor(asked, tasks).length, 'task')}
            </Button>
          </div>
        </Dialog>
      )}
    </section>
  );
}

function Progress({ state: { label, done, total, failures }, onClose }: { state: BulkState; onClose: () => void }) {
  return (
    <div role="status" className="flex flex-col gap-2">
      <p className="flex items-center gap-2 text-second">
        {label}: {done} of {total}
        {failures.length > 0 && `, ${failures.length} refused`}
        {done === total && (
          <Button look="ghost" size="small" onClick={onClose}>
            Close
          </Button>
        )}
      </p>
      {failures.length > 0 && (
        <Notice tone="err">
          {failures.slice(0, 5).map(({ task, message }) => (
            <p key={task.id} className="wrap-anywhere">
              {task.title}: {message}
            </p>
          ))}
          {failures.length > 5 && <p>And {failures.length - 5} more.</p>}
        </Notice>
      )}
    </div>
  );
}
