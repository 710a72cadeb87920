/** A task's plan: read, edited before CODE works by it, and carried out. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Pencil, Play } from 'lucide-react';
import { type FormEvent, useState } from 'react';
import { whyNot } from '#src/domain/actions.ts';
import type { Task } from '#src/domain/task.ts';
import type { TaskPlan as Plan } from '#src/domain/task-plan.ts';
import { messageOf } from '#src/errors.ts';
import { formatSince } from '../format.ts';
import { useNow } from '../hooks/use-now.ts';
import { useTaskAction } from '../hooks/use-task-action.ts';
import { api } from '../queries.ts';
import { planQuery } from '../talk.ts';
import { Button } from '../ui/button.tsx';
import { Field } from '../ui/field.tsx';
import { Markdown } from '../ui/markdown.tsx';
import { Notice } from '../ui/notice.tsx';

export function TaskPlan({ task }: { task: Task }) {
  const { data: plan, error } = useQuery(planQuery(task.id));
  const [editing, setEditing] = useState(false);
  if (error) return <Notice tone="err">{messageOf(error)}</Notice>;
  if (!plan) return null;
  return (
    <section aria-labelledby="plan" className="flex flex-col gap-2">
      <div className="flex flex-wrap items-center gap-2">
        <h2 id="plan" className="text-sm">
          Plan
        </h2>
        {!editing && (
          <Button look="ghost" size="small" why={plan.reason ?? undefined} onClick={() => setEditing(true)}>
            <Pencil aria-hidden="true" />
            {plan.plan === null ? 'Write one' : 'Edit'}
          </Button>
        )}
        {plan.plan !== null && !editing && <CarryOut task={task} />}
      </div>
      {editing ? <PlanForm task={task} plan={plan} onDone={() => setEditing(false)} /> : <Present plan={plan} />}
    </section>
  );
}

function Present({ plan: { plan, versions } }: { plan: Plan }) {
  const now = useNow(true, 60_000);
  const [shown, setShown] = useState<number>();
  if (plan === null)
    return (
      <p className="text-second">None yet: PLAN writes one. The workflow “plan” stops after it, for you to read.</p>
    );
  const text = versions.find(({ version }) => version === shown)?.text ?? plan;
  return (
    <>
      <Markdown text={text} />
      {versions.length > 1 && (
        <fieldset className="flex flex-wrap gap-2">
          <legend className="sr-only">Version of the plan</legend>
          {versions.map(({ version, author, createdAt }, index) => (
            <button
              key={version}
              type="button"
              className="chip"
              aria-pressed={(shown ?? versions[0]?.version) === version}
              title={formatSince(createdAt, now)}
              onClick={() => setShown(index === 0 ? undefined : version)}
            >
              {version} by {author === 'agent' ? 'the agent' : 'a person'}
            </button>
          ))}
        </fieldset>
      )}
    </>
  );
}

/** From CODE on: PLAN would write another. */
function CarryOut({ task }: { task: Task }) {
  const start = useTaskAction(task.id);
  if (task.status !== 'pending' || whyNot('start', task)) return null;
  return (
    <>
      <Button
        size="small"
        disabled={start.isPending}
        onClick={() => start.mutate({ name: 'start', workflowType: 'full_sdlc', fromPhase: 'CODE' })}
      >
        <Play aria-hidden="true" />
        Carry it out
      </Button>
      {start.isError && <Notice tone="err">{messageOf(start.error)}</Notice>}
    </>
  );
}

function PlanForm({ task, plan, onDone }: { task: Task; plan: Plan; onDone: () => void }) {
  const [text, setText] = useState(plan.plan ?? '');
  const queryClient = useQueryClient();
  const keep = useMutation({
    mutationFn: () => api.putPlan({ params: { id: task.id }, body: { plan: text } }),
    onSuccess: (kept) => {
      queryClient.setQueryData(planQuery(task.id).queryKey, kept);
      onDone();
    },
  });
  const submit = (event: FormEvent) => {
    event.preventDefault();
    keep.mutate();
  };
  return (
    <form onSubmit={submit} aria-label="Edit plan" className="flex flex-col gap-4">
      <Field
        label="Plan"
        hint="Markdown. CODE works by it and its diff must touch the files that it names; it becomes a commit on the branch."
      >
        {(props) => (
          <textarea
            {...props}
            required
            rows={16}
            className="field mono"
            value={text}
            onChange={(event) => setText(event.target.value)}
          />
        )}
      </Field>
      {keep.isError && <Notice tone="err">{messageOf(keep.error)}</Notice>}
      <div className="flex gap-2">
        <Button type="submit" look="primary" disabled={keep.isPending}>
          Keep plan
        </Button>
        <Button onClick={onDone}>Discard</Button>
      </div>
    </form>
  );
}
