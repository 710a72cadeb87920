import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Pencil, Plus, Trash2 } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import type { Template } from '#src/domain/template.ts';
import { messageOf } from '#src/errors.ts';
import { api, templatesQuery } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';
import { KindFields } from './kind-fields.tsx';
import { TaskFields } from './task-fields.tsx';

const empty: Template = { name: '', fields: { title: '', description: '', type: 'feature', priority: 'medium' } };

/** What new tasks can be filled from: kept, changed and removed here. */
export function Templates() {
  const { data: templates = [], error } = useQuery(templatesQuery);
  const [edited, setEdited] = useState<Template>();
  return (
    <section aria-labelledby="templates" className="panel mt-4 max-w-[880px]">
      <div className="panel-head">
        <h2 id="templates" className="text-sm">
          Templates
        </h2>
        <span className="flex-1 text-second">{templates.length}</span>
        <Button size="small" onClick={() => setEdited(empty)}>
          <Plus aria-hidden="true" />
          New template
        </Button>
      </div>
      {error && <Notice tone="err">{messageOf(error)}</Notice>}
      {templates.length === 0 && (
        <p className="p-4 text-second">A template fills in what a kind of task has in common. There is none yet.</p>
      )}
      <ul>
        {templates.map((template) => (
          <TemplateRow key={template.name} template={template} onEdit={() => setEdited(template)} />
        ))}
      </ul>
      {edited && <TemplateForm template={edited} onClose={() => setEdited(undefined)} />}
    </section>
  );
}

function TemplateRow({ template, onEdit }: { template: Template; onEdit: () => void }) {
  const queryClient = useQueryClient();
  const remove = useMutation({
    mutationFn: () => api.removeTemplate({ params: { name: template.name } }),
    onSettled: () => queryClient.invalidateQueries({ queryKey: ['templates'] }),
  });
  return (
    <li className="flex flex-wrap items-center gap-2 border-b border-line px-4 py-3">
      <h3 className="font-medium">{template.name}</h3>
      <span className="min-w-0 flex-1 cut text-second">{template.fields.title}</span>
      {remove.isError && <Notice tone="err">{messageOf(remove.error)}</Notice>}
      <Button size="small" aria-label={`Edit ${template.name}`} onClick={onEdit}>
        <Pencil aria-hidden="true" />
        Edit
      </Button>
      <Button
        size="small"
        look="danger"
        aria-label={`Remove ${template.name}`}
        disabled={remove.isPending}
        onClick={() => remove.mutate()}
      >
        <Trash2 aria-hidden="true" />
        Remove
      </Button>
    </li>
  );
}

function TemplateForm({ template, onClose }: { template: Template; onClose: () => void }) {
  const isNew = template.name === '';
  const [name, setName] = useState(template.name);
  const [fields, setFields] = useState(template.fields);
  const set = (change: Partial<Template['fields']>) => setFields((before) => ({ ...before, ...change }));
  const queryClient = useQueryClient();
  const keep = useMutation({
    mutationFn: () => {
      const kept = { ...fields, title: fields.title?.trim() || undefined };
      return isNew
        ? api.createTemplate({ body: { name, fields: kept } })
        : api.patchTemplate({ params: { name }, body: { fields: kept } });
    },
    onSuccess: async () => {
      onClose();
      await queryClient.invalidateQueries({ queryKey: ['templates'] });
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    keep.mutate();
  };
  return (
    <Dialog open onOpenChange={onClose} title={isNew ? 'New template' : `Template ${name}`}>
      <form onSubmit={submit} className="flex flex-col gap-4 p-4">
        {isNew && (
          <Field label="Name">
            {(props) => (
              <input
                {...props}
                required
                maxLength={100}
                className="field"
                value={name}
                onChange={(e) => setName(e.target.value)}
              />
            )}
          </Field>
        )}
        <Fields fields={fields} set={set} />
        {keep.isError && <Notice tone="err">{messageOf(keep.error)}</Notice>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Cancel</Button>
          <Button look="primary" type="submit" disabled={keep.isPending}>
            Keep template
          </Button>
        </div>
      </form>
    </Dialog>
  );
}

type FieldsProps = { fields: Template['fields']; set: (change: Partial<Template['fields']>) => void };

function Fields({ fields, set }: FieldsProps) {
  return (
    <>
      <TaskFields title={fields.title ?? ''} description={fields.description ?? ''} onChange={set} isTitleOptional />
      <KindFields type={fields.type ?? 'feature'} priority={fields.priority ?? 'medium'} onChange={set} />
    </>
  );
}
