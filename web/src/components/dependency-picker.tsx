import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useState } from 'react';
import { shortId } from '#src/domain/ids.ts';
import { satisfies } from '#src/domain/status.ts';
import { tasksQuery } from '../queries.ts';
import { Checkbox } from '../ui/checkbox.tsx';
import { Field } from '../ui/field.tsx';
import { statusLabel } from './marks.tsx';

type Props = { projectId: string; chosen: readonly string[]; onChange: (ids: string[]) => void };

const longest = 30;

/** Which tasks must be done before; found by typing. */
export function DependencyPicker({ projectId, chosen, onChange }: Props) {
  const [q, setQ] = useState('');
  const { data: tasks = [] } = useQuery(tasksQuery(projectId));
  if (tasks.length === 0) return null;
  const words = q.toLowerCase();
  const found = tasks
    .filter((task) => !satisfies(task.status) && task.status !== 'cancelled')
    .filter((task) => `${task.title} ${task.id}`.toLowerCase().includes(words));
  const toggle = (id: string) => onChange(chosen.includes(id) ? chosen.filter((c) => c !== id) : [...chosen, id]);
  return (
    <div className="flex flex-col gap-2">
      <Field label="Depends on">
        {(props) => (
          <input
            {...props}
            className="field"
            placeholder="Search tasks by title or id"
            value={q}
            onChange={(event) => setQ(event.target.value)}
          />
        )}
      </Field>
      {chosen.length > 0 && (
        <ul className="flex flex-wrap gap-1" aria-label="Chosen dependencies">
          {chosen.map((id) => (
            <li key={id}>
              <button
                type="button"
                className="chip max-w-full"
                aria-label={`Remove ${titleOf(id)}`}
                onClick={() => toggle(id)}
              >
                <span className="cut max-w-60">{titleOf(id)}</span>
                <X aria-hidden="true" />
              </button>
            </li>
          ))}
        </ul>
      )}
      {q && (
        <ul className="max-h-40 overflow-auto rounded-md border border-line bg-bg" aria-label="Tasks found">
          {found.slice(0, longest).map((task) => (
            <li key={task.id}>
              <div className="flex min-h-8 items-center gap-2 px-2 hover:bg-raised max-md:min-h-11">
                <Checkbox id={`dep-${task.id}`} checked={chosen.includes(task.id)} onChecked={() => toggle(task.id)} />
                <label htmlFor={`dep-${task.id}`} className="cut flex-1">
                  {task.title}
                </label>
                <span className="text-xs text-second">{statusLabel(task.status)}</span>
              </div>
            </li>
          ))}
          {found.length === 0 && <li className="px-2 py-1 text-second">No open task matches</li>}
        </ul>
      )}
    </div>
  );

  function titleOf(id: string): string {
    return tasks.find((task) => task.id === id)?.title ?? `task-${shortId(id)}`;
  }
}
