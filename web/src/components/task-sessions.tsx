/** The sessions of a task's agents, each with its prompts as they were sent. */
import { useQuery } from '@tanstack/react-query';
import { ChevronDown, ChevronRight, MessagesSquare } from 'lucide-react';
import { useState } from 'react';
import type { AgentSession } from '#src/domain/agent-session.ts';
import { messageOf } from '#src/errors.ts';
import { formatClock, formatCost, formatDuration } from '../format.ts';
import { useNow } from '../hooks/use-now.ts';
import { sessionQuery, sessionsQuery } from '../talk.ts';
import { CopyButton } from '../ui/copy-button.tsx';
import { Empty } from '../ui/empty.tsx';
import { Notice } from '../ui/notice.tsx';
import { ScrollRegion } from '../ui/scroll-region.tsx';

export function TaskSessions({ id }: { id: string }) {
  const { data: sessions, error } = useQuery(sessionsQuery(id));
  if (error) return <Notice tone="err">{messageOf(error)}</Notice>;
  if (!sessions) return null;
  if (sessions.length === 0)
    return (
      <Empty icon={MessagesSquare} title="No session yet">
        <p>Each phase that an agent does is a session of its own. What it was told is here, word for word.</p>
      </Empty>
    );
  return (
    <ScrollRegion
      aria-label="Sessions"
      className="min-h-0 flex-1 overflow-y-auto px-6 py-3 max-lg:overflow-visible max-md:px-4"
    >
      <ol className="flex flex-col gap-3">
        {sessions.map((session) => (
          <OneSession key={session.id} taskId={id} session={session} />
        ))}
      </ol>
    </ScrollRegion>
  );
}

function OneSession({ taskId, session }: { taskId: string; session: AgentSession }) {
  const { phase, attempt, agent, model, outcome, message, costUsd, startedAt, endedAt } = session;
  const now = useNow(endedAt === null, 1000);
  const tone = outcome === null ? 'run' : outcome === 'done' ? 'ok' : 'err';
  const took = formatDuration((endedAt === null ? now : Date.parse(endedAt)) - Date.parse(startedAt));
  return (
    <li className="panel flex flex-col gap-2 p-3">
      <div className="flex flex-wrap items-center gap-2">
        <h2 className="text-sm font-medium">
          {phase}, attempt {attempt}
        </h2>
        <span className="tag" data-tone={tone}>
          {outcome ?? 'at work'}
        </span>
        <span className="text-second">
          {[agent, model, formatClock(startedAt), took, formatCost(costUsd)].filter(Boolean).join(' · ')}
        </span>
      </div>
      {message && <p className="wrap-anywhere text-second">{message}</p>}
      <Told taskId={taskId} session={session} />
    </li>
  );
}

/** What it was told is read when somebody asks: the diff of a review can be long. */
function Told({ taskId, session }: { taskId: string; session: AgentSession }) {
  const [open, setOpen] = useState(false);
  const { data, error } = useQuery({ ...sessionQuery(taskId, session.id), enabled: open });
  const { promptVersion } = session;
  const version = promptVersion === null ? 'the default' : `version ${promptVersion}`;
  const Chevron = open ? ChevronDown : ChevronRight;
  return (
    <>
      <button type="button" className="fold" aria-expanded={open} onClick={() => setOpen(!open)}>
        <Chevron aria-hidden="true" />
        Prompt as sent
      </button>
      {open && error && <Notice tone="err">{messageOf(error)}</Notice>}
      {open && data && (
        <>
          <Sent title={`System prompt, ${version}`} text={data.systemPrompt} />
          <Sent title="Prompt" text={data.prompt} />
        </>
      )}
    </>
  );
}

function Sent({ title, text }: { title: string; text: string | null }) {
  if (!text) return null;
  return (
    <section aria-label={title} className="flex flex-col gap-1">
      <div className="flex items-center gap-2 text-second">
        {title}
        <CopyButton text={text} label={`Copy: ${title}`} />
      </div>
      <ScrollRegion aria-label={`Text: ${title}`} className="max-h-96 overflow-auto rounded-md border border-line">
        <pre className="code-block whitespace-pre-wrap wrap-anywhere">{text}</pre>
      </ScrollRegion>
    </section>
  );
}
