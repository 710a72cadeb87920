/** What the hooks of a task's agents told: each tool before and after it ran, what was refused, which hook did not work. */
import { useInfiniteQuery } from '@tanstack/react-query';
import { Webhook } from 'lucide-react';
import { useState } from 'react';
import type { HookDecision, HookEvent } from '#src/domain/hook.ts';
import type { Task } from '#src/domain/task.ts';
import { messageOf } from '#src/errors.ts';
import { formatClockMs } from '../format.ts';
import { hookEventsQuery } from '../talk.ts';
import { Button } from '../ui/button.tsx';
import { Empty } from '../ui/empty.tsx';
import { Notice } from '../ui/notice.tsx';
import { ScrollRegion } from '../ui/scroll-region.tsx';

const filters = { All: undefined, Refused: 'deny', Failed: 'failed' } as const;
type Filter = keyof typeof filters;

export function TaskHooks({ task }: { task: Task }) {
  const [filter, setFilter] = useState<Filter>('All');
  const query = useInfiniteQuery(hookEventsQuery(task.id, filters[filter], task.status === 'running'));
  const events = query.data?.pages.flatMap(({ items }) => items) ?? [];
  return (
    <>
      <fieldset className="flex flex-none gap-2 px-6 pt-3 max-md:px-4">
        <legend className="sr-only">Which</legend>
        {(Object.keys(filters) as Filter[]).map((name) => (
          <button
            key={name}
            type="button"
            className="chip"
            aria-pressed={filter === name}
            onClick={() => setFilter(name)}
          >
            {name}
          </button>
        ))}
      </fieldset>
      {query.isError && <Notice tone="err">{messageOf(query.error)}</Notice>}
      {query.isSuccess && events.length === 0 && <Nothing filter={filter} />}
      {events.length > 0 && (
        <ScrollRegion
          aria-label="Hook events"
          className="min-h-0 flex-1 overflow-y-auto px-6 py-3 max-lg:overflow-visible max-md:px-4"
        >
          <ol>
            {events.map((event) => (
              <HookRow key={event.id} event={event} />
            ))}
          </ol>
          {query.hasNextPage && (
            <Button look="ghost" size="small" disabled={query.isFetching} onClick={() => void query.fetchNextPage()}>
              Show earlier
            </Button>
          )}
        </ScrollRegion>
      )}
    </>
  );
}

function Nothing({ filter }: { filter: Filter }) {
  if (filter !== 'All') return <p className="px-6 py-3 text-second max-md:px-4">Nothing {filter.toLowerCase()}.</p>;
  return (
    <Empty icon={Webhook} title="No hook told anything yet">
      <p>
        Sentra stands at the points of an agent's life: it refuses what is dangerous before it runs, and notes each tool
        here. <code>npx sentra init</code> puts the same hooks into the repository, for agents that people start by
        hand.
      </p>
    </Empty>
  );
}

const tones: Partial<Record<HookDecision, string>> = { deny: 'err', stop: 'warn', failed: 'warn' };
const words: Record<HookDecision, string> = {
  none: '',
  allow: '',
  deny: 'refused',
  stop: 'stopped',
  failed: 'hook failed',
};

function HookRow({ event: { at, phase, event, tool, hook, input, reason, decision } }: { event: HookEvent }) {
  const clock = formatClockMs(at);
  return (
    <li className="grid grid-cols-[auto_1fr] items-baseline gap-x-3 border-b border-line py-1.5">
      <time dateTime={at} title={clock} className="mono text-xs text-second">
        {clock.slice(0, 8)}
      </time>
      <div className="min-w-0">
        <p className="flex flex-wrap items-baseline gap-x-2">
          <span className="text-second">
            {phase} {event}
          </span>
          <span className="mono min-w-0 wrap-anywhere">{input ?? tool}</span>
          {words[decision] && (
            <span className="tag" data-tone={tones[decision]}>
              {words[decision]}
            </span>
          )}
          {hook !== 'sentra' && <span className="text-xs text-second">by {hook}</span>}
        </p>
        {reason && <p className="text-body wrap-anywhere">{reason}</p>}
      </div>
    </li>
  );
}
