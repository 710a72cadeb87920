import { Split, Trash2 } from 'lucide-react';
import { type FormEvent, useMemo, useState } from 'react';
import type { BatchTask } from '#src/domain/task.ts';
import { changeTask, type ProposedChange, type ProposedTasks, splitTask } from '../analyst.ts';
import { plural } from '../format.ts';
import { Button } from '../ui/button.tsx';
import { DependencyPicker } from './dependency-picker.tsx';
import { KindFields } from './kind-fields.tsx';
import { TaskFields } from './task-fields.tsx';

type Props = {
  task: BatchTask;
  tasks: ProposedTasks;
  projectId: string;
  /** How many wait for it. */
  waiting: number;
  onEdit: (tasks: ProposedTasks) => void;
  onDrop: () => void;
};

/** One proposed task: what is written in it is kept when its field is left. */
export function ProposalEditor({ task, tasks, projectId, waiting, onEdit, onDrop }: Props) {
  const { key, type, priority, dependencies } = task;
  const change = (fields: ProposedChange) => onEdit(changeTask(tasks, key, fields));
  const others = useMemo(
    () =>
      tasks
        .filter((other) => other.key !== key)
        .map((other) => ({ id: other.key, title: other.title, note: 'Proposed' })),
    [tasks, key],
  );
  return (
    <section aria-label={task.title} className="flex flex-col gap-4">
      <p className="flex flex-wrap items-center gap-x-3 text-xs text-second">
        <span className="mono wrap-anywhere">{key}</span>
        {waiting === 0 ? 'Nothing waits for it' : `${plural(waiting, 'task waits', 'tasks wait')} for it`}
      </p>
      <Words task={task} onChange={change} />
      <KindFields type={type} priority={priority} onChange={change} />
      <DependencyPicker
        projectId={projectId}
        chosen={dependencies}
        more={others}
        onChange={(ids) => change({ dependencies: ids })}
      />
      <div className="flex flex-wrap gap-2">
        <Button onClick={() => onEdit(splitTask(tasks, key))}>
          <Split aria-hidden="true" />
          Split in two
        </Button>
        <Button look="danger" onClick={onDrop}>
          <Trash2 aria-hidden="true" />
          Drop
        </Button>
      </div>
    </section>
  );
}

type WordsProps = { task: BatchTask; onChange: (change: ProposedChange) => void };

function Words({ task: { title, description }, onChange }: WordsProps) {
  const [saved, setSaved] = useState({ title, description });
  const [written, setWritten] = useState(saved);
  if (saved.title !== title || saved.description !== description) {
    setSaved({ title, description });
    setWritten({ title, description });
  }
  const keep = () => {
    const next = { title: written.title.trim() || title, description: written.description };
    setWritten(next);
    if (next.title !== title || next.description !== description) onChange(next);
  };
  const submit = (event: FormEvent) => {
    event.preventDefault();
    keep();
  };
  return (
    <form onSubmit={submit} onBlur={keep} className="flex flex-col gap-4 [&_textarea]:min-h-56">
      <TaskFields {...written} onChange={(change) => setWritten((before) => ({ ...before, ...change }))} />
    </form>
  );
}
