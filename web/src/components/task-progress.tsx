import { useQuery } from '@tanstack/react-query';
import { MessageSquareText } from 'lucide-react';
import { useEffect, useMemo, useRef, useState, type WheelEvent } from 'react';
import type { Task } from '#src/domain/task.ts';
import { feedOf } from '../feed.ts';
import { formatCount } from '../format.ts';
import { useLogStream } from '../hooks/use-log-stream.ts';
import { environmentQuery, evidenceQuery } from '../queries.ts';
import { Button } from '../ui/button.tsx';
import { Empty } from '../ui/empty.tsx';
import { ScrollRegion } from '../ui/scroll-region.tsx';
import { FeedEntry } from './feed-entry.tsx';
import { SetupSteps } from './setup-steps.tsx';

const page = 200;

/** The story so far, newest at the bottom, followed while a person has not scrolled away. */
export function TaskProgress({ task }: { task: Task }) {
  const stream = useLogStream(task.id);
  const { data: evidence = [] } = useQuery(evidenceQuery(task.id));
  const { data: environment } = useQuery(environmentQuery(task.id));
  const [shown, setShown] = useState(page);
  const [follow, setFollow] = useState(task.status === 'running');
  const scroller = useRef<HTMLElement>(null);
  const items = useMemo(() => feedOf(stream.lines, evidence), [stream.lines, evidence]);
  // biome-ignore lint/correctness/useExhaustiveDependencies: new items are the reason to move
  useEffect(() => {
    if (follow) scroller.current?.scrollTo({ top: scroller.current.scrollHeight });
  }, [follow, items]);
  const leaveOnWheelUp = (event: WheelEvent) => {
    if (event.deltaY < 0) setFollow(false);
  };
  if (items.length === 0)
    return (
      <Empty icon={MessageSquareText} title="Nothing has happened yet">
        <p>What the agent says and does appears here, with the proof of each phase: plan, test report, review.</p>
      </Empty>
    );
  return (
    <>
      <div className="absolute -top-9 right-6 max-md:-top-[46px] max-md:right-4">
        <button
          type="button"
          className="chip bg-bg max-md:border-transparent"
          aria-pressed={follow}
          onClick={() => setFollow(!follow)}
        >
          <span className="dot" data-tone={follow ? 'run' : undefined} />
          Follow
        </button>
      </div>
      <ScrollRegion
        ref={scroller}
        onWheel={leaveOnWheelUp}
        aria-label="Progress"
        className="min-h-0 flex-1 overflow-y-auto px-6 py-3 max-lg:overflow-visible max-md:px-4"
      >
        <ol className="flex flex-col gap-3">
          {environment?.setup.length ? (
            <li>
              <SetupSteps steps={environment.setup} />
            </li>
          ) : null}
          {stream.earlier > 0 && items.length <= shown && (
            <li className="text-center text-second">{formatCount(stream.earlier)} earlier lines are in Logs</li>
          )}
          {items.length > shown && (
            <li className="text-center">
              <Button look="ghost" size="small" onClick={() => setShown(shown + page)}>
                Show {Math.min(page, items.length - shown)} earlier
              </Button>
            </li>
          )}
          {items.slice(-shown).map((item) => (
            <FeedEntry key={item.key} item={item} />
          ))}
        </ol>
      </ScrollRegion>
    </>
  );
}
