import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { useNavigate } from '@tanstack/react-router';
import { FileText, ListTree } from 'lucide-react';
import { type DragEvent, type FormEvent, useRef, useState } from 'react';
import { NewAnalysis } from '#src/domain/analysis.ts';
import type { Project } from '#src/domain/project.ts';
import { messageOf } from '#src/errors.ts';
import { api, systemQuery } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import { Select } from '../ui/select.tsx';

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
      <SpecificationField text={specification} onText={setSpecification} />
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

function SpecificationField({ text, onText }: { text: string; onText: (text: string) => void }) {
  const [refusal, setRefusal] = useState<string>();
  const input = useRef<HTMLInputElement>(null);
  const read = async (file: File | undefined) => {
    if (!file) return;
    const said = await readText(file);
    setRefusal(said.refusal);
    if (said.text !== undefined) onText(said.text);
  };
  const drop = (event: DragEvent) => {
    if (event.dataTransfer.files.length === 0) return; // a text, which goes where it is dropped
    event.preventDefault();
    void read(event.dataTransfer.files[0]);
  };
  const choose = (
    <span className="flex flex-wrap items-center gap-2">
      <Button size="small" onClick={() => input.current?.click()}>
        <FileText aria-hidden="true" />
        Choose a file
      </Button>
      or drop one here: it is read in this browser.
      <input
        ref={input}
        type="file"
        accept=".md,.markdown,.txt,text/*"
        aria-label="File with the specification"
        hidden
        onChange={(event) => {
          void read(event.target.files?.[0]);
          event.target.value = '';
        }}
      />
    </span>
  );
  return (
    <>
      <Field label="Specification" hint={choose}>
        {(props) => (
          <textarea
            {...props}
            className="field min-h-52"
            maxLength={longest ?? undefined}
            placeholder="Paste what shall be built: goals, rules, screens, what is out of scope. Markdown or plain text."
            value={text}
            onChange={(event) => onText(event.target.value)}
            onDrop={drop}
          />
        )}
      </Field>
      {refusal && <Notice tone="err">{refusal}</Notice>}
    </>
  );
}

const longest = NewAnalysis.shape.specification.unwrap().maxLength;

async function readText(file: File): Promise<{ text?: string; refusal?: string }> {
  const text = await file.text();
  if (text.includes('\0') || text.includes('\uFFFD')) return { refusal: `${file.name} is not a text file.` };
  const { success, error } = NewAnalysis.shape.specification.safeParse(text);
  return success ? { text } : { refusal: `${file.name} cannot be taken: ${error.issues[0]?.message ?? ''}` };
}
