/** What the agents of a project are told in each role: the default, or the project's own words with their history. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Pencil } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import type { Project } from '#src/domain/project.ts';
import { type Prompt, type PromptRole, promptProblem } from '#src/domain/prompt.ts';
import { messageOf } from '#src/errors.ts';
import { formatSince } from '../format.ts';
import { useNow } from '../hooks/use-now.ts';
import { api } from '../queries.ts';
import { promptsQuery } from '../talk.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import { Panel } from '../ui/panel.tsx';

const meanings: Record<PromptRole, string> = {
  PLAN: 'writes the plan',
  CODE: 'carries it out',
  TEST: 'writes tests that are missing',
  REVIEW: 'judges the change',
  CONFLICT: 'works in the base',
  ANALYZE: 'proposes tasks for a specification',
};

export function PromptsPanel({ project }: { project: Project }) {
  const { data: prompts = [], error } = useQuery(promptsQuery(project.id));
  const [edited, setEdited] = useState<PromptRole>();
  const open = prompts.find(({ role }) => role === edited);
  return (
    <Panel title={`Prompts of ${project.name}`}>
      {error && <Notice tone="err">{messageOf(error)}</Notice>}
      <ul>
        {prompts.map(({ role, isDefault, version }) => (
          <li key={role} className="flex items-center gap-2 border-b border-line px-4 py-2 last:border-b-0">
            <h3 className="w-24 flex-none font-medium">{role}</h3>
            <span className="min-w-0 flex-1 cut text-second">{meanings[role]}</span>
            <span className="tag" data-tone={isDefault ? undefined : 'info'}>
              {isDefault ? 'default' : `version ${version}`}
            </span>
            <Button size="small" aria-label={`Edit the prompt of ${role}`} onClick={() => setEdited(role)}>
              <Pencil aria-hidden="true" />
              Edit
            </Button>
          </li>
        ))}
      </ul>
      {open && <PromptForm key={open.role} project={project} prompt={open} onClose={() => setEdited(undefined)} />}
    </Panel>
  );
}

type FormProps = { project: Project; prompt: Prompt; onClose: () => void };

function PromptForm({ project, prompt, onClose }: FormProps) {
  const [text, setText] = useState(prompt.text);
  const queryClient = useQueryClient();
  const keep = useMutation({
    mutationFn: (next: string | null) =>
      api.putPrompt({ params: { id: project.id, role: prompt.role }, body: { text: next } }),
    onSuccess: async () => {
      onClose();
      await queryClient.invalidateQueries({ queryKey: promptsQuery(project.id).queryKey });
    },
  });
  const problem = promptProblem(text);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (!problem) keep.mutate(text);
  };
  return (
    <Dialog
      open
      onOpenChange={onClose}
      title={`${prompt.role} of ${project.name}`}
      description="Its sessions are told this from the next one on, as their system prompt. Beside it they always get the task's title and description, the plan, and what the attempt is about."
    >
      <form onSubmit={submit} className="flex min-h-0 flex-col gap-4 overflow-y-auto p-4">
        <Field label="Prompt" {...(problem ? { error: problem } : {})}>
          {(props) => (
            <textarea
              {...props}
              rows={14}
              className="field mono"
              value={text}
              onChange={(event) => setText(event.target.value)}
            />
          )}
        </Field>
        <Variables prompt={prompt} onPick={(name) => setText(`${text}{{${name}}}`)} />
        <Versions prompt={prompt} onPick={setText} />
        {keep.isError && <Notice tone="err">{messageOf(keep.error)}</Notice>}
        <div className="flex flex-wrap justify-end gap-2">
          {!prompt.isDefault && (
            <Button className="mr-auto" disabled={keep.isPending} onClick={() => keep.mutate(null)}>
              Reset to default
            </Button>
          )}
          <Button onClick={onClose}>Cancel</Button>
          <Button type="submit" look="primary" disabled={keep.isPending} why={problem}>
            Keep prompt
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

function Variables({ prompt, onPick }: { prompt: Prompt; onPick: (name: string) => void }) {
  return (
    <fieldset className="flex flex-wrap gap-2">
      <legend className="mb-1 text-xs font-medium text-second">Variables, added at the end</legend>
      {prompt.variables.map(({ name, meaning }) => (
        <button key={name} type="button" className="chip mono" title={meaning} onClick={() => onPick(name)}>
          {`{{${name}}}`}
        </button>
      ))}
    </fieldset>
  );
}

function Versions({ prompt, onPick }: { prompt: Prompt; onPick: (text: string) => void }) {
  const now = useNow(true, 60_000);
  if (prompt.versions.length === 0) return null;
  return (
    <fieldset className="flex flex-wrap gap-2">
      <legend className="mb-1 text-xs font-medium text-second">Earlier texts, put into the field</legend>
      {prompt.versions.map(({ version, text, createdAt }) => (
        <button
          key={version}
          type="button"
          className="chip"
          title={formatSince(createdAt, now)}
          onClick={() => onPick(text ?? prompt.defaultText)}
        >
          {text === null ? `${version}: default` : `${version}`}
        </button>
      ))}
    </fieldset>
  );
}
