import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { type FormEvent, lazy, type ReactNode, type RefObject, Suspense, useId, useRef, useState } from 'react';
import type { RouteInput } from '#src/domain/api/route.ts';
import type { Routes } from '#src/domain/api/routes.ts';
import { WorkflowType, workflowTypes } from '#src/domain/workflow.ts';
import { messageOf } from '#src/errors.ts';
import { useProject } from '../hooks/use-project.ts';
import { api, systemQuery, templatesQuery } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Checkbox } from '../ui/checkbox.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import { Select } from '../ui/select.tsx';
import { AddProject } from './add-project.tsx';
import { AgentChoice } from './agent-choice.tsx';
import { DependencyPicker } from './dependency-picker.tsx';
import { priorityLabels, typeLabels } from './marks.tsx';
import { TaskFields } from './task-fields.tsx';

type Draft = Omit<RouteInput<Routes['createTask']>['body'], 'projectId' | 'template'>;

type Props = {
  /** What is known of it already. */
  title: string;
  onOpenChange: (open: boolean) => void;
};

const ImportTasks = lazy(() => import('./import-tasks.tsx'));

export function CreateTask({ title, onOpenChange }: Props) {
  const { project, projects } = useProject();
  const [chosen, setChosen] = useState<string>();
  const [fromList, setFromList] = useState(false);
  const first = useRef<HTMLInputElement>(null);
  const projectId = chosen ?? project?.id ?? projects[0]?.id;
  const onDone = () => onOpenChange(false);
  const chooser = projects.length > 1 && (
    <Field label="Project">
      {(props) => (
        <Select
          {...props}
          options={projects.map(({ id, name }) => ({ value: id, label: name }))}
          value={projectId ?? ''}
          onValue={setChosen}
        />
      )}
    </Field>
  );
  return (
    <Dialog open onOpenChange={onOpenChange} title="New task" first={first}>
      {projectId ? (
        <div className="min-h-0 overflow-y-auto">
          <fieldset className="flex gap-2 px-4 pt-4">
            <legend className="sr-only">How many</legend>
            <button type="button" className="chip" aria-pressed={!fromList} onClick={() => setFromList(false)}>
              One
            </button>
            <button type="button" className="chip" aria-pressed={fromList} onClick={() => setFromList(true)}>
              Many from a list
            </button>
          </fieldset>
          {fromList ? (
            <Suspense>
              <ImportTasks key={projectId} projectId={projectId} chooser={chooser} onDone={onDone} />
            </Suspense>
          ) : (
            <TaskForm
              key={projectId}
              first={first}
              projectId={projectId}
              title={title}
              onDone={onDone}
              chooser={chooser}
            />
          )}
        </div>
      ) : (
        <div className="flex flex-col gap-3 p-4">
          <p className="text-body">A task belongs to a repository. Add one first.</p>
          <AddProject />
        </div>
      )}
    </Dialog>
  );
}

/** Fills the form; what a person wrote afterwards stands. Not there until somebody keeps a template. */
function TemplateChoice({ onChosen }: { onChosen: (fields: Partial<Draft>) => void }) {
  const { data: templates = [] } = useQuery(templatesQuery);
  const [chosen, setChosen] = useState('');
  if (!templates.length) return null;
  const choose = (name: string) => {
    setChosen(name);
    const template = templates.find((item) => item.name === name);
    if (template) onChosen(template.fields);
  };
  return (
    <Field label="Template">
      {(props) => (
        <Select
          {...props}
          options={[{ value: '', label: 'None' }, ...templates.map(({ name }) => ({ value: name, label: name }))]}
          value={chosen}
          onValue={choose}
        />
      )}
    </Field>
  );
}

type FormProps = {
  projectId: string;
  title: string;
  first: RefObject<HTMLInputElement | null>;
  chooser: ReactNode;
  onDone: () => void;
};

function TaskForm({ projectId, title, first, chooser, onDone }: FormProps) {
  const [draft, setDraft] = useState<Draft>({ title, autoStart: false });
  const set = (change: Partial<Draft>) => setDraft((before) => ({ ...before, ...change }));
  const queryClient = useQueryClient();
  const [idempotencyKey] = useState(() => crypto.randomUUID());
  const create = useMutation({
    mutationFn: () => api.createTask({ body: { ...draft, projectId } }, { idempotencyKey }),
    onSuccess: async () => {
      onDone();
      await queryClient.invalidateQueries({ queryKey: ['tasks'] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    create.mutate();
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4 p-4">
      <TemplateChoice onChosen={set} />
      <TaskFields title={draft.title ?? ''} description={draft.description ?? ''} onChange={set} first={first} />
      {chooser}
      <Choices draft={draft} set={set} />
      <DependencyPicker
        projectId={projectId}
        chosen={draft.dependencies ?? []}
        onChange={(dependencies) => set({ dependencies })}
      />
      {create.isError && <Notice tone="err">{messageOf(create.error)}</Notice>}
      <Foot autoStart={draft.autoStart ?? false} set={set} isPending={create.isPending} onCancel={onDone} />
    </form>
  );
}

type SetDraft = (change: Partial<Draft>) => void;

function Choices({ draft, set }: { draft: Draft; set: SetDraft }) {
  const { data: system } = useQuery(systemQuery);
  const agents = (system?.agents ?? []).map(({ name, available }) => ({
    value: name,
    label: available ? name : `${name} (not available)`,
  }));
  const labelled = <V extends string>(labels: Record<V, string>) =>
    Object.entries<string>(labels).map(([value, label]) => ({ value, label }));
  const list = [
    { label: 'Type', key: 'type', first: 'feature', options: labelled(typeLabels) },
    { label: 'Priority', key: 'priority', first: 'medium', options: labelled(priorityLabels) },
    {
      label: 'Workflow',
      key: 'workflowType',
      first: WorkflowType.enum.full_sdlc,
      options: workflowTypes.map((value) => ({ value, label: value })),
    },
    { label: 'Agent', key: 'agent', first: '', options: [{ value: '', label: 'As the project says' }, ...agents] },
  ] as const;
  return (
    <div className="grid grid-cols-2 gap-4">
      {list.map(({ label, key, first, options }) => (
        <Field key={key} label={label}>
          {(props) => (
            <Select
              {...props}
              options={options}
              value={draft[key] ?? first}
              onValue={(value) => set({ [key]: value || undefined } as Partial<Draft>)}
            />
          )}
        </Field>
      ))}
      <AgentChoice
        agent={draft.agent ?? ''}
        model={draft.model ?? ''}
        effort={draft.effort ?? ''}
        onChange={(change) => set(mapEmpty(change))}
      />
    </div>
  );
}

/** What nobody wrote is left out of the request. */
const mapEmpty = (change: { model?: string; effort?: string }) =>
  Object.fromEntries(Object.entries(change).map(([name, value]) => [name, value || undefined]));

type FootProps = { autoStart: boolean; set: SetDraft; isPending: boolean; onCancel: () => void };

function Foot({ autoStart, set, isPending, onCancel }: FootProps) {
  const id = useId();
  return (
    <div className="flex flex-wrap items-center justify-end gap-2">
      <span className="mr-auto flex items-center gap-2 max-md:min-h-11">
        <Checkbox id={id} checked={autoStart} onChecked={(checked) => set({ autoStart: checked })} />
        <label htmlFor={id} title="With dependencies: as soon as they are done">
          Start at once
        </label>
      </span>
      <Button onClick={onCancel}>Cancel</Button>
      <Button type="submit" look="primary" disabled={isPending}>
        Create task
      </Button>
    </div>
  );
}
