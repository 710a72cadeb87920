import { useQuery } from '@tanstack/react-query';
import { Link } from '@tanstack/react-router';
import type { Reason } from '#src/domain/reason.ts';
import type { Task } from '#src/domain/task.ts';
import { waitOf } from '../board.ts';
import { formatUntil, withClocks } from '../format.ts';
import { useNow } from '../hooks/use-now.ts';
import { whyQuery } from '../queries.ts';
import { Code } from '../ui/code.tsx';

/** Beside the task, or above it where there is no room beside: what it waits for, its place in the queue, why it stopped. */
export function TaskWhy({ task, className }: { task: Task; className: string }) {
  const over = task.status === 'completed' || task.status === 'skipped';
  const isQueued = task.status === 'queued';
  // Others that start move it up in the queue, and no event of its own tells.
  const { data: why } = useQuery({ ...whyQuery(task.id), enabled: !over, refetchInterval: isQueued && 5_000 });
  const now = useNow(isQueued, 15_000);
  if (over) return null;
  const reasons = why?.reasons ?? [];
  const running = task.status === 'running';
  const wait = isQueued ? waitOf(task, now) : undefined;
  const tone = { running: 'run', in_review: 'warn', failed: 'err' }[task.status as string];
  return (
    <section aria-label="Why it is not finished" className={`flex flex-col gap-2 ${className}`}>
      <h2 className="text-xs font-medium text-second">Why it is not finished</h2>
      {(running || wait) && (
        <p className="flex items-center gap-2 font-medium">
          <span className="dot" data-tone={running ? 'run' : undefined} />
          {wait ?? `Running ${task.phase ?? 'its preparation'}`}
        </p>
      )}
      {reasons.map((reason) => (
        <p key={`${reason.code}${reason.taskId ?? ''}`} className="flex gap-2 wrap-anywhere">
          <span className={`dot mt-1.5 ${wait ? 'invisible' : ''}`} data-tone={tone} />
          <ReasonText reason={reason} now={now} />
        </p>
      ))}
      {wait && <p className="pl-4 text-second">Its slot is free for others. It goes on by itself then.</p>}
      {!running && why && reasons.length === 0 && <p className="text-second">Nothing holds it back.</p>}
    </section>
  );
}

function ReasonText({ reason: { code, message, taskId, until }, now }: { reason: Reason; now: number }) {
  const text = withClocks(message.charAt(0).toUpperCase() + message.slice(1), now);
  if (taskId)
    return (
      <Link
        to="/tasks/$id"
        params={{ id: taskId }}
        search={({ project }) => ({ project })}
        className="min-w-0 underline decoration-line-2 underline-offset-2 hover:decoration-fg"
      >
        {text}
      </Link>
    );
  return (
    <span className="min-w-0">
      <Code text={text} />
      {code === 'breaker_open' && until && <span className="text-second"> (until {formatUntil(until, now)})</span>}
    </span>
  );
}
