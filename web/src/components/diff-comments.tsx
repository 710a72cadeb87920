import { type FormEvent, useState } from 'react';
import type { NewComment, ReviewComment } from '#src/domain/pull-request.ts';
import { formatClock } from '../format.ts';
import { Button } from '../ui/button.tsx';
import { Markdown } from '../ui/markdown.tsx';

type ThreadProps = {
  comments: readonly ReviewComment[];
  drafts: readonly NewComment[];
  onDiscard: (draft: NewComment) => void;
};

export function CommentThread({ comments, drafts, onDiscard }: ThreadProps) {
  if (comments.length === 0 && drafts.length === 0) return null;
  return (
    <div className="thread whitespace-normal">
      {comments.map((comment) => (
        <CommentBody key={comment.id} comment={comment} />
      ))}
      {drafts.map((draft) => (
        <div key={draft.body} className="flex flex-col gap-1 px-3 py-2.5">
          <span className="flex items-center gap-2">
            <span className="tag" data-tone="accent">
              Draft
            </span>
            <span className="text-xs text-second">sent with Request changes</span>
            <Button look="ghost" size="small" className="ml-auto" onClick={() => onDiscard(draft)}>
              Discard
            </Button>
          </span>
          <Markdown text={draft.body} />
        </div>
      ))}
    </div>
  );
}

export function CommentBody({ comment }: { comment: ReviewComment }) {
  return (
    <div className="flex flex-col gap-1 px-3 py-2.5">
      <span className="flex items-center gap-2">
        <span
          aria-hidden="true"
          className="grid size-6 flex-none place-items-center rounded-full bg-line-2 text-xs font-medium"
        >
          {comment.author.slice(0, 2).toUpperCase()}
        </span>
        <span className="font-medium">{comment.author}</span>
        <time dateTime={comment.createdAt} className="text-xs text-second">
          {formatClock(comment.createdAt)}
        </time>
        {comment.path && (
          <span className="mono cut ml-auto text-second">
            {comment.path}
            {comment.line ? `:${comment.line}` : ''}
          </span>
        )}
      </span>
      <Markdown text={comment.body} />
    </div>
  );
}

export function CommentForm({ onAdd, onCancel }: { onAdd: (body: string) => void; onCancel: () => void }) {
  const [body, setBody] = useState('');
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (body.trim()) onAdd(body.trim());
  };
  return (
    <form onSubmit={submit} className="thread whitespace-normal">
      <div className="flex flex-col gap-2 p-3">
        <textarea
          aria-label="Comment"
          // biome-ignore lint/a11y/noAutofocus: opened by a click on the line to write here
          autoFocus
          className="field"
          placeholder="What should be different here?"
          value={body}
          onChange={(event) => setBody(event.target.value)}
          onKeyDown={(event) => {
            if (event.key === 'Escape') onCancel();
            if (event.key === 'Enter' && (event.ctrlKey || event.metaKey)) submit(event);
          }}
        />
        <div className="flex justify-end gap-2">
          <Button size="small" onClick={onCancel}>
            Cancel
          </Button>
          <Button size="small" type="submit">
            Add comment
          </Button>
        </div>
      </div>
    </form>
  );
}
