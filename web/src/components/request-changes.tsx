import { type FormEvent, useState } from 'react';
import type { NewComment } from '#src/domain/pull-request.ts';
import type { Task } from '#src/domain/task.ts';
import { messageOf } from '#src/errors.ts';
import { useTaskAction } from '../hooks/use-task-action.ts';
import { Button } from '../ui/button.tsx';
import { Dialog } from '../ui/dialog.tsx';
import { Field } from '../ui/field.tsx';
import { Notice } from '../ui/notice.tsx';

type Props = { task: Task; drafts: readonly NewComment[]; onSent: () => void; onClose: () => void };

/** Sends the comments written on the diff, and one about the whole if there is one, back to CODE. */
export function RequestChanges({ task, drafts, onSent, onClose }: Props) {
  const [body, setBody] = useState('');
  const action = useTaskAction(task.id);
  const submit = (event: FormEvent) => {
    event.preventDefault();
    const comments = [...drafts, ...(body.trim() ? [{ body }] : [])];
    action.mutate(
      { name: 'request_changes', comments },
      {
        onSuccess: () => {
          onSent();
          onClose();
        },
      },
    );
  };
  return (
    <Dialog open onOpenChange={onClose} title="Request changes">
      <form onSubmit={submit} className="flex flex-col gap-4 p-4">
        {drafts.length > 0 && (
          <ul aria-label="Comments on lines" className="flex flex-col gap-2">
            {drafts.map((draft) => (
              <li key={`${draft.path}:${draft.line}:${draft.body}`} className="rounded-md border border-line p-2">
                <span className="mono text-accent-text">
                  {draft.path}:{draft.line}
                </span>
                <p className="text-body">{draft.body}</p>
              </li>
            ))}
          </ul>
        )}
        <Field
          label="What should be different?"
          hint="The agent gets this with the next round of CODE. Comments on lines are written in the Branch tab."
        >
          {(props) => (
            <textarea
              {...props}
              required={drafts.length === 0}
              className="field"
              value={body}
              onChange={(event) => setBody(event.target.value)}
            />
          )}
        </Field>
        {action.isError && <Notice tone="err">{messageOf(action.error)}</Notice>}
        <div className="flex justify-end gap-2">
          <Button onClick={onClose}>Not now</Button>
          <Button type="submit" look="primary" disabled={action.isPending}>
            Send back
          </Button>
        </div>
      </form>
    </Dialog>
  );
}
