/** Saying something to the agent of a task: what waits, what was heard, and a place to write. */
import { useMutation, useQuery, useQueryClient } from '@tanstack/react-query';
import { Hand, Send } from 'lucide-react';
import { type FormEvent, type KeyboardEvent, useState } from 'react';
import type { Message } from '#src/domain/message.ts';
import type { Task } from '#src/domain/task.ts';
import { messageOf } from '#src/errors.ts';
import { formatClock } from '../format.ts';
import { api } from '../queries.ts';
import { messagesQuery, sessionsQuery } from '../talk.ts';
import { Button } from '../ui/button.tsx';
import { Notice } from '../ui/notice.tsx';

const over = ['completed', 'skipped', 'cancelled'];

export function TaskTalk({ task }: { task: Task }) {
  const { data: messages = [] } = useQuery(messagesQuery(task.id));
  const isOver = over.includes(task.status);
  if (isOver && messages.length === 0) return null;
  return (
    <section aria-label="Messages" className="flex flex-none flex-col gap-2 border-t border-line px-6 py-3 max-md:px-4">
      <Said messages={messages} />
      {!isOver && <SayForm task={task} />}
    </section>
  );
}

const shown = 3;

/** The newest few; what waits is always among them. */
function Said({ messages }: { messages: Message[] }) {
  const [all, setAll] = useState(false);
  const few = messages.filter((message, index) => message.state === 'waiting' || index >= messages.length - shown);
  const list = all ? messages : few;
  if (messages.length === 0) return null;
  return (
    <>
      {messages.length > few.length && (
        <button type="button" className="self-start text-xs text-second hover:text-fg" onClick={() => setAll(!all)}>
          {all ? 'Show fewer' : `Show all ${messages.length} messages`}
        </button>
      )}
      <ol className="flex max-h-40 flex-col gap-1 overflow-y-auto">
        {list.map(({ id, text, state, phase, deliveredAt, createdAt }) => (
          <li key={id} className="flex flex-wrap items-baseline gap-x-2">
            <time dateTime={createdAt} className="text-xs text-second">
              {formatClock(createdAt)}
            </time>
            <span className="min-w-0 flex-1 whitespace-pre-wrap wrap-anywhere">{text}</span>
            <span className="tag" data-tone={state === 'waiting' ? 'warn' : 'ok'}>
              {state === 'waiting' ? 'waiting' : `heard in ${phase} at ${formatClock(deliveredAt ?? createdAt)}`}
            </span>
          </li>
        ))}
      </ol>
    </>
  );
}

function SayForm({ task }: { task: Task }) {
  const [text, setText] = useState('');
  const { data: sessions = [] } = useQuery(sessionsQuery(task.id));
  const isAtWork = task.status === 'running' && sessions.some(({ endedAt }) => endedAt === null);
  const queryClient = useQueryClient();
  const say = useMutation({
    mutationFn: ({ said, interrupt }: { said: string; interrupt: boolean }) => {
      const params = { id: task.id };
      if (!interrupt) return api.sendMessage({ params, body: { text: said } });
      return api.interruptTask({ params, body: said ? { text: said } : {} });
    },
    onSuccess: async (_, { said }) => {
      setText((now) => (now.trim() === said ? '' : now)); // what was typed meanwhile is not said yet
      await queryClient.invalidateQueries({ queryKey: ['task', task.id, 'messages'] });
    },
  });
  const said = text.trim();
  const submit = (event: FormEvent) => {
    event.preventDefault();
    if (said && !say.isPending) say.mutate({ said, interrupt: false });
  };
  const sendByKey = (event: KeyboardEvent) => {
    if (event.key === 'Enter' && (event.metaKey || event.ctrlKey)) submit(event);
  };
  return (
    <form onSubmit={submit} className="flex flex-col gap-2">
      {say.isError && <Notice tone="err">{messageOf(say.error)}</Notice>}
      <div className="flex items-end gap-2 max-md:flex-wrap">
        <textarea
          aria-label="Message to the agent"
          className="field min-h-9 flex-1 max-md:basis-full"
          rows={text.includes('\n') ? 4 : 1}
          maxLength={20_000}
          placeholder={isAtWork ? 'Say something to the agent' : 'Say something to the next session'}
          value={text}
          onChange={(event) => setText(event.target.value)}
          onKeyDown={sendByKey}
        />
        <Button type="submit" look="primary" disabled={say.isPending} why={said ? undefined : 'Write something'}>
          <Send aria-hidden="true" />
          Send
        </Button>
        <Button
          disabled={say.isPending}
          why={isAtWork ? undefined : 'No agent is at work at this moment'}
          onClick={() => say.mutate({ said, interrupt: true })}
        >
          <Hand aria-hidden="true" />
          Interrupt
        </Button>
      </div>
    </form>
  );
}
