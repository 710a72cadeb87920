import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { ListTree } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { NewAnalysis } from '#src/domain/analysis.ts';
import type { Project } from '#src/domain/project.ts';
import { messageOf } from '#src/errors.ts';
import { api, systemQuery } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import { Select } from '../ui/select.tsx';
import { TextField } from './text-field.tsx';

type Props = { project: Project | undefined; projects: readonly Project[] };

/** A specification, written, chosen or dropped; an agent makes tasks of it. */
export function AnalyzeForm({ project, projects }: Props) {
  const [specification, setSpecification] = useState('');
  const [name, setName] = useState('');
  const [agent, setAgent] = useState('');
  const [chosen, setChosen] = useState<string>();
  const projectId = project?.id ?? chosen ?? projects[0]?.id ?? '';
  const [idempotencyKey] = useState(() => crypto.randomUUID());
  const queryClient = useQueryClient();
  const navigate = useNavigate();
  const analyze = useMutation({
    mutationFn: () => {
      const body = { projectId, specification, name: name.trim() || undefined, agent: agent || undefined };
      return api.createAnalysis({ body }, { idempotencyKey });
    },
    onSuccess: async ({ id }) => {
      void queryClient.invalidateQueries({ queryKey: ['analyses'] });
      await navigate({ to: '/analyst/$id', params: { id }, search: (before) => ({ project: before.project }) });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    analyze.mutate();
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-4 p-4">
      <TextField
        label="Specification"
        text={specification}
        onText={setSpecification}
        accept=".md,.markdown,.txt,text/*"
        maxLength={Specification.unwrap().maxLength ?? undefined}
        refusalOf={refusalOf}
        placeholder="Paste what shall be built: goals, rules, screens, what is out of scope. Markdown or plain text."
      />
      <div className="grid gap-4 md:grid-cols-3">
        <Field label="Name">
          {(props) => (
            <input
              {...props}
              className="field"
              maxLength={200}
              placeholder="The first line of the specification"
              value={name}
              onChange={(event) => setName(event.target.value)}
            />
          )}
        </Field>
        <AgentField agent={agent} onAgent={setAgent} />
        {!project && (
          <Field label="Of project">
            {(props) => (
              <Select
                {...props}
                options={projects.map(({ id, name: label }) => ({ value: id, label }))}
                value={projectId}
                onValue={setChosen}
              />
            )}
          </Field>
        )}
      </div>
      {analyze.isError && <Notice tone="err">{messageOf(analyze.error)}</Notice>}
      <div className="flex flex-wrap items-center justify-end gap-x-4 gap-y-2">
        <p className="mr-auto text-second">
          {specification.trim()
            ? 'You see and change the tasks before anything starts.'
            : 'Without a specification the repository itself is looked at for what it needs.'}
        </p>
        <Button type="submit" look="primary" disabled={analyze.isPending}>
          <ListTree aria-hidden="true" />
          Analyze
        </Button>
      </div>
    </form>
  );
}

function AgentField({ agent, onAgent }: { agent: string; onAgent: (agent: string) => void }) {
  const { data: system } = useQuery(systemQuery);
  const agents = (system?.agents ?? []).map(({ name, available }) => ({
    value: name,
    label: available ? name : `${name} (not available)`,
  }));
  return (
    <Field label="Agent">
      {(props) => (
        <Select
          {...props}
          options={[{ value: '', label: 'As the project says' }, ...agents]}
          value={agent}
          onValue={onAgent}
        />
      )}
    </Field>
  );
}

const { specification: Specification } = NewAnalysis.shape;

function refusalOf(text: string): string | undefined {
  const { error } = Specification.safeParse(text);
  return error && `It cannot be taken: ${error.issues[0]?.message ?? ''}`;
}
