import { useQuery } from '@tanstack/react-query';
import { X } from 'lucide-react';
import { useId, useState } from 'react';
import { shortId } from '#src/domain/ids.ts';
import { satisfies } from '#src/domain/status.ts';
import { tasksQuery } from '../queries.ts';
import { Checkbox } from '../ui/checkbox.tsx';
import { Field } from '../ui/field.tsx';
import { statusLabel } from './marks.tsx';

type Found = { id: string; title: string; note: string };
type Props = {
  projectId: string;
  chosen: readonly string[];
  onChange: (ids: string[]) => void;
  /** What can be chosen beside the open tasks of the project; found before them. */
  more?: readonly Found[];
};

const none: readonly Found[] = [];

const longest = 30;

/** Which tasks must be done before; found by typing. */
export function DependencyPicker({ projectId, chosen, onChange, more = none }: Props) {
  const [q, setQ] = useState('');
  const { data: tasks = [] } = useQuery(tasksQuery(projectId));
  const fieldId = useId();
  if (tasks.length === 0 && more.length === 0 && chosen.length === 0) return null;
  const words = q.toLowerCase();
  const open = tasks
    .filter((task) => !satisfies(task.status) && task.status !== 'cancelled')
    .map(({ id, title, status }) => ({ id, title, note: statusLabel(status) }));
  const found = [...more, ...open].filter(({ id, title }) => `${title} ${id}`.toLowerCase().includes(words));
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
          {found.slice(0, longest).map(({ id, title, note }, at) => (
            <li key={id}>
              <div className="flex min-h-8 items-center gap-2 px-2 hover:bg-raised max-md:min-h-11">
                <Checkbox id={`${fieldId}-${at}`} checked={chosen.includes(id)} onChecked={() => toggle(id)} />
                <label htmlFor={`${fieldId}-${at}`} className="cut flex-1">
                  {title}
                </label>
                <span className="text-xs text-second">{note}</span>
              </div>
            </li>
          ))}
          {found.length === 0 && <li className="px-2 py-1 text-second">No open task matches</li>}
        </ul>
      )}
    </div>
  );

  function titleOf(id: string): string {
    const known = more.find((one) => one.id === id) ?? tasks.find((task) => task.id === id);
    return known?.title ?? (id.startsWith('task-') ? `task-${shortId(id)}` : id);
  }
}
