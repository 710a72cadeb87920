/** Many tasks at once, out of a list that is pasted or chosen: shown as it is read, created all or none. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, type ReactNode, useDeferredValue, useId, useMemo, useState } from 'react';
import { readBacklog, withoutKnown } from '#src/backlog/backlog.ts';
import { findProblems } from '#src/domain/analysis.ts';
import type { BatchTask } from '#src/domain/task.ts';
import { messageOf } from '#src/errors.ts';
import { plural } from '../format.ts';
import { api, tasksQuery } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Checkbox } from '../ui/checkbox.tsx';
import { Notice } from '../ui/notice.tsx';
import { ScrollRegion } from '../ui/scroll-region.tsx';
import { PriorityBars, TypeIcon } from './marks.tsx';
import { TextField } from './text-field.tsx';

type Props = { projectId: string; chooser: ReactNode; onDone: () => void };

export default function ImportTasks({ projectId, chooser, onDone }: Props) {
  const [text, setText] = useState('');
  const [again, setAgain] = useState(false);
  const [autoStart, setAutoStart] = useState(false);
  const plan = usePlan({ projectId, text: useDeferredValue(text), again });
  const { tasks, problems, known } = plan;
  // A list that was changed is another request.
  const idempotencyKey = useMemo(() => tasks && crypto.randomUUID(), [tasks]);
  const queryClient = useQueryClient();
  const create = useMutation({
    mutationFn: () =>
      api.createTasks(
        { body: { projectId, tasks: tasks.map((task) => (autoStart ? { ...task, autoStart } : task)) } },
        { idempotencyKey },
      ),
    onSuccess: async () => {
      onDone();
      await queryClient.invalidateQueries({ queryKey: ['tasks'] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  const why = plan.why ?? (problems.length > 0 ? 'Put right what is wrong with the list first' : undefined);
  return (
    <form onSubmit={submit} className="flex flex-col gap-4 p-4">
      {chooser}
      <TextField
        label="List"
        text={text}
        onText={setText}
        accept=".md,.markdown,.txt,.csv,.tsv,.json,.jsonl,text/*,application/json"
        placeholder={
          '1. Set up the database\n2. [bug] [high] Mend the login (after 1)\n   What is indented describes it.'
        }
      />
      <p className="text-xs text-second">
        Markdown or plain lines, CSV as Jira, Linear and GitLab export it, JSON as GitHub’s command line prints it.
      </p>
      <Preview {...plan} isEmpty={text.trim() === ''} />
      {create.isError && <Notice tone="err">{messageOf(create.error)}</Notice>}
      <div className="flex flex-wrap items-center justify-end gap-2">
        <span className="mr-auto flex flex-wrap gap-x-4 gap-y-1">
          <Choice label="Start as their dependencies allow" checked={autoStart} onChecked={setAutoStart} />
          {(known > 0 || again) && (
            <Choice label="Those too that are tasks already" checked={again} onChecked={setAgain} />
          )}
        </span>
        <Button onClick={onDone}>Cancel</Button>
        <Button type="submit" look="primary" disabled={create.isPending} why={why}>
          Create {plural(tasks.length, 'task')}
        </Button>
      </div>
    </form>
  );
}

type Plan = {
  tasks: readonly BatchTask[];
  notes: readonly string[];
  problems: readonly string[];
  known: number;
  /** Why nothing can be created. */
  why?: string;
};

const nothing: Plan = { tasks: [], notes: [], problems: [], known: 0, why: 'Paste a list, or choose a file with one' };

/** What the list would come to. */
function usePlan({ projectId, text, again }: { projectId: string; text: string; again: boolean }): Plan {
  const { data: existing } = useQuery(tasksQuery(projectId));
  return useMemo(() => {
    if (text.trim() === '') return nothing;
    const read = readBacklog(text);
    if (typeof read === 'string') return { ...nothing, problems: [read] };
    if (!existing) return { ...nothing, why: 'The tasks of the project are still being read' };
    const { tasks, known } = again ? { tasks: read.tasks, known: 0 } : withoutKnown(read.tasks, existing);
    if (tasks.length === 0) return { ...nothing, notes: read.notes, known, why: 'Nothing in the list is new' };
    const ids = new Set(existing.map(({ id }) => id));
    const problems = findProblems(tasks, (id) => ids.has(id)).map(({ message }) => message);
    return { tasks, notes: read.notes, problems, known };
  }, [text, existing, again]);
}

const mostShown = 200;

function Preview({ tasks, notes, problems, known, isEmpty }: Plan & { isEmpty: boolean }) {
  if (isEmpty) return null;
  const left = `${known} ${known === 1 ? 'is a task' : 'are tasks'} of the project already and left out.`;
  const told = [...notes, ...(known > 0 ? [left] : [])];
  return (
    <>
      {problems.length > 0 && (
        <Notice tone="err">
          <ul className="flex flex-col gap-1">
            {problems.slice(0, mostShown).map((problem) => (
              <li key={problem}>{problem}</li>
            ))}
          </ul>
        </Notice>
      )}
      {told.length > 0 && (
        <ul className="flex flex-col gap-1 text-second wrap-anywhere">
          {told.map((note) => (
            <li key={note}>{note}</li>
          ))}
        </ul>
      )}
      {tasks.length > 0 && (
        <ScrollRegion aria-label="What would be created" className="panel max-h-60 overflow-y-auto">
          <ol className="divide-y divide-line">
            {tasks.slice(0, mostShown).map(({ key, title, type, priority, dependencies }) => (
              <li key={key} className="flex items-center gap-2 px-3 py-1.5">
                <span className="mono min-w-6 text-xs text-second">{key}</span>
                <TypeIcon type={type} />
                <PriorityBars priority={priority} />
                <span className="min-w-0 flex-1 wrap-anywhere">
                  {title}
                  {dependencies.length > 0 && (
                    <span className="block text-xs text-second">after {dependencies.join(', ')}</span>
                  )}
                </span>
              </li>
            ))}
          </ol>
          {tasks.length > mostShown && <p className="px-3 py-1.5 text-second">And {tasks.length - mostShown} more.</p>}
        </ScrollRegion>
      )}
    </>
  );
}

type ChoiceProps = { label: string; checked: boolean; onChecked: (checked: boolean) => void };

function Choice({ label, checked, onChecked }: ChoiceProps) {
  const id = useId();
  return (
    <span className="flex items-center gap-2 max-md:min-h-11">
      <Checkbox id={id} checked={checked} onChecked={onChecked} />
      <label htmlFor={id}>{label}</label>
    </span>
  );
}
