import { useNavigate, useSearch } from '@tanstack/react-router';
import { Search, X } from 'lucide-react';
import type { Task } from '#src/domain/task.ts';
import { summaryOf } from '../board.ts';
import { Select } from '../ui/select.tsx';
import { priorityLabels, typeLabels } from './marks.tsx';

/** Filters live in the address, so that a view can be kept as a bookmark. */
export function BoardFilter({ tasks }: { tasks: readonly Task[] }) {
  const { type, priority, agent, q } = useSearch({ strict: false });
  const navigate = useNavigate();
  const set = (change: Record<string, string | undefined>) =>
    void navigate({ to: '.', search: (before) => ({ ...before, ...change }), replace: true });
  const agents = [...new Set(tasks.flatMap((task) => task.agent ?? []))].sort();
  const named = (labels: Record<string, string>, any: string) => [
    { value: '', label: any },
    ...Object.entries(labels).map(([value, label]) => ({ value, label })),
  ];
  const pick = (key: 'type' | 'priority' | 'agent') => (value: string) => set({ [key]: value || undefined });
  return (
    <div className="flex min-h-12 flex-none flex-wrap items-center gap-2 border-b border-line px-4 py-2 max-md:hidden">
      <Select
        className="select-quiet"
        aria-label="Type"
        options={named(typeLabels, 'Type: all')}
        value={type ?? ''}
        onValue={pick('type')}
      />
      <Select
        className="select-quiet"
        aria-label="Priority"
        options={named(priorityLabels, 'Priority: any')}
        value={priority ?? ''}
        onValue={pick('priority')}
      />
      <Select
        className="select-quiet"
        aria-label="Agent"
        options={[{ value: '', label: 'Agent: any' }, ...agents.map((name) => ({ value: name, label: name }))]}
        value={agent ?? ''}
        onValue={pick('agent')}
      />
      {(type || priority || agent || q) && (
        <button
          type="button"
          className="chip"
          onClick={() => set({ type: undefined, priority: undefined, agent: undefined, q: undefined })}
        >
          Clear
          <X aria-hidden="true" />
        </button>
      )}
      <p className="ml-auto text-xs text-second">{summaryOf(tasks)}</p>
    </div>
  );
}

export function BoardSearch() {
  const { q } = useSearch({ strict: false });
  const navigate = useNavigate();
  return (
    <label className="relative flex w-60 items-center max-md:w-auto max-md:flex-1">
      <Search aria-hidden="true" className="pointer-events-none absolute left-2 text-second" />
      <input
        type="search"
        aria-label="Search tasks"
        placeholder="Search"
        className="field !pr-9 !pl-8 max-md:!pr-2"
        value={q ?? ''}
        onKeyDown={(event) => {
          if (event.key === 'Escape') event.currentTarget.blur();
        }}
        onChange={(event) =>
          void navigate({
            to: '.',
            search: (before) => ({ ...before, q: event.target.value || undefined }),
            replace: true,
          })
        }
      />
      <span className="kbd absolute right-2 max-md:hidden" aria-hidden="true">
        /
      </span>
    </label>
  );
}
