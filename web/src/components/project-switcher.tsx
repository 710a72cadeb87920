import { useNavigate } from '@tanstack/react-router';
import { Folder } from 'lucide-react';
import { useProject } from '../hooks/use-project.ts';
import { Select } from '../ui/select.tsx';

const all = 'all';

/** Which project the board shows; choosing one goes there. */
export function ProjectSwitcher({ slim = false, className = 'mb-3 w-full' }: { slim?: boolean; className?: string }) {
  const { project, projects } = useProject();
  const navigate = useNavigate();
  const options = [
    ...(projects.length === 1 ? [] : [{ value: all, label: projects.length ? 'All projects' : 'No project yet' }]),
    ...projects.map(({ id, name }) => ({ value: id, label: name })),
  ];
  const choose = (value: string) => void navigate({ to: '/', search: { project: value === all ? undefined : value } });
  if (!slim)
    return (
      <Select
        aria-label="Project"
        className={className}
        options={options}
        value={project?.id ?? all}
        onValue={choose}
      />
    );
  return (
    <span
      className="side-row relative mb-3 border border-line bg-surface focus-within:outline-2 focus-within:outline-offset-2 focus-within:outline-accent"
      title={project?.name ?? 'All projects'}
    >
      <Folder aria-hidden="true" />
      <select
        aria-label="Project"
        className="absolute inset-0 cursor-pointer opacity-0"
        value={project?.id ?? all}
        onChange={(event) => choose(event.target.value)}
      >
        {options.map(({ value, label }) => (
          <option key={value} value={value}>
            {label}
          </option>
        ))}
      </select>
    </span>
  );
}
