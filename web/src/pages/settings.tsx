import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useSearch } from '@tanstack/react-router';
import { FolderGit2, Moon, Pause, Play, Sun, Trash2 } from 'lucide-react';
import { useState } from 'react';
import type { Project } from '#src/domain/project.ts';
import { messageOf } from '#src/errors.ts';
import { AddProject } from '../components/add-project.tsx';
import { AgentsPanel } from '../components/agents-panel.tsx';
import { BudgetPanel } from '../components/budget-panel.tsx';
import { PricesPanel } from '../components/prices-panel.tsx';
import { ProjectTrust } from '../components/project-trust.tsx';
import { PromptsPanel } from '../components/prompts-panel.tsx';
import { Templates } from '../components/templates.tsx';
import { TopBar } from '../components/top-bar.tsx';
import { useTheme } from '../hooks/use-theme.ts';
import { api, projectQuery, projectsQuery } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Notice } from '../ui/notice.tsx';

export function SettingsPage() {
  const { data: projects = [], error, isSuccess } = useQuery(projectsQuery);
  const { project: chosen } = useSearch({ from: '/shell' });
  return (
    <>
      <title>Settings · Sentra</title>
      <TopBar>
        <h1 className="text-base">Settings</h1>
      </TopBar>
      <div className="min-h-0 flex-1 overflow-y-auto p-4">
        <section aria-labelledby="projects" className="panel max-w-[880px]">
          <div className="panel-head">
            <h2 id="projects" className="text-sm">
              Projects
            </h2>
            <span className="text-second">{projects.length}</span>
          </div>
          {error && (
            <div className="p-4">
              <Notice tone="err">{messageOf(error)}</Notice>
            </div>
          )}
          <ul>
            {isSuccess && projects.length === 0 && (
              <li className="border-b border-line px-4 py-3 text-second">
                None yet. Tasks belong to a git repository of this machine: give its path.
              </li>
            )}
            {projects.map((project) => (
              <ProjectRow key={project.id} project={project} />
            ))}
          </ul>
          <div className="p-4">
            <AddProject />
          </div>
        </section>
        <Templates />
        <div className="mt-4 flex max-w-[880px] flex-col gap-4">
          <AgentsPanel />
          <BudgetPanel project={undefined} />
          <PricesPanel project={undefined} />
          {projects
            .filter(({ id }) => !chosen || id === chosen)
            .map((project) => (
              <PromptsPanel key={project.id} project={project} />
            ))}
        </div>
        <Appearance />
        <p className="mt-3 max-w-[880px] text-second">
          Everything else about a project (setup, tests, agents, limits) is in the file{' '}
          <span className="mono text-fg">sentra.json</span> at the root of its repository.
        </p>
      </div>
    </>
  );
}

function Appearance() {
  const { theme, toggle } = useTheme();
  return (
    <section aria-label="Appearance" className="panel mt-4 flex max-w-[880px] items-center gap-2 px-4 py-3">
      <h2 className="text-sm">Appearance</h2>
      <span className="flex-1 text-second">kept in this browser</span>
      <Button size="small" onClick={toggle}>
        {theme === 'dark' ? <Sun aria-hidden="true" /> : <Moon aria-hidden="true" />}
        {theme === 'dark' ? 'Use light' : 'Use dark'}
      </Button>
    </section>
  );
}

function ProjectRow({ project }: { project: Project }) {
  const { data: { limits = [] } = {} } = useQuery(projectQuery(project.id));
  const [removing, setRemoving] = useState(false);
  const queryClient = useQueryClient();
  const pause = useMutation({
    mutationFn: () => api.patchProject({ params: { id: project.id }, body: { paused: !project.paused } }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['projects'] }),
  });
  return (
    <li className="flex flex-col gap-2 border-b border-line px-4 py-3">
      <div className="flex flex-wrap items-center gap-2">
        <FolderGit2 aria-hidden="true" className="text-second" />
        <h3 className="font-medium">{project.name}</h3>
        {project.paused && (
          <span className="tag" data-tone="warn">
            Paused
          </span>
        )}
        <span className="ml-auto flex gap-2">
          <Button size="small" disabled={pause.isPending} onClick={() => pause.mutate()}>
            {project.paused ? <Play aria-hidden="true" /> : <Pause aria-hidden="true" />}
            {project.paused ? 'Resume' : 'Pause'}
          </Button>
          <Button size="small" look="danger" aria-label={`Remove ${project.name}`} onClick={() => setRemoving(true)}>
            <Trash2 aria-hidden="true" />
            Remove
          </Button>
        </span>
      </div>
      <dl className="facts">
        <dt>Path</dt>
        <dd className="mono leading-5">{project.path}</dd>
        <dt>Base branch</dt>
        <dd className="mono leading-5">{project.baseBranch}</dd>
        <dt>Remote</dt>
        <dd className={project.remote ? 'mono leading-5' : ''}>
          {project.remote ?? 'none: pull requests stay on this machine'}
        </dd>
        {limits.length > 0 && <dt>Worktrees</dt>}
        {limits.length > 0 && (
          <dd>
            {limits.map((limit) => (
              <p key={limit}>{limit}</p>
            ))}
          </dd>
        )}
      </dl>
      <ProjectTrust project={project} />
      {project.problem && <Notice tone="warn">{project.problem}</Notice>}
      {pause.isError && <Notice tone="err">{messageOf(pause.error)}</Notice>}
      {removing && <RemoveProject project={project} onClose={() => setRemoving(false)} />}
    </li>
  );
}

function RemoveProject({ project, onClose }: { project: Project; onClose: () => void }) {
  const queryClient = useQueryClient();
  const remove = useMutation({
    mutationFn: () => api.removeProject({ params: { id: project.id } }),
    onSuccess: async () => {
      onClose();
      await queryClient.invalidateQueries({ queryKey: ['projects'] });
      await queryClient.invalidateQueries({ queryKey: ['tasks'] });
    },
  });
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`Remove ${project.name}`}
      description="Sentra forgets the project and its tasks. The repository's own files and branches stay as they are."
    >
      <div className="flex flex-col gap-4 p-4">
        {remove.isError && <Notice tone="err">{messageOf(remove.error)}</Notice>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Keep</Button>
          <Button look="danger" disabled={remove.isPending} onClick={() => remove.mutate()}>
            Remove project
          </Button>
        </div>
      </div>
    </Dialog>
  );
}
